/** Modules of src/runs as programs of their own: for what only several processes can show. */
import { join, resolve } from "node:path";
import { build } from "esbuild";

/** Bundles a program's text, which imports as if it stood in this folder. @returns the path of the bundle. */
export async function bundle(folder: string, name: string, contents: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: resolve(import.meta.dirname), loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
  return outfile;
}
