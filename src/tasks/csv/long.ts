/** The `long` format: one timestep a line, under a header that names the columns. */

import { CsvError, quoted } from "./csvError.ts";
import { delimiterName, likelyDelimiter } from "./delimiters.ts";
import { parseValue } from "./numbers.ts";
import { readRecords } from "./records.ts";
import type { CsvSettings } from "./settings.ts";
import { assertNotEmpty, FloatList, type LabelledTable, parseLabel } from "./table.ts";

/** Where the columns stand, from 1. */
interface Columns {
  readonly names: readonly string[];
  readonly sequence: number;
  readonly timestep: number | undefined;
  readonly label: number;
  readonly inputs: readonly number[];
}

/** The sequence being read. */
interface Current {
  readonly id: string;
  readonly label: string;
  readonly line: number;
  length: number;
  timestep: number;
}

/**
 * Columns `sequence`, `label` and, if present, `timestep` are known by name; all others are inputs, in the order of
 * the header. The lines of a sequence stand together, in the order of time.
 * @param model a table read before (the training set) that this one must agree with.
 * @throws CsvError at the first line that does not fit.
 */
export async function readLong(
  file: string,
  settings: CsvSettings,
  model?: LabelledTable,
): Promise<LabelledTable> {
  const { delimiter } = settings;
  const values = new FloatList();
  const labels: string[] = [];
  const places: { line: number; column: number }[] = [];
  const seen = new Map<string, number>();
  let columns: Columns | undefined;
  let current: Current | undefined;
  let expected = model && { length: model.length, where: `in ${model.file}` };

  const finish = (sequence: Current) => {
    expected ??= { length: sequence.length, where: `in sequence ${quoted(sequence.id)}` };
    if (sequence.length !== expected.length)
      throw new CsvError(
        file,
        sequence.line,
        null,
        `sequence ${quoted(sequence.id)}, which starts here, has ${sequence.length} timesteps; ` +
          `expected ${expected.length} as ${expected.where} (all sequences have the same length)`,
      );
  };

  for await (const { line, fields } of readRecords(file, delimiter)) {
    if (!columns) {
      columns = parseHeader(file, line, fields, delimiter, model);
      continue;
    }
    if (fields.length !== columns.names.length)
      throw new CsvError(
        file,
        line,
        null,
        `found ${fields.length} values; expected ${columns.names.length} as in the header`,
      );
    const id = fields[columns.sequence - 1]!.trim();
    if (id === "")
      throw new CsvError(
        file,
        line,
        columns.sequence,
        'found "" for the sequence; allowed is any name or number',
      );
    const label = parseLabel(fields[columns.label - 1]!, file, line, columns.label);
    if (current?.id !== id) {
      if (current) finish(current);
      const before = seen.get(id);
      if (before !== undefined)
        throw new CsvError(
          file,
          line,
          columns.sequence,
          `sequence ${quoted(id)} goes on here after other sequences; it began in line ${before}, and the lines ` +
            "of a sequence must stand together",
        );
      current = { id, label, line, length: 0, timestep: Number.NEGATIVE_INFINITY };
      seen.set(id, line);
      labels.push(label);
      places.push({ line, column: columns.label });
    }
    if (label !== current.label)
      throw new CsvError(
        file,
        line,
        columns.label,
        `found label ${quoted(label)}; expected ${quoted(current.label)} as in line ${current.line} (one label a sequence)`,
      );
    if (columns.timestep !== undefined) {
      const text = fields[columns.timestep - 1]!;
      const timestep = parseValue(text, file, line, columns.timestep, delimiter);
      if (timestep <= current.timestep)
        throw new CsvError(
          file,
          line,
          columns.timestep,
          `found timestep ${quoted(text)} after ${current.timestep}; the timesteps of a sequence must increase`,
        );
      current.timestep = timestep;
    }
    for (const column of columns.inputs)
      values.push(parseValue(fields[column - 1]!, file, line, column, delimiter));
    current.length++;
  }
  if (current) finish(current);
  assertNotEmpty(file, labels.length, columns !== undefined);
  const inputSize = columns!.inputs.length;
  return { file, length: current!.length, inputSize, values: values.toArray(), labels, places };
}

function parseHeader(
  file: string,
  line: number,
  fields: readonly string[],
  delimiter: string,
  model: LabelledTable | undefined,
): Columns {
  const names = fields.map((field) => field.trim());
  const known = names.map((name) => name.toLowerCase());
  const wanted = 'a header such as "sequence,timestep,label,x1,x2" is needed in the long format';
  if (names.length === 1) {
    const other = likelyDelimiter(names[0]!, delimiter);
    throw new CsvError(
      file,
      line,
      null,
      `found one column, ${quoted(names[0]!)}, when split at ${delimiterName(delimiter)}; ${wanted}` +
        (other === undefined
          ? ""
          : `. The line looks as if it is separated by ${delimiterName(other)}: set "delimiter": ${JSON.stringify(other)}`),
    );
  }
  const repeated = known.findIndex((name, i) => known.indexOf(name) !== i);
  if (repeated !== -1)
    throw new CsvError(
      file,
      line,
      repeated + 1,
      `found column ${quoted(names[repeated]!)} twice; each name is allowed once`,
    );
  for (const name of ["sequence", "label"])
    if (!known.includes(name))
      throw new CsvError(
        file,
        line,
        null,
        `found columns ${names.map(quoted).join(", ")} and no column "${name}"; ${wanted}`,
      );
  const inputs = known.flatMap((name, i) =>
    ["sequence", "timestep", "label"].includes(name) ? [] : [i + 1],
  );
  if (inputs.length === 0) throw new CsvError(file, line, null, `found no column with values; ${wanted}`);
  if (model && model.inputSize !== inputs.length)
    throw new CsvError(
      file,
      line,
      null,
      `found ${inputs.length} columns with values; expected ${model.inputSize} as in ${model.file}`,
    );
  const timestep = known.indexOf("timestep");
  return {
    names,
    sequence: known.indexOf("sequence") + 1,
    timestep: timestep === -1 ? undefined : timestep + 1,
    label: known.indexOf("label") + 1,
    inputs,
  };
}
