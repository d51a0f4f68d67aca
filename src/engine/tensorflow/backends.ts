/** The backends that TensorFlow.js can compute on, the fastest that works here first. */
import { dirname, sep } from "node:path";
import * as core from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { builtFile } from "../../builtFile.ts";
import { loadNative } from "./nativeBackend.ts";
import type { Tensorflow } from "./tensorflow.ts";

/** native: libtensorflow through tfjs-node; wasm: TensorFlow.js's WebAssembly; cpu: its plain JavaScript. */
export const backendNames = ["native", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

export interface BackendOptions {
  /** Only this one; undefined: the first that works. */
  readonly backend?: BackendName | undefined;
  /** Folder of the user's own tfjs-node or tfjs-node-gpu. It must load: nothing else is tried in its place. */
  readonly folder?: string | undefined;
  /** Threads of a native operation; the others have one. */
  readonly threads?: number | undefined;
}

export interface LiveBackend {
  readonly name: BackendName;
  readonly tf: Tensorflow;
  /** For people. */
  readonly description: string;
  /** Makes it the backend of tensors to come. */
  activate(): void;
}

/** A backend, and whether it works here. */
export interface BackendReport {
  readonly name: BackendName;
  readonly live: boolean;
  readonly description: string | null;
  /** Why it does not work. */
  readonly reason: string | null;
}

const started = new Map<string, Promise<LiveBackend>>();

/**
 * Starts a backend; once in a process, whoever asks.
 * @throws Error that says why it does not work here.
 */
function startOnce(name: BackendName, options: BackendOptions): Promise<LiveBackend> {
  const key = name === "native" ? `${name} ${options.folder ?? ""}` : name;
  let start = started.get(key);
  if (!start) {
    start = begin(name, options);
    started.set(key, start);
  }
  return start;
}

async function begin(name: BackendName, { folder, threads }: BackendOptions): Promise<LiveBackend> {
  // No warnings about kernels registered twice, and no search for NaN in every operation.
  if (!core.env().getBool("PROD")) core.enableProdMode();
  const native = name === "native" ? loadNative(folder, threads) : undefined;
  const tf = native?.tf ?? core;
  const own = name === "native" ? "tensorflow" : name;
  if (name === "wasm") await loadWasm();
  if (name === "cpu") await import("@tensorflow/tfjs-backend-cpu");
  if (!(await tf.setBackend(own))) throw new Error(`TensorFlow.js cannot start its backend "${own}"`);
  await tf.ready();
  return {
    name,
    tf,
    description: describe(name, native?.description),
    activate: () => {
      // Synchronous as far as it matters: the backend has started before.
      if (tf.getBackend() !== own) void tf.setBackend(own);
    },
  };
}

function describe(name: BackendName, native: string | undefined): string {
  const version = `TensorFlow.js ${core.version_core}`;
  if (name === "native") return `${version}, libtensorflow by ${native}`;
  if (name === "cpu") return `${version}, JavaScript backend, 1 thread`;
  const simd = core.env().getBool("WASM_HAS_SIMD_SUPPORT");
  return `${version}, WebAssembly${simd ? " SIMD" : ""} backend, 1 thread`;
}

async function loadWasm(): Promise<void> {
  // Its loader catches this process's errors and rejections by itself, which is the trainer's affair.
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set(process.listeners(event as "uncaughtException")));
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(builtFile("tfjs-backend-wasm-simd.wasm")) + sep);
  if (!(await core.setBackend("wasm"))) throw new Error("TensorFlow.js cannot start its WebAssembly backend");
  for (const [index, event] of events.entries())
    for (const listener of process.listeners(event as "uncaughtException"))
      if (!before[index]!.has(listener)) process.off(event, listener);
}

/**
 * The fastest backend that works here, or the one asked for.
 * @throws Error naming each that was tried and why it does not work.
 */
export async function startBackend(options: BackendOptions = {}): Promise<LiveBackend> {
  const { backend, folder } = options;
  const wanted = backend ? [backend] : folder !== undefined ? (["native"] as const) : backendNames;
  const reasons: string[] = [];
  for (const name of wanted) {
    try {
      return await startOnce(name, options);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`TensorFlow.js does not work here: ${reasons.join("; ")}`);
}

/** Tries every backend. */
export async function examineBackends(options: BackendOptions = {}): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const name of backendNames) {
    try {
      const { description } = await startOnce(name, options);
      reports.push({ name, live: true, description, reason: null });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reports.push({ name, live: false, description: null, reason });
    }
  }
  return reports;
}
