/** What is wrong with a data file, and where. */

export class CsvError extends Error {
  readonly file: string;
  /** From 1; null when the file as a whole is meant. */
  readonly line: number | null;
  /** Number of the value in its line, from 1; null when the line as a whole is meant. */
  readonly column: number | null;

  /** @param sentence what was found and what is allowed. */
  constructor(file: string, line: number | null, column: number | null, sentence: string) {
    const place = [file, ...(line === null ? [] : [line])].join(":");
    super(`${place}: ${column === null ? "" : `column ${column}: `}${sentence}`);
    this.name = "CsvError";
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

/** A value as found in the file, quoted and cut short for a message. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
