import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { builtFile } from "../../src/builtFile.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "sigmascope-built-")));
mkdirSync(join(folder, "dist"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Bundle {
  readonly builtFile: typeof builtFile;
}

test("from source, a file is found in dist/", () => {
  expect(builtFile("optdigits.csv")).toBe(resolve("dist/optdigits.csv"));
});

test("a program finds the file beside it, and says where it looked when it is not there", async () => {
  const outfile = join(folder, "dist", "program.mjs");
  await build({
    entryPoints: ["src/builtFile.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  const bundle = (await import(pathToFileURL(outfile).href)) as Bundle;
  const beside = join(folder, "dist", "beside.txt");
  expect(() => bundle.builtFile("beside.txt")).toThrow(
    `beside.txt is missing from this installation: there is no ${beside}; in the source tree, "npm run build" makes it`,
  );
  writeFileSync(beside, "");
  expect(bundle.builtFile("beside.txt")).toBe(beside);
});

test("so does a CommonJS bundle, as the extension is one", async () => {
  const outfile = join(folder, "dist", "program.cjs");
  await build({
    entryPoints: ["src/builtFile.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    define: { "import.meta.url": "__bundleUrl" },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "error",
  });
  const bundle = createRequire(import.meta.url)(outfile) as Bundle;
  const other = join(folder, "dist", "other.txt");
  writeFileSync(other, "");
  expect(bundle.builtFile("other.txt")).toBe(other);
});
