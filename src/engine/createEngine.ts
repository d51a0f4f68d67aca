/** Engines by name. */
import type { Experiment } from "../experiment/schema.ts";
import { tensorflowFolder } from "../tensorflowFolder.ts";
import type { Engine } from "./engine.ts";
import { createFusedEngine, type GradientCheckpointing } from "./fused/createFusedEngine.ts";
import type { BackendReport } from "./tensorflow/backends.ts";

export type { BackendReport };

export interface EngineOptions {
  /** Of the fused engine, or of an operation of libtensorflow; undefined: as many as it finds useful here. */
  readonly threads: number | undefined;
  /** Of the fused engine; "tensorflow" has none. Default: "off". */
  readonly gradientCheckpointing?: GradientCheckpointing | undefined;
}

/**
 * Makes the engine that an experiment asks for; "auto" is the fused one.
 *
 * @throws Error when this machine cannot offer it.
 */
export async function createEngine(name: Experiment["engine"], options: EngineOptions): Promise<Engine> {
  switch (name) {
    case "auto":
    case "fused":
      return await createFusedEngine(options);
    case "tensorflow":
      return await (await loadTensorflow()).createTensorflowEngine({
        threads: options.threads,
        folder: tensorflowFolder(),
      });
  }
}

/** Tries every backend of the engine "tensorflow". */
export async function examineTensorflow(): Promise<BackendReport[]> {
  return await (await loadTensorflow()).examineBackends({ folder: tensorflowFolder() });
}

/** Loaded when it is needed: TensorFlow.js takes a while, and most runs do without. */
function loadTensorflow() {
  return import("./tensorflow/createTensorflowEngine.ts");
}
