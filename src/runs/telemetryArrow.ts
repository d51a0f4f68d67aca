/** Telemetry as Arrow columns: the schema of a run, and rows as a record batch. `docs/run-directory.md` lists them. */
import {
  type Data,
  type DataType,
  Field,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableToIPC,
} from "apache-arrow";
import type { LayerTelemetry, TelemetryRow, TelemetryShape } from "./telemetry.ts";

export const telemetryFormat = 1;
/** Keys of the schema's metadata. */
export const metadataKeys = { format: "sigmascope.format", run: "sigmascope.run" } as const;

/** Columns with one number a row that every run has, in their order; `step` is an integer. */
export const rowColumns = [
  "step",
  "time",
  "loss",
  "metric",
  "learningRate",
  "gradientNorm",
  "clippedGradientNorm",
] as const;

export const percentileNames = ["p10", "p50", "p90"] as const;

/** Names of the columns of a parameter, a layer and a layer's transition matrix. */
export const columnName = {
  parameter: (name: string, value: "gradientNorm" | "updateRatio") => `parameter.${name}.${value}`,
  percentile: (layer: number, percentile: (typeof percentileNames)[number]) =>
    `layer.${layer}.gradientNorm.${percentile}`,
  saturation: (layer: number) => `layer.${layer}.saturation`,
  singularValues: (layer: number, transition: string) => `layer.${layer}.singularValues.${transition}`,
  halfLife: (layer: number) => `layer.${layer}.halfLife`,
  reach: (layer: number) => `layer.${layer}.reach`,
  lyapunov: (layer: number) => `layer.${layer}.lyapunov`,
  lyapunovExpected: (layer: number) => `layer.${layer}.lyapunovExpected`,
} as const;

type NumberColumn = {
  readonly name: string;
  readonly kind: "integer" | "number" | "numberOrNull";
  readonly value: (row: TelemetryRow) => number | null;
};
type ListColumn = {
  readonly name: string;
  readonly kind: "list" | "listOrNull";
  readonly value: (row: TelemetryRow) => Float32Array | null;
};
type Column = NumberColumn | ListColumn;

/** Every column of a run, with where its value stands in a row. */
function columnsOf(shape: TelemetryShape): Column[] {
  const columns: Column[] = rowColumns.map((name) => ({
    name,
    kind: name === "step" ? "integer" : "number",
    value: (row) => row[name],
  }));
  for (const parameter of shape.parameters)
    for (const value of ["gradientNorm", "updateRatio"] as const)
      columns.push({
        name: columnName.parameter(parameter, value),
        kind: "numberOrNull",
        value: (row) => row.parameters[parameter]?.[value] ?? null,
      });
  for (let layer = 0; layer < shape.layers; layer++) columns.push(...layerColumns(layer, shape));
  return columns;
}

function layerColumns(layer: number, { transitions, lyapunov }: TelemetryShape): Column[] {
  const of = (row: TelemetryRow): LayerTelemetry => row.layers[layer]!;
  return [
    ...percentileNames.map(
      (percentile): Column => ({
        name: columnName.percentile(layer, percentile),
        kind: "list",
        value: (row) => of(row).gradientNorm[percentile],
      }),
    ),
    { name: columnName.saturation(layer), kind: "list", value: (row) => of(row).saturation },
    ...transitions.map(
      (transition): Column => ({
        name: columnName.singularValues(layer, transition),
        kind: "listOrNull",
        value: (row) => of(row).singularValues[transition] ?? null,
      }),
    ),
    { name: columnName.halfLife(layer), kind: "number", value: (row) => of(row).halfLife },
    { name: columnName.reach(layer), kind: "number", value: (row) => of(row).reach },
    ...(lyapunov ? lyapunovColumns(layer, of) : []),
  ];
}

function lyapunovColumns(layer: number, of: (row: TelemetryRow) => LayerTelemetry): Column[] {
  return [
    { name: columnName.lyapunov(layer), kind: "listOrNull", value: (row) => of(row).lyapunov ?? null },
    {
      name: columnName.lyapunovExpected(layer),
      kind: "numberOrNull",
      value: (row) => of(row).lyapunovExpected ?? null,
    },
  ];
}

const listType = new List(new Field("item", new Float32(), false));
const types = {
  integer: { type: new Int32(), nullable: false },
  number: { type: new Float64(), nullable: false },
  numberOrNull: { type: new Float64(), nullable: true },
  list: { type: listType, nullable: false },
  listOrNull: { type: listType, nullable: true },
} as const;

