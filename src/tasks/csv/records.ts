/** Reading a delimited text file record by record. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CsvError as ParserError, parse } from "csv-parse";
import { CsvError } from "./csvError.ts";

/** Largest data file read, in bytes. All values are held in memory. */
const largestFile = 512 * 1024 * 1024;
/** Longest line read, in characters: stops a forgotten quotation mark from swallowing the whole file. */
const longestRecord = 32 * 1024 * 1024;

/** @throws CsvError for a file that is too large to be held in memory. */
export async function assertReadable(file: string): Promise<void> {
  const { size } = await stat(file);
  if (size > largestFile)
    throw new CsvError(
      file,
      null,
      null,
      `the file has ${Math.ceil(size / 2 ** 20)} MiB; at most ${largestFile / 2 ** 20} MiB are allowed`,
    );
}

export interface CsvRecord {
  /** Line of the file on which the record ends, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Records of a file in UTF-8 (or UTF-16 with a byte order mark). Line ends may be LF, CRLF or CR; fields may be
 * quoted; empty lines are left out. With a space as delimiter, several spaces count as one.
 * @throws CsvError for a file that is too large, or whose quotation marks do not match.
 */
export async function* readRecords(file: string, delimiter: string): AsyncGenerator<CsvRecord> {
  await assertReadable(file);
  const parser = parse({
    delimiter,
    record_delimiter: ["\r\n", "\n", "\r"],
    bom: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: longestRecord,
  });
  const source = createReadStream(file);
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      const fields = delimiter === " " ? record.filter((field) => field !== "") : record;
      if (fields.length === 0 || (fields.length === 1 && fields[0]!.trim() === "")) continue;
      yield { line: info.lines, fields };
    }
  } catch (error) {
    if (error instanceof ParserError) throw new CsvError(file, lineOf(error), null, explain(error));
    throw error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function lineOf(error: ParserError): number | null {
  return typeof error.lines === "number" ? error.lines : null;
}

function explain(error: ParserError): string {
  switch (error.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quotation mark opened before here is never closed; each quoted value needs two";
    case "INVALID_OPENING_QUOTE":
    case "CSV_INVALID_CLOSING_QUOTE":
      return 'a quotation mark stands inside a value; quote the whole value and double the mark ("a ""b"" c")';
    case "CSV_MAX_RECORD_SIZE":
      return `the line is longer than ${longestRecord / 2 ** 20} Mi characters; is a quotation mark left open?`;
    default:
      return error.message;
  }
}
