/** What either file format comes down to: one label and T × d numbers for each sequence. */
import { CsvError } from "./csvError.ts";

export interface LabelledTable {
  readonly file: string;
  /** T. */
  readonly length: number;
  /** d. */
  readonly inputSize: number;
  /** [sequences, T, d]. */
  readonly values: Float32Array;
  /** As written in the file, spaces around them removed; one for each sequence. */
  readonly labels: readonly string[];
  /** Line (from 1) and column (from 1) where each label stands. */
  readonly places: readonly { readonly line: number; readonly column: number }[];
}

/** A growing list of 32-bit numbers. */
export class FloatList {
  #values = new Float32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float32Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  toArray(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}

/**
 * A label without the spaces around it.
 * @throws CsvError when it is missing: empty, `?` or `NaN`.
 */
export function parseLabel(text: string, file: string, line: number, column: number): string {
  const label = text.trim();
  if (label === "" || label === "?" || label.toLowerCase() === "nan")
    throw new CsvError(
      file,
      line,
      column,
      `found ${JSON.stringify(text)}; the label is missing; allowed is any other text or number`,
    );
  return label;
}

/** @throws CsvError when a file held no sequence at all. */
export function assertNotEmpty(file: string, sequences: number, bytesSeen: boolean): void {
  if (sequences === 0)
    throw new CsvError(
      file,
      null,
      null,
      bytesSeen
        ? "the file holds a header and no sequence; at least one line of values is needed"
        : "the file is empty; at least one sequence is needed",
    );
}
