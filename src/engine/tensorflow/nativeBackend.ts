/** `@tensorflow/tfjs-node` or `-gpu`: libtensorflow behind TensorFlow.js, where a user has installed it. */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import type { Tensorflow } from "./tensorflow.ts";

/** Packages that hold libtensorflow, the one looked for first in front. */
const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const;

export interface NativeTensorflow {
  readonly tf: Tensorflow;
  /** Which package, and its version. */
  readonly description: string;
}

interface NativePackage extends Tensorflow {
  /** By package. */
  readonly version: Readonly<Record<string, string>>;
}

/**
 * Loads the native library.
 *
 * @param folder where to look: a folder with `node_modules/@tensorflow/tfjs-node` (or `-gpu`) in it, or that package
 *   itself; undefined: beside this program.
 * @param threads of an operation; undefined: libtensorflow's own choice.
 * @throws Error that says what was looked for and where, or why it does not load.
 */
export function loadNative(folder: string | undefined, threads: number | undefined): NativeTensorflow {
  const { name, entry } = find(folder);
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  // Without it libtensorflow greets each start with a page about the processor.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  putBackIsNullOrUndefined();
  let loaded: NativePackage;
  try {
    loaded = createRequire(entry)(entry) as NativePackage;
  } catch (error) {
    throw new Error(`${name} at ${entry} does not load: ${firstLine(error)}`, { cause: error });
  }
  const version = loaded.version["tfjs-node"] ?? loaded.version["tfjs-core"];
  return { tf: loaded, description: `${name} ${version}` };
}

function find(folder: string | undefined): { readonly name: string; readonly entry: string } {
  if (folder === undefined) {
    const entry = resolveFrom(import.meta.url, "@tensorflow/tfjs-node");
    if (entry === undefined) throw new Error("@tensorflow/tfjs-node is not installed");
    return { name: "@tensorflow/tfjs-node", entry };
  }
  const place = resolve(folder);
  if (!existsSync(place) || !statSync(place).isDirectory())
    throw new Error(`the folder for TensorFlow is ${folder}; there is no folder ${place}`);
  if (basename(place).startsWith("tfjs-node") && existsSync(join(place, "package.json"))) {
    const entry = resolveFrom(join(place, "package.json"), place);
    if (entry !== undefined) return { name: `@tensorflow/${basename(place)}`, entry };
  }
  for (const name of packages) {
    const entry = resolveFrom(join(place, "package.json"), name);
    if (entry !== undefined) return { name, entry };
  }
  throw new Error(
    `the folder for TensorFlow is ${place}; neither ${packages.join(" nor ")} is installed there ` +
      '("npm install @tensorflow/tfjs-node" in it installs one)',
  );
}

/** Path of a package's entry as Node resolves it for a file, or undefined. */
function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 took away. */
function putBackIsNullOrUndefined(): void {
  const util = createRequire(import.meta.url)("node:util") as {
    isNullOrUndefined?: (value: unknown) => boolean;
  };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.trim();
}
