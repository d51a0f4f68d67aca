/** Packages what dist/ holds as sigmascope.vsix; fails on a warning, on too large a file, and on one that does not run. */
import { execFileSync } from "node:child_process";
import { stat } from "node:fs/promises";
import "./thirdPartyNotices.mjs";

const vsix = "sigmascope.vsix";
const largest = 5_000_000;
const vsce = "node_modules/@vscode/vsce/vsce";
const node = (args) =>
  execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

// vsce writes warnings to either stream, so both are read.
const said = execFileSync(
  "sh",
  [
    "-c",
    '"$0" "$@" 2>&1',
    process.execPath,
    vsce,
    "package",
    "--no-dependencies",
    "--no-rewrite-relative-links",
    "--out",
    vsix,
  ],
  {
    encoding: "utf8",
  },
);
process.stdout.write(said);
if (/warning/i.test(said)) throw new Error("vsce gives a warning");
const { size } = await stat(vsix);
if (size >= largest) throw new Error(`${vsix} has ${size} bytes; ${largest} are allowed`);
const files = node([vsce, "ls", "--no-dependencies"]).trim().split("\n");
const runs =
  /^(package\.json|package\.nls\.json|readme\.md|changelog\.md|license(\.txt)?|third-party-notices\.txt|dist\/[\w.-]+\.(js|cjs|css|wasm|csv|txt|md)|dist\/tfjs\/[\w.-]+\.(js|ts|txt)|examples\/[\w.-]+\.(json|mjs)|media\/.+\.(svg|png|json|md))$/i;
const stray = files.filter((file) => !runs.test(file) || /bench|inputs\.json/.test(file));
if (stray.length > 0) throw new Error(`${vsix} holds what does not run: ${stray.join(", ")}`);
console.log(`${vsix}: ${files.length} files, ${(size / 1e6).toFixed(2)} MB`);