/** Turns rows of one run into the bytes of an Arrow stream. */
export class TelemetryEncoder {
  readonly schema: Schema;
  /** The stream's first message. */
  readonly schemaBytes: Uint8Array;
  readonly #columns: readonly Column[];
  readonly #shape: TelemetryShape;

  constructor(shape: TelemetryShape, runId: string) {
    this.#shape = shape;
    this.#columns = columnsOf(shape);
    this.schema = new Schema(
      this.#columns.map(({ name, kind }) => Field.new(name, types[kind].type, types[kind].nullable)),
      new Map([
        [metadataKeys.format, String(telemetryFormat)],
        [metadataKeys.run, runId],
      ]),
    );
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, this.schema);
    this.schemaBytes = withoutEnd(writer.finish().toUint8Array(true));
  }

  /** One record batch message, without schema or end mark. @throws Error when a row does not have the run's shape. */
  encode(rows: readonly TelemetryRow[]): Uint8Array {
    for (const row of rows) this.#check(row);
    const children = this.#columns.map((column) => columnData(column, rows));
    const type = new Struct(this.schema.fields);
    const batch = new RecordBatch(this.schema, makeData({ type, length: rows.length, children }));
    return withoutEnd(tableToIPC(new Table([batch]))).subarray(this.schemaBytes.length);
  }

  #check(row: TelemetryRow): void {
    if (!Number.isInteger(row.step) || row.step < 0 || row.step > 2 ** 31 - 1)
      throw new Error(`a telemetry row's step is an integer from 0 to 2147483647, not ${row.step}`);
    if (row.layers.length !== this.#shape.layers)
      throw new Error(
        `the telemetry row of step ${row.step} has ${row.layers.length} layers; this run has ${this.#shape.layers}`,
      );
    const unknown = Object.keys(row.parameters).find((name) => !this.#shape.parameters.includes(name));
    if (unknown !== undefined)
      throw new Error(
        `the telemetry row of step ${row.step} has a parameter ${unknown}; this run has none such`,
      );
  }
}

/** The end-of-stream mark, which the library adds to whatever it writes. */
export const endOfStream = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

function withoutEnd(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length - endOfStream.length);
}

function columnData(column: Column, rows: readonly TelemetryRow[]): Data<DataType> {
  const nulls = new NullBits(rows.length);
  if (isList(column)) {
    const lists = rows.map((row, i) => column.value(row) ?? nulls.set(i));
    return listData(lists, nulls);
  }
  const data = column.kind === "integer" ? new Int32Array(rows.length) : new Float64Array(rows.length);
  for (const [i, row] of rows.entries()) {
    const value = column.value(row);
    if (value === null) nulls.set(i);
    else data[i] = value;
  }
  const { nullCount, nullBitmap } = nulls;
  const { length } = rows;
  return data instanceof Int32Array
    ? makeData({ type: new Int32(), length, nullCount, nullBitmap, data })
    : makeData({ type: new Float64(), length, nullCount, nullBitmap, data });
}

function isList(column: Column): column is ListColumn {
  return column.kind === "list" || column.kind === "listOrNull";
}

function listData(lists: readonly (Float32Array | null)[], nulls: NullBits): Data<DataType> {
  const valueOffsets = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) valueOffsets[i + 1] = valueOffsets[i]! + (list?.length ?? 0);
  const values = new Float32Array(valueOffsets.at(-1)!);
  for (const [i, list] of lists.entries()) if (list) values.set(list, valueOffsets[i]!);
  const child = makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values });
  const { nullCount, nullBitmap } = nulls;
  return makeData({ type: listType, length: lists.length, nullCount, nullBitmap, valueOffsets, child });
}

/** Arrow's bitmap of which values are there: bit 1 for a value, least significant bit first. */
class NullBits {
  readonly #bits: Uint8Array;
  nullCount = 0;

  constructor(length: number) {
    this.#bits = new Uint8Array((length + 7) >> 3).fill(0xff);
  }

  set(i: number): null {
    this.#bits[i >> 3]! &= ~(1 << (i & 7));
    this.nullCount++;
    return null;
  }

  get nullBitmap(): Uint8Array | undefined {
    return this.nullCount > 0 ? this.#bits : undefined;
  }
}
