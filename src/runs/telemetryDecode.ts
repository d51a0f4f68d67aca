/** From Arrow columns to telemetry rows. Lists stay views of the file's bytes; nothing long is copied. */
import { type Data, DataType, type Field, type RecordBatch, type Schema, Vector } from "apache-arrow";
import type { LayerTelemetry, ParameterTelemetry, TelemetryRow, TelemetryShape } from "./telemetry.ts";
import { columnName, metadataKeys, percentileNames, telemetryFormat } from "./telemetryArrow.ts";

/**
 * Layers, transition matrices and parameters as the columns' names tell.
 *
 * @throws Error when the schema is of a newer format, has no column `step`, or a column has a type of no use.
 */
export function shapeOfSchema(schema: Schema): TelemetryShape {
  const format = Number(schema.metadata.get(metadataKeys.format) ?? telemetryFormat);
  if (!(format <= telemetryFormat))
    throw new Error(`telemetry has format ${format}; this version reads format ${telemetryFormat}`);
  const names = new Map(schema.fields.map((field) => [field.name, field]));
  checkType(names.get("step"), "step", isNumber, "a number");
  const parameters: string[] = [];
  const transitions = new Set<string>();
  let layers = 0;
  let lyapunov: true | undefined;
  for (const [name, field] of names) {
    const parameter = /^parameter\.(.+)\.(?:gradientNorm|updateRatio)$/.exec(name)?.[1];
    if (parameter !== undefined) {
      checkType(field, name, isNumber, "a number");
      if (!parameters.includes(parameter)) parameters.push(parameter);
    }
    const layer = /^layer\.(\d{1,4})\.(.+)$/.exec(name);
    if (!layer) continue;
    layers = Math.max(layers, Number(layer[1]) + 1);
    const transition = /^singularValues\.(.+)$/.exec(layer[2]!)?.[1];
    if (transition !== undefined) transitions.add(transition);
    if (layer[2] === "lyapunov") lyapunov = true;
    if (/^(?:halfLife|reach|lyapunovExpected)$/.test(layer[2]!)) checkType(field, name, isNumber, "a number");
    else checkType(field, name, isListOfNumbers, "a list of float32 or float64");
  }
  return { layers, transitions: [...transitions], parameters, ...(lyapunov ? { lyapunov } : {}) };
}

function checkType(
  field: Field | undefined,
  name: string,
  matches: (type: DataType) => boolean,
  wanted: string,
): void {
  if (field === undefined) throw new Error(`telemetry has no column "${name}"`);
  if (!matches(field.type)) throw new Error(`telemetry's column "${name}" is ${field.type}, not ${wanted}`);
}

const isNumber = (type: DataType) => DataType.isInt(type) || DataType.isFloat(type);
const isListOfNumbers = (type: DataType) =>
  (DataType.isList(type) || DataType.isFixedSizeList(type)) &&
  DataType.isFloat(type.children[0]?.type) &&
  (type.children[0].type.precision === 1 || type.children[0].type.precision === 2);

/**
 * The rows of a batch. A column that is absent gives NaN, an empty list or, for singular values, null; of Lyapunov
 * exponents nothing, where no layer has them.
 *
 * @throws RangeError where the columns do not hold together: the batch is damaged.
 */
export function rowsOfBatch(batch: RecordBatch, shape: TelemetryShape): TelemetryRow[] {
  const columns = new BatchColumns(batch);
  const number = (name: string) => columns.number(name);
  const step = number("step");
  const time = number("time");
  const loss = number("loss");
  const metric = number("metric");
  const learningRate = number("learningRate");
  const gradientNorm = number("gradientNorm");
  const clippedGradientNorm = number("clippedGradientNorm");
  const parametersAt = parameterReader(columns, shape);
  const layersAt = Array.from({ length: shape.layers }, (_, layer) => layerReader(columns, shape, layer));
  return Array.from({ length: batch.numRows }, (_, row) => ({
    step: step(row) ?? Number.NaN,
    time: time(row) ?? Number.NaN,
    loss: loss(row) ?? Number.NaN,
    metric: metric(row) ?? Number.NaN,
    learningRate: learningRate(row) ?? Number.NaN,
    gradientNorm: gradientNorm(row) ?? Number.NaN,
    clippedGradientNorm: clippedGradientNorm(row) ?? Number.NaN,
    parameters: parametersAt(row),
    layers: layersAt.map((layerAt) => layerAt(row)),
  }));
}

function parameterReader(
  columns: BatchColumns,
  shape: TelemetryShape,
): (row: number) => Record<string, ParameterTelemetry | null> {
  const readers = shape.parameters.map((name) => ({
    name,
    gradientNorm: columns.number(columnName.parameter(name, "gradientNorm")),
    updateRatio: columns.number(columnName.parameter(name, "updateRatio")),
  }));
  return (row) => {
    const parameters: Record<string, ParameterTelemetry | null> = {};
    for (const { name, ...reader } of readers) {
      const gradientNorm = reader.gradientNorm(row);
      const updateRatio = reader.updateRatio(row);
      parameters[name] = gradientNorm === null || updateRatio === null ? null : { gradientNorm, updateRatio };
    }
    return parameters;
  };
}

