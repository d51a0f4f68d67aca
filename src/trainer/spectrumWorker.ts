/** Worker thread: singular values of dense matrices by a library's SVD. */
import { parentPort } from "node:worker_threads";
import { singularValues } from "../engine/singularValues.ts";

export interface SpectrumRequest {
  readonly id: number;
  /** Every block is n × n. */
  readonly n: number;
  readonly layers: readonly Readonly<Record<string, Float32Array>>[];
}

export type SpectrumReply =
  | { readonly id: number; readonly layers: readonly Readonly<Record<string, Float32Array>>[] }
  | { readonly id: number; readonly message: string };

parentPort?.on("message", ({ id, n, layers }: SpectrumRequest) => {
  let reply: SpectrumReply;
  try {
    reply = {
      id,
      layers: layers.map((blocks) =>
        Object.fromEntries(
          Object.entries(blocks).map(([name, block]) => [name, singularValues(block, n, n)]),
        ),
      ),
    };
  } catch (error) {
    reply = { id, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
