/** Builds everything that runs into dist/: kernels (AssemblyScript → WebAssembly) and bundles (TypeScript → JavaScript). */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import asc from "assemblyscript/asc";
import { build } from "esbuild";

const kernelSource = "src/kernels/assembly/index.ts";

/** Programs for Node: name in dist/ → entry. */
const programs = {
  cli: "src/cli/main.ts",
  trainer: "src/trainer/main.ts",
  "fused-worker": "src/engine/fused/worker.ts",
  "spectrum-worker": "src/trainer/spectrumWorker.ts",
};

/** Speed, which holds TensorFlow.js from the start, and the pictures of docs/results.md. */
const measuring = { bench: "bench/main.ts", "result-plots": "bench/resultPlots.ts" };

/** Loaded by programs when they need it; what they import of it stays an import. */
const onDemand = {
  "tensorflow-engine": "src/engine/tensorflow/createTensorflowEngine.ts",
};

/** The extension's own code, for VS Code's extension host: name in dist/ → entry. */
const extension = {
  extension: "src/extension/extension.ts",
  "detail-worker": "src/extension/detailWorker.ts",
};

/** Scripts for a browser: name in dist/ → entry. */
const pages = {
  report: "webview/report.ts",
  diagnostics: "webview/diagnostics/main.ts",
  live: "webview/live/main.ts",
};

/** The library, whose users bring TensorFlow.js: name in dist/ → entry. Its types are those of the modules named. */
const library = { "tfjs/index": "src/tfjs/index.ts" };
const libraryTypes = ["index", "recordRun", "spectralFactors", "spectralLayers"];

/** Files that programs read at run time: name in dist/ → source. */
const assets = {
  "optdigits.csv": "src/tasks/data/optdigits.csv",
  "optdigits.LICENSE.md": "src/tasks/data/LICENSE.md",
  "tfjs-backend-wasm.wasm": "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
  "tfjs-backend-wasm-simd.wasm":
    "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
};

async function buildKernels(name, extra) {
  const { error, stderr } = await asc.main([
    kernelSource,
    "--outFile",
    `dist/${name}.wasm`,
    "--config",
    "none",
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    "--initialMemory",
    "2",
    "--maximumMemory",
    "65536",
    "--sharedMemory",
    "--memoryBase",
    "65536",
    "--enable",
    "simd",
    "--enable",
    "threads",
    ...extra,
  ]);
  if (error) throw new Error(`${name}: ${error.message}\n${stderr}`);
}

/** Declarations of the library, beside its bundle. */
async function writeLibraryTypes() {
  const folder = await mkdtemp(join(tmpdir(), "sigmascope-types-"));
  try {
    const tsc = ["node_modules/typescript/bin/tsc", "-p", "src/tfjs", "--outDir", folder];
    await promisify(execFile)(process.execPath, tsc);
    for (const name of libraryTypes) {
      const text = await readFile(join(folder, "src/tfjs", `${name}.d.ts`), "utf8");
      const named = text
        .replace(/(from ")(\.\/[^"]+)\.ts"/g, '$1$2.js"')
        // An inferred type's module, which Node's own resolution finds by its full name only.
        .replace(/(import\("@tensorflow\/[^"]+?)"\)/g, '$1.js")');
      if (/from "\.\./.test(named)) throw new Error(`the types of src/tfjs/${name}.ts name other parts`);
      await writeFile(`dist/tfjs/${name}.d.ts`, named);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

const present = (entries) =>
  Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));

await mkdir("dist", { recursive: true });
if (existsSync(kernelSource)) {
  await buildKernels("kernels-simd", ["--use", "RELAXED=0"]);
  await buildKernels("kernels-relaxed", ["--enable", "relaxed-simd", "--use", "RELAXED=1"]);
}
/** What the bundles are made of; the third-party notices are written from it. */
const inputs = new Set();

async function bundle(options) {
  const { metafile } = await build({ ...options, metafile: true });
  for (const { inputs: used } of Object.values(metafile.outputs))
    for (const [file, { bytesInOutput }] of Object.entries(used)) if (bytesInOutput > 0) inputs.add(file);
}

/** CommonJS packages bundled into ES modules may still call require for Node's own modules … */
const commonJs =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';
/** … and ask where they are. */
const commonJsPlace =
  'import { fileURLToPath as __path } from "node:url"; const __filename = __path(import.meta.url); const __dirname = __path(new URL(".", import.meta.url));';

/** Keeps what is loaded on demand out of the programs' bundles. */
const leaveOnDemand = {
  name: "leave-on-demand",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => {
      const found = Object.entries(onDemand).find(([, entry]) =>
        entry.endsWith(`/${path.split("/").at(-1)}`),
      );
      return kind === "dynamic-import" && found ? { path: `./${found[0]}.js`, external: true } : undefined;
    });
  },
};

/** Of zod's messages in forty languages only the English ones: they are a fifth of a program's text. */
const englishOnly = {
  name: "english-only",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
  },
};

await bundle({
  entryPoints: present(programs),
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // Node reads them whole at their start. Names stay, and lines stay short, for the stacks in a run's log.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  sourcemap: true,
  legalComments: "linked",
  banner: { js: commonJs },
  plugins: [leaveOnDemand, englishOnly],
  logLevel: "warning",
});
/** TensorFlow.js and all: a megabyte. */
const withTensorflow = {
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minify: true,
  keepNames: true,
  banner: { js: `${commonJs} ${commonJsPlace}` },
  logLevel: "warning",
};
await bundle({ ...withTensorflow, entryPoints: present(onDemand), legalComments: "linked" });
// Not packaged, so it holds the licences itself.
await bundle({ ...withTensorflow, entryPoints: present(measuring), legalComments: "eof" });
await bundle({
  entryPoints: present(library),
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["@tensorflow/*"],
  minify: true,
  keepNames: true,
  legalComments: "linked",
  banner: { js: commonJs },
  logLevel: "warning",
});
await writeLibraryTypes();
await bundle({
  entryPoints: present(extension),
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  // An editor reads it whole at its start.
  minify: true,
  keepNames: true,
  sourcemap: true,
  legalComments: "linked",
  // Modules shared with the programs find their files beside the bundle.
  define: { "import.meta.url": "__bundleUrl" },
  plugins: [englishOnly],
  banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  logLevel: "warning",
});
await bundle({
  entryPoints: present(pages),
  outdir: "dist",
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  minify: true,
  logLevel: "warning",
});
for (const [name, source] of Object.entries(present(assets))) await copyFile(source, `dist/${name}`);
if (existsSync("dist/cli.js")) await chmod("dist/cli.js", 0o755);
await writeFile("dist/inputs.json", JSON.stringify([...inputs].sort()));
