/** Guessing what a person meant when the delimiter is not the one in the settings. */

const names = new Map([
  [",", "a comma"],
  [";", "a semicolon"],
  ["\t", "a tab"],
  [" ", "a space"],
]);

/** e.g. `a semicolon (";")`. */
export function delimiterName(delimiter: string): string {
  return `${names.get(delimiter) ?? "the character"} (${JSON.stringify(delimiter)})`;
}

/** The delimiter, other than the one in use, that occurs most often in a text; undefined when none does. */
export function likelyDelimiter(text: string, inUse: string): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const candidate of names.keys()) {
    const count = text.trim().split(candidate).length - 1;
    if (candidate !== inUse && count > most) {
      best = candidate;
      most = count;
    }
  }
  return best;
}
