/** The TensorFlow.js engine: the models of the fused one, by TensorFlow.js's operations and differentiation. */
import type { Engine } from "../engine.ts";
import { type BackendOptions, startBackend } from "./backends.ts";
import { TensorflowModel } from "./model.ts";

export { type BackendName, type BackendOptions, type BackendReport, examineBackends } from "./backends.ts";

/**
 * Its results agree with the fused engine's to float32 rounding, not in every bit; checkpoints of either load in both.
 * @throws Error that says why no backend, or not the one asked for, works here.
 */
export async function createTensorflowEngine(options: BackendOptions = {}): Promise<Engine> {
  const { tf, description, activate } = await startBackend(options);
  return {
    name: "tensorflow",
    description,
    createModel: (spec, optimizer, parameters, state) =>
      new TensorflowModel({ tf, spec }, optimizer, parameters, state, activate),
    dispose: async () => {},
  };
}
