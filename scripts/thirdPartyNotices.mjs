/** Writes THIRD-PARTY-NOTICES.txt: the licence of every package whose code the bundles in dist/ hold. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

// The kernels are compiled against AssemblyScript's standard library, which esbuild never sees.
const folders = new Set(["node_modules/assemblyscript"]);
for (const file of JSON.parse(await readFile("dist/inputs.json", "utf8"))) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
  if (match) folders.add(match[1]);
}
const notices = new Map();
for (const folder of [...folders].sort()) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  if (typeof license !== "string") throw new Error(`${folder}/package.json names no licence`);
  // Packages without a file of their own: the Apache licence stands in full at another that uses it.
  const elsewhere = license === "Apache-2.0" ? "; its text stands below apache-arrow in this file" : "";
  const text =
    texts.length > 0 ? texts.map((part) => part.trim()).join("\n\n") : `Licence: ${license}${elsewhere}`;
  notices.set(`${name} ${version}`, `${name} ${version} (${license})\n\n${text}\n`);
}
const rule = `\n${"-".repeat(100)}\n\n`;
const head = "Sigmascope holds code of these packages, under their own licences.\n";
await writeFile("THIRD-PARTY-NOTICES.txt", [head, ...notices.values()].join(rule));