const empty = new Float32Array(0);

function layerReader(
  columns: BatchColumns,
  shape: TelemetryShape,
  layer: number,
): (row: number) => LayerTelemetry {
  const [p10, p50, p90] = percentileNames.map((percentile) =>
    columns.list(columnName.percentile(layer, percentile)),
  ) as [ListReader, ListReader, ListReader];
  const saturation = columns.list(columnName.saturation(layer));
  const halfLife = columns.number(columnName.halfLife(layer));
  const reach = columns.number(columnName.reach(layer));
  const transitions = shape.transitions.map((name) => ({
    name,
    values: columns.list(columnName.singularValues(layer, name)),
  }));
  const lyapunov = columns.list(columnName.lyapunov(layer));
  const lyapunovExpected = columns.number(columnName.lyapunovExpected(layer));
  return (row) => {
    const singularValues: Record<string, Float32Array | null> = {};
    for (const { name, values } of transitions) singularValues[name] = values(row);
    return {
      gradientNorm: { p10: p10(row) ?? empty, p50: p50(row) ?? empty, p90: p90(row) ?? empty },
      saturation: saturation(row) ?? empty,
      singularValues,
      halfLife: halfLife(row) ?? Number.NaN,
      reach: reach(row) ?? Number.NaN,
      ...(shape.lyapunov ? { lyapunov: lyapunov(row), lyapunovExpected: lyapunovExpected(row) } : {}),
    };
  };
}

type NumberReader = (row: number) => number | null;
type ListReader = (row: number) => Float32Array | null;

/** Columns of a batch by name, each checked to be as long as the batch before a value is read. */
class BatchColumns {
  readonly #columns = new Map<string, Data>();
  readonly #rows: number;

  constructor(batch: RecordBatch) {
    this.#rows = batch.numRows;
    for (const [i, { name }] of batch.schema.fields.entries()) {
      const data = batch.data.children[i];
      if (data === undefined || data.length < batch.numRows)
        throw new RangeError(`column "${name}" has ${data?.length ?? 0} of ${batch.numRows} values`);
      if (data.nullCount > 0 && data.nullBitmap && data.nullBitmap.length * 8 < batch.numRows)
        throw new RangeError(`column "${name}" is too short for its nulls`);
      this.#columns.set(name, data);
    }
  }

  /** A column of numbers; an absent one is NaN. */
  number(name: string): NumberReader {
    const data = this.#columns.get(name);
    if (data === undefined) return () => Number.NaN;
    if (data.values === undefined || data.values.length < this.#rows)
      throw new RangeError(`column "${name}" is cut short`);
    const { values } = data;
    if (values instanceof Float64Array || values instanceof Float32Array || values instanceof Int32Array)
      return (row) => (data.getValid(row) ? values[row]! : null);
    const vector = new Vector([data]);
    return (row) => {
      const value: unknown = vector.get(row);
      return value === null ? null : Number(value);
    };
  }

  /** A column of lists of numbers; an absent one is null everywhere. */
  list(name: string): ListReader {
    const data = this.#columns.get(name);
    const values: unknown = data?.children[0]?.values;
    if (data === undefined) return () => null;
    if (!(values instanceof Float32Array || values instanceof Float64Array)) {
      if (this.#rows === 0) return () => null;
      throw new RangeError(`column "${name}" holds no lists of numbers`);
    }
    const bounds = listBounds(data, this.#rows, values.length);
    if (bounds === undefined) throw new RangeError(`the lists of column "${name}" reach beyond its values`);
    return (row) => {
      if (!data.getValid(row)) return null;
      const list = values.subarray(bounds(row), bounds(row + 1));
      return list instanceof Float32Array ? list : Float32Array.from(list);
    };
  }
}

/** Where each list begins and the one before it ends; undefined where that is not ascending and inside the values. */
function listBounds(data: Data, rows: number, size: number): ((row: number) => number) | undefined {
  if (DataType.isFixedSizeList(data.type)) {
    const { listSize } = data.type;
    return listSize >= 0 && (data.offset + rows) * listSize <= size ? (row) => row * listSize : undefined;
  }
  const offsets: Int32Array | undefined = data.valueOffsets;
  if (offsets === undefined || offsets.length < rows + 1) return rows === 0 ? () => 0 : undefined;
  if (offsets[0]! < 0 || offsets[rows]! > size) return undefined;
  for (let row = 0; row < rows; row++) if (offsets[row]! > offsets[row + 1]!) return undefined;
  return (row) => offsets[row]!;
}
