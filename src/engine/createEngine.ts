/** Engines by name. */
import type { Experiment } from "../experiment/schema.ts";
import type { Engine } from "./engine.ts";
import { createFusedEngine } from "./fused/createFusedEngine.ts";

export interface EngineOptions {
  /** Threads of the fused engine; undefined: as many as it finds useful here. */
  readonly threads: number | undefined;
}

/**
 * Makes the engine that an experiment asks for; "auto" is the fused one.
 *
 * @throws Error when this machine or this version cannot offer it.
 */
export async function createEngine(name: Experiment["engine"], options: EngineOptions): Promise<Engine> {
  switch (name) {
    case "auto":
    case "fused":
      return await createFusedEngine(options.threads === undefined ? {} : { threads: options.threads });
    case "tensorflow":
      throw new Error(
        'the engine "tensorflow" is not yet in this version; set "engine" to "auto" or "fused" in the experiment',
      );
  }
}
