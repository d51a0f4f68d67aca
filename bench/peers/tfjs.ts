/** TensorFlow.js on each of its backends, through our engine of that name. */
import type { Engine } from "../../src/engine/engine.ts";
import { backendNames } from "../../src/engine/tensorflow/backends.ts";
import { createTensorflowEngine } from "../../src/engine/tensorflow/createTensorflowEngine.ts";
import { settings } from "../measure.ts";
import { type Contestant, checkedSteps, firstSteps, localContestant } from "./contestant.ts";
import type { Framework } from "./framework.ts";

const labels = { native: "libtensorflow", wasm: "WebAssembly", cpu: "JavaScript" } as const;

/** Above this many multiplications of the recurrence a step is not awaited. */
const largest = 128 * 128 * 128 * 150;

/**
 * @param folder where your own tfjs-node is installed; without, the backends that come with npm.
 * @param note told of each backend that does not work here.
 */
export async function startTfjs(
  folder: string | undefined,
  note: (text: string) => void,
): Promise<Framework | undefined> {
  const engines = new Map<string, Engine>();
  for (const backend of backendNames) {
    try {
      const options = { backend, folder: backend === "native" ? folder : undefined };
      engines.set(labels[backend], await createTensorflowEngine(options));
    } catch (error) {
      note(`tfjs ${labels[backend]}: absent; ${error instanceof Error ? error.message : error}`);
    }
  }
  if (engines.size === 0) return undefined;
  const opened: Contestant[] = [];
  return {
    name: "tfjs",
    version: [...engines.values()].map(({ description }) => description).join("; "),
    takes: ({ n, B, T }) => n * n * B * T <= largest,
    namesFor: async () => [...engines.keys()],
    open: async (name, { spec, parameters, batch }, slowestMs) => {
      const model = engines.get(name)!.createModel(spec, settings, parameters);
      const contestant = localContestant(`tfjs ${name}`, model, batch);
      opened.push(contestant);
      return { contestant, first: firstSteps(model, batch, slowestMs) };
    },
    comparableLosses: () => checkedSteps + 1,
    close: async () => {
      for (const contestant of opened.splice(0)) contestant.dispose();
    },
    stop: async () => {
      for (const engine of engines.values()) await engine.dispose();
    },
  };
}
