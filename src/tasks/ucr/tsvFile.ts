/** The UCR archive's own form: one series a line, its label first, separated by tabs. */
import { CsvError, quoted } from "../csv/csvError.ts";
import { delimiterName, likelyDelimiter } from "../csv/delimiters.ts";
import { parseValue } from "../csv/numbers.ts";
import { assertNotEmpty, parseLabel } from "../csv/table.ts";
import { readLines } from "../lines.ts";
import { finish, isMissing, type LabelledSeries } from "./series.ts";

/**
 * Reads a .tsv file. `NaN` or `?` is a missing value; those at the end of a line only fill it up to the length of the
 * longest series, so that the series is shorter; so is one whose line is.
 *
 * @throws CsvError at the first line that does not fit.
 */
export async function readTsv(file: string, normalize: boolean): Promise<LabelledSeries> {
  const series: Float32Array[][] = [];
  const labels: string[] = [];
  const places: { line: number; column: number }[] = [];
  for await (const { line, text } of readLines(file)) {
    if (text.trim() === "") continue;
    const fields = text.split("\t");
    if (fields.length < 2) {
      const other = likelyDelimiter(text, "\t");
      throw new CsvError(
        file,
        line,
        null,
        `found one value, ${quoted(text)}, when split at ${delimiterName("\t")}; a label and at least one value are needed` +
          (other === undefined
            ? ""
            : `. The line looks as if it is separated by ${delimiterName(other)}: task.kind "csv" reads such files`),
      );
    }
    const label = parseLabel(fields[0]!, file, line, 1);
    let end = fields.length;
    while (end > 1 && (fields[end - 1]!.trim() === "" || isMissing(fields[end - 1]!))) end--;
    const values = new Float64Array(end - 1);
    for (let i = 1; i < end; i++)
      values[i - 1] = isMissing(fields[i]!) ? Number.NaN : parseValue(fields[i]!, file, line, i + 1, "\t");
    series.push([finish(values, normalize, file, line, "the series")]);
    labels.push(label);
    places.push({ line, column: 1 });
  }
  assertNotEmpty(file, labels.length, false);
  return { file, dimensions: 1, series, labels, places };
}
