/** The `rows` format: one sequence a line, T × d values and a label. */

import { CsvError, quoted } from "./csvError.ts";
import { delimiterName, likelyDelimiter } from "./delimiters.ts";
import { decimalNumber, parseValue } from "./numbers.ts";
import { readRecords } from "./records.ts";
import type { CsvSettings } from "./settings.ts";
import { assertNotEmpty, FloatList, type LabelledTable, parseLabel } from "./table.ts";

/**
 * @param model a table read before (the training set) that this one must agree with.
 * @throws CsvError at the first line that is not a sequence like the others.
 */
export async function readRows(
  file: string,
  settings: CsvSettings,
  model?: LabelledTable,
): Promise<LabelledTable> {
  const { delimiter, inputSize } = settings;
  const values = new FloatList();
  const labels: string[] = [];
  const places: { line: number; column: number }[] = [];
  let first: { line: number; columns: number } | undefined;
  let header = settings.header;
  for await (const { line, fields } of readRecords(file, delimiter)) {
    if (header) {
      header = false;
      continue;
    }
    if (!first) {
      first = { line, columns: fields.length };
      assertColumns(file, line, fields, settings, model);
    }
    if (fields.length !== first.columns)
      throw new CsvError(
        file,
        line,
        null,
        `found ${fields.length} values; expected ${first.columns} as in line ${first.line} ` +
          "(all sequences have the same length)",
      );
    const labelColumn = settings.label === "first" ? 1 : fields.length;
    // A line of nothing but words at the top is a header that the settings do not mention.
    const hint =
      labels.length === 0 && fields.every((field) => decimalNumber(field) === undefined)
        ? `; if line ${line} is a header, set "header": true`
        : "";
    labels.push(parseLabel(fields[labelColumn - 1]!, file, line, labelColumn));
    places.push({ line, column: labelColumn });
    for (let column = 1; column <= fields.length; column++)
      if (column !== labelColumn)
        values.push(parseValue(fields[column - 1]!, file, line, column, delimiter, hint));
  }
  assertNotEmpty(file, labels.length, settings.header && !header);
  const length = (first!.columns - 1) / inputSize;
  return { file, length, inputSize, values: values.toArray(), labels, places };
}

/** Checks the first sequence's number of values, which all others then have to have. */
function assertColumns(
  file: string,
  line: number,
  fields: readonly string[],
  settings: CsvSettings,
  model: LabelledTable | undefined,
): void {
  const { delimiter, inputSize } = settings;
  if (fields.length < 2) {
    const other = likelyDelimiter(fields[0]!, delimiter);
    throw new CsvError(
      file,
      line,
      null,
      `found one value, ${quoted(fields[0]!)}, when split at ${delimiterName(delimiter)}; a label and at least one value are needed` +
        (other === undefined
          ? ""
          : `. The line looks as if it is separated by ${delimiterName(other)}: set "delimiter": ${JSON.stringify(other)}`),
    );
  }
  if ((fields.length - 1) % inputSize !== 0)
    throw new CsvError(
      file,
      line,
      null,
      `found ${fields.length - 1} values beside the label, which are not a whole number of timesteps of ` +
        `inputSize = ${inputSize} values; allowed are multiples of ${inputSize}`,
    );
  const length = (fields.length - 1) / inputSize;
  if (model && length !== model.length)
    throw new CsvError(
      file,
      line,
      null,
      `found ${length} timesteps; expected ${model.length} as in ${model.file}`,
    );
}
