/** Which symbols a model knows, and their numbers. */
import { CsvError, quoted } from "../csv/csvError.ts";
import { type Level, readSymbols, type TextSymbol } from "./symbols.ts";

const unknown = "<unk>";
/** Most symbols: as many as an experiment file can ask for. */
const mostSymbols = 1_000_000;

export interface Corpus {
  /** V: symbols are numbered 0 … V − 1, the most frequent ones of the training text first. */
  readonly vocabulary: number;
  /** How often each symbol occurs in the training text: [V]. */
  readonly counts: Float64Array;
  /** The training text. */
  readonly train: Int32Array;
  /** The other texts, in the order of their files. */
  readonly others: readonly Int32Array[];
}

/**
 * Numbers the symbols of texts. The vocabulary is that of the training text alone, by frequency and, among equals, by
 * code points. With a limit, only the so many most frequent symbols are kept. `<unk>` stands for all others; where the
 * training text has no such word of its own, it is added as the last symbol, but only when something needs it.
 *
 * @param limit most symbols kept, `<unk>` not counted where it is added.
 * @throws CsvError for an empty or unreadable file, for a training text of one symbol only, or of more than a million.
 */
export async function readCorpus(
  trainFile: string,
  otherFiles: readonly string[],
  level: Level,
  limit: number | undefined,
): Promise<Corpus> {
  const numbers = new Map<TextSymbol, number>();
  const train = await readSymbols(trainFile, level, (symbol) => {
    let number = numbers.get(symbol);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(symbol, number);
    }
    return number;
  });
  const symbols = [...numbers.keys()];
  const found = new Float64Array(symbols.length);
  for (const number of train) found[number]!++;
  if (symbols.length < 2)
    throw new CsvError(
      trainFile,
      null,
      null,
      `found nothing but ${quoted(nameOf(symbols[0]!))}; at least two different symbols are needed`,
    );
  const order = symbols
    .map((_, number) => number)
    .sort((a, b) => found[b]! - found[a]! || compare(symbols[a]!, symbols[b]!));
  const kept = order.slice(0, limit);
  if (kept.length > mostSymbols)
    throw new CsvError(
      trainFile,
      null,
      null,
      `found ${kept.length} different symbols; at most ${mostSymbols} are allowed: set task.vocabulary to keep the most frequent ones`,
    );

  const known = new Map(kept.map((number, id) => [symbols[number]!, id]));
  const missing = -1;
  const others: Int32Array[] = [];
  for (const file of otherFiles)
    others.push(await readSymbols(file, level, (symbol) => known.get(symbol) ?? missing));
  const unknownId = known.get(unknown) ?? kept.length;
  const needed = kept.length < symbols.length || others.some((ids) => ids.includes(missing));
  const vocabulary = needed ? Math.max(kept.length, unknownId + 1) : kept.length;

  const idOf = new Int32Array(symbols.length).fill(unknownId);
  for (const [id, number] of kept.entries()) idOf[number] = id;
  for (let i = 0; i < train.length; i++) train[i] = idOf[train[i]!]!;
  for (const ids of others) for (let i = 0; i < ids.length; i++) if (ids[i] === missing) ids[i] = unknownId;
  const counts = new Float64Array(vocabulary);
  for (const id of train) counts[id]!++;
  return { vocabulary, counts, train, others };
}

const nameOf = (symbol: TextSymbol): string =>
  typeof symbol === "number" ? String.fromCodePoint(symbol) : symbol;

/** By code points. All symbols of a text are of one kind. */
function compare(a: TextSymbol, b: TextSymbol): number {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b);
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-16 orders as code points do when surrogates, which stand for those beyond U+FFFF, come last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);
