/** What this machine can do. */
import { availableParallelism } from "node:os";
import { type BackendReport, createEngine, examineTensorflow } from "../engine/createEngine.ts";
import {
  supportsRelaxedSimd,
  supportsSimd,
  type WideVectors,
  wideVectors,
} from "../engine/fused/createFusedEngine.ts";

export interface EngineReport {
  readonly name: "fused" | "tensorflow";
  /** It started here and now. */
  readonly live: boolean;
  /** Build and threads in use; null where it did not start. */
  readonly description: string | null;
  /** Why it did not start. */
  readonly reason: string | null;
}

export interface DoctorReport {
  readonly node: string;
  /** e.g. `linux-x64`. */
  readonly platform: string;
  readonly cores: number;
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** Whether the fused engine works with vectors of 256 bits, or why not. */
  readonly wideVectors: WideVectors;
  /** WebAssembly memory that threads can share. */
  readonly sharedMemory: boolean;
  /** Threads that the fused engine uses when not told otherwise. */
  readonly threads: number;
  readonly engines: readonly EngineReport[];
  /** What the engine "tensorflow" could compute on, the fastest first. */
  readonly tensorflowBackends: readonly BackendReport[];
}

/** Looks at the runtime and starts every engine once. */
export async function examineMachine(): Promise<DoctorReport> {
  const cores = availableParallelism();
  // The engine finds out what vectors there are.
  const fused = await examineEngine("fused");
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores,
    simd: supportsSimd(),
    relaxedSimd: supportsRelaxedSimd(),
    wideVectors: wideVectors(),
    sharedMemory: supportsSharedMemory(),
    threads: cores,
    engines: [fused, await examineEngine("tensorflow")],
    tensorflowBackends: await examineTensorflow(),
  };
}

async function examineEngine(name: EngineReport["name"]): Promise<EngineReport> {
  try {
    const engine = await createEngine(name, { threads: undefined });
    const { description } = engine;
    await engine.dispose();
    return { name, live: true, description, reason: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, live: false, description: null, reason };
  }
}

function supportsSharedMemory(): boolean {
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}
