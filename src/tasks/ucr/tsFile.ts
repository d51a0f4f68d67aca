/** Files of sktime and aeon (.ts): a header, then one series a line: dimension:dimension:…:label. */
import { CsvError, quoted } from "../csv/csvError.ts";
import { decimalNumber, parseValue } from "../csv/numbers.ts";
import { parseLabel } from "../csv/table.ts";
import { readLines } from "../lines.ts";
import { finish, isMissing, type LabelledSeries } from "./series.ts";
import { type TsHeader, TsHeaderReader } from "./tsHeader.ts";

/**
 * Reads a .ts file. Lines that begin with # or % are comments; `?` or `NaN` is a missing value, whatever @missing says.
 *
 * @throws CsvError at the first line that is malformed or contradicts the header.
 */
export async function readTs(file: string, normalize: boolean): Promise<LabelledSeries> {
  const reader = new TsHeaderReader(file);
  const series: Float32Array[][] = [];
  const labels: string[] = [];
  const places: { line: number; column: null }[] = [];
  let checked: Expectations | undefined;
  for await (const { line, text: raw } of readLines(file)) {
    const text = raw.trim();
    if (text === "" || text.startsWith("#") || text.startsWith("%")) continue;
    if (!checked) {
      if (!text.startsWith("@"))
        throw new CsvError(
          file,
          line,
          null,
          `found ${quoted(text)} before @data; a header line begins with @ (e.g. @classLabel true 1 2), a comment with #`,
        );
      const header = reader.take(line, text);
      if (header) checked = new Expectations(file, header);
      continue;
    }
    const parts = text.split(":");
    const label = parseLabel(parts.pop()!, file, line, parts.length + 1);
    checked.label(line, label);
    if (parts.length === 0)
      throw new CsvError(
        file,
        line,
        null,
        `found ${quoted(text)} and no ":"; allowed is values, separated by commas, ":" and a label`,
      );
    const dimensions = parts.map((part) => parseDimension(part, file, line));
    checked.shape(
      line,
      dimensions.map(({ length }) => length),
    );
    series.push(
      dimensions.map((values, i) =>
        finish(
          values,
          normalize,
          file,
          line,
          dimensions.length === 1 ? "the series" : `dimension ${i + 1} of the series`,
        ),
      ),
    );
    labels.push(label);
    places.push({ line, column: null });
  }
  if (!checked)
    throw new CsvError(
      file,
      null,
      null,
      "the file has no @data; allowed is a header, @data and then the series",
    );
  if (series.length === 0)
    throw new CsvError(file, null, null, "no series follows @data; at least one is needed");
  return { file, dimensions: series[0]!.length, series, labels, places };
}

function parseDimension(text: string, file: string, line: number): Float64Array {
  if (text.trim().startsWith("("))
    throw new CsvError(file, line, null, `found ${quoted(text)}; values with timestamps cannot be read`);
  const fields = text.split(",");
  return Float64Array.from(fields, (field, i) =>
    isMissing(field) ? Number.NaN : parseValue(field, file, line, i + 1, ","),
  );
}

/** What the header and the first series say of all. */
class Expectations {
  readonly #file: string;
  readonly #header: TsHeader;
  readonly #classes: ReadonlySet<string>;
  #dimensions: { count: number; reason: string } | undefined;
  #length: { count: number; reason: string } | undefined;

  constructor(file: string, header: TsHeader) {
    this.#file = file;
    this.#header = header;
    this.#classes = new Set(header.classes.map(className));
    const { univariate, dimensions, equalLength, seriesLength } = header;
    if (univariate === true) this.#dimensions = { count: 1, reason: "as the header says (@univariate true)" };
    else if (dimensions !== undefined)
      this.#dimensions = { count: dimensions, reason: "as the header says (@dimensions)" };
    if (equalLength !== false && seriesLength !== undefined)
      this.#length = { count: seriesLength, reason: "as the header says (@seriesLength)" };
  }

  label(line: number, label: string): void {
    if (this.#classes.has(className(label))) return;
    const { classes } = this.#header;
    throw new CsvError(
      this.#file,
      line,
      null,
      `found label ${quoted(label)}; allowed by @classLabel are ${classes.slice(0, 12).map(quoted).join(", ")}` +
        (classes.length > 12 ? ` … (${classes.length} labels)` : ""),
    );
  }

  /** @param lengths of a series' dimensions. */
  shape(line: number, lengths: readonly number[]): void {
    const fail = (sentence: string): never => {
      throw new CsvError(this.#file, line, null, sentence);
    };
    this.#dimensions ??= { count: lengths.length, reason: `as in line ${line}` };
    if (lengths.length !== this.#dimensions.count)
      fail(
        `found ${lengths.length} dimensions; expected ${this.#dimensions.count} ${this.#dimensions.reason}`,
      );
    const length = lengths[0]!;
    const odd = lengths.findIndex((other) => other !== length);
    if (odd > 0)
      fail(
        `found ${lengths[odd]} values in dimension ${odd + 1} and ${length} in dimension 1; the dimensions of a series have one length`,
      );
    if (this.#header.equalLength === true)
      this.#length ??= { count: length, reason: `as in line ${line} (@equalLength true)` };
    if (this.#length && length !== this.#length.count)
      fail(`found ${length} values; expected ${this.#length.count} ${this.#length.reason}`);
  }
}

/** "1", "1.0" and "1e0" are one class. */
const className = (label: string): string => {
  const value = decimalNumber(label);
  return value === undefined ? label : String(value);
};
