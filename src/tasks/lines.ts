/** Lines of text files in UTF-8. */
import { readFile } from "node:fs/promises";
import { CsvError } from "./csv/csvError.ts";
import { assertReadable } from "./csv/records.ts";

export interface Line {
  /** From 1. */
  readonly line: number;
  /** Without its line end, LF or CRLF, and without a byte order mark. */
  readonly text: string;
  /** Whether a line end follows; only the last line of a file may have none. */
  readonly ended: boolean;
}

/**
 * The lines of a file in UTF-8, in order, empty ones too. The bytes are decoded line by line, because a file of the
 * largest size would not fit into one JavaScript string.
 *
 * @throws CsvError for a file that is too large, or at the first line that is not UTF-8.
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  await assertReadable(file);
  const bytes = await readFile(file);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 0;
  for (
    let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    start < bytes.length;
  ) {
    line++;
    const found = bytes.indexOf(10, start);
    const ended = found >= 0;
    const next = ended ? found + 1 : bytes.length;
    let end = ended ? found : bytes.length;
    if (ended && end > start && bytes[end - 1] === 13) end--;
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(start, end));
    } catch (error) {
      // Anything else, such as a line too long for a string, is no matter of UTF-8.
      if (!(error instanceof TypeError)) throw error;
      throw new CsvError(file, line, null, "found bytes that are not UTF-8; save the file as text in UTF-8");
    }
    yield { line, text, ended };
    start = next;
  }
}
