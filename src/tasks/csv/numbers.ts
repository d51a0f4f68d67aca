/** Numbers in data files. */
import { CsvError, quoted } from "./csvError.ts";
import { likelyDelimiter } from "./delimiters.ts";

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The finite number that a text holds in decimal notation; undefined when it holds anything else. */
export function decimalNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return decimal.test(trimmed) ? Number(trimmed) : undefined;
}

/**
 * A value as a finite 32-bit number.
 * @throws CsvError that names the place, the value and what is allowed.
 */
export function parseValue(
  text: string,
  file: string,
  line: number,
  column: number,
  delimiter: string,
  hint = "",
): number {
  const value = decimalNumber(text);
  if (value !== undefined && Number.isFinite(Math.fround(value))) return value;
  throw new CsvError(file, line, column, `found ${quoted(text)}; ${allowed(text, value, delimiter)}${hint}`);
}

function allowed(text: string, value: number | undefined, delimiter: string): string {
  const trimmed = text.trim();
  if (value !== undefined) return "allowed are numbers within ±3.4e38 (32-bit floating point)";
  if (trimmed === "") return "a value is missing; allowed is a finite number such as -0.25 or 1e-3";
  if (/^[+-]?(nan|inf|infinity)$/i.test(trimmed))
    return "allowed is a finite number; leave out or fill in missing values (all sequences have one length)";
  if (delimiter !== "," && /^[+-]?\d+,\d+$/.test(trimmed))
    return "allowed is a finite number, with a point before the decimals, not a comma";
  const other = likelyDelimiter(trimmed, delimiter);
  if (other !== undefined && trimmed.split(other).every((part) => decimalNumber(part) !== undefined))
    return `allowed is a finite number; are the values separated by ${JSON.stringify(other)}? Then set "delimiter": ${JSON.stringify(other)}`;
  return "allowed is a finite number such as -0.25 or 1e-3";
}
