/** Worker thread: singular values of dense matrices by a library's SVD. */
import { parentPort } from "node:worker_threads";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { type Spectra, spectraOf } from "./spectra.ts";

export interface SpectrumRequest {
  readonly id: number;
  readonly spec: ModelSpec;
  readonly parameters: TensorMap;
}

export type SpectrumReply =
  | { readonly id: number; readonly spectra: Spectra }
  | { readonly id: number; readonly message: string };

parentPort?.on("message", ({ id, spec, parameters }: SpectrumRequest) => {
  let reply: SpectrumReply;
  try {
    reply = { id, spectra: spectraOf(spec, parameters) };
  } catch (error) {
    reply = { id, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
