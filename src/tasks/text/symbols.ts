/** A text as numbered symbols: characters or words. */
import { stat } from "node:fs/promises";
import { CsvError } from "../csv/csvError.ts";
import { readLines } from "../lines.ts";

export type Level = "character" | "word";
/** A word, or a character as its Unicode code point. */
export type TextSymbol = string | number;

/** What ends each line at the level of words. */
export const endOfLine = "<eos>";
const newline = 10;

/**
 * The numbers that `number` gives to the symbols of a file in UTF-8, in order: its code points, each line end being
 * one U+000A, or its words between white space, each line ending in `<eos>`.
 *
 * @throws CsvError for a file without symbols, too large, or not in UTF-8.
 */
export async function readSymbols(
  file: string,
  level: Level,
  number: (symbol: TextSymbol) => number,
): Promise<Int32Array> {
  // A symbol takes a byte or more; only the <eos> of a last line without a line end takes none.
  const ids = new Int32Array((await stat(file)).size + 1);
  let count = 0;
  for await (const { text, ended } of readLines(file)) {
    if (level === "word") {
      for (const [word] of text.matchAll(/\S+/gu)) ids[count++] = number(word);
      ids[count++] = number(endOfLine);
    } else {
      for (let i = 0; i < text.length; i++) {
        const point = text.codePointAt(i)!;
        if (point > 0xffff) i++;
        ids[count++] = number(point);
      }
      if (ended) ids[count++] = number(newline);
    }
  }
  if (count === 0) throw new CsvError(file, null, null, "the file is empty; a text is needed");
  return ids.slice(0, count);
}
