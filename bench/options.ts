/** Lists on the command line. */

/** Whole numbers of at least 1. @throws RangeError naming the option and the part that is none. */
export function numbers(option: string, list: string): number[] {
  return list.split(",").map((part) => {
    const value = Number(part);
    if (!(Number.isInteger(value) && value >= 1))
      throw new RangeError(`--${option}: ${part} is not a whole number of at least 1`);
    return value;
  });
}

/** Words out of those allowed, each once. @throws RangeError naming the option, the word, and what is allowed. */
export function words<Word extends string>(option: string, list: string, allowed: readonly Word[]): Word[] {
  const chosen = list.split(",").map((part) => {
    const word = allowed.find((name) => name === part.trim());
    if (word === undefined) throw new RangeError(`--${option}: ${part} is none of ${allowed.join(", ")}`);
    return word;
  });
  return [...new Set(chosen)];
}
