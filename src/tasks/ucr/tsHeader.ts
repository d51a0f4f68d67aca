/** The header of a .ts file of sktime and aeon: what the file says of itself. */
import { CsvError, quoted } from "../csv/csvError.ts";
import { decimalNumber } from "../csv/numbers.ts";

export interface TsHeader {
  readonly univariate: boolean | undefined;
  readonly dimensions: number | undefined;
  readonly equalLength: boolean | undefined;
  readonly seriesLength: number | undefined;
  /** Labels that series may have. */
  readonly classes: readonly string[];
}

const known = [
  "problemname",
  "timestamps",
  "missing",
  "univariate",
  "dimensions",
  "dimension",
  "equallength",
  "serieslength",
  "classlabel",
  "targetlabel",
] as const;
const shown =
  "@problemName, @timestamps, @missing, @univariate, @dimensions, @equalLength, @seriesLength, @classLabel, @targetlabel and @data";

/** Takes in the lines of a header, and gives the whole of it at `@data`. */
export class TsHeaderReader {
  readonly #file: string;
  readonly #found = new Map<string, { line: number; words: string[] }>();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * @param text a line that begins with "@".
   * @returns the header once its last line, `@data`, has come.
   * @throws CsvError at what is malformed, and at what cannot be learned: timestamps and regression.
   */
  take(line: number, text: string): TsHeader | undefined {
    const [tag = "", ...words] = text.split(/\s+/);
    const name = tag.slice(1).toLowerCase();
    if (name === "data") {
      if (words.length > 0) this.#fail(line, `found ${quoted(text)}; @data stands alone on its line`);
      return this.#header(line);
    }
    if (!(known as readonly string[]).includes(name))
      this.#fail(line, `found ${quoted(tag)}; allowed in a header are ${shown}`);
    const before = this.#found.get(name);
    // Files of the archive exist that give their name twice, which harms nobody.
    if (before && name !== "problemname")
      this.#fail(line, `found ${quoted(tag)} again; it stands in line ${before.line} already`);
    this.#found.set(name, { line, words });
    if (name === "timestamps" && this.#flag(name))
      this.#fail(
        line,
        "found @timestamps true; only series at equal intervals, without timestamps, can be read",
      );
    if (name === "targetlabel" && this.#flag(name))
      this.#fail(line, "found @targetlabel true, which is regression; only classification can be read");
    return undefined;
  }

  #header(line: number): TsHeader {
    const univariate = this.#flag("univariate");
    const dimensions = this.#count("dimensions") ?? this.#count("dimension");
    if (univariate === true && dimensions !== undefined && dimensions !== 1)
      this.#fail(
        line,
        `the header says @univariate true and @dimensions ${dimensions}; a univariate series has 1`,
      );
    this.#flag("missing");
    const labels = this.#found.get("classlabel");
    if (!labels) this.#fail(line, "the header has no @classLabel; allowed is e.g. @classLabel true 1 2");
    const [flag, ...classes] = labels!.words;
    if (flag?.toLowerCase() !== "true" || classes.length === 0)
      this.#fail(
        labels!.line,
        `found ${quoted(["@classLabel", ...labels!.words].join(" "))}; allowed is "true" and the labels: every series needs one`,
      );
    return {
      univariate,
      dimensions,
      equalLength: this.#flag("equallength"),
      seriesLength: this.#count("serieslength"),
      classes,
    };
  }

  #flag(name: string): boolean | undefined {
    const found = this.#found.get(name);
    if (!found) return undefined;
    const [word = ""] = found.words;
    if (found.words.length !== 1 || !/^(true|false)$/i.test(word))
      this.#fail(
        found.line,
        `found ${quoted(found.words.join(" "))} for @${name}; allowed are true and false`,
      );
    return word.toLowerCase() === "true";
  }

  #count(name: string): number | undefined {
    const found = this.#found.get(name);
    if (!found) return undefined;
    const value = found.words.length === 1 ? decimalNumber(found.words[0]!) : undefined;
    if (value === undefined || !Number.isSafeInteger(value) || value < 1)
      this.#fail(
        found.line,
        `found ${quoted(found.words.join(" "))} for @${name}; allowed is a whole number from 1`,
      );
    return value;
  }

  #fail(line: number, sentence: string): never {
    throw new CsvError(this.#file, line, null, sentence);
  }
}
