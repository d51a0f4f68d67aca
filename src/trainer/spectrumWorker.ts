/** Worker thread: singular values of dense matrices by a library's SVD, and Lyapunov exponents by repeated QR. */
import { parentPort } from "node:worker_threads";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { type Lyapunov, lyapunovTelemetry } from "./lyapunov.ts";
import { type Spectra, spectraOf } from "./spectra.ts";

export interface SpectrumRequest {
  readonly id: number;
  readonly spec: ModelSpec;
  readonly parameters: TensorMap;
  /** Inputs of the sequence to take Lyapunov exponents along, [T, d]; absent: singular values are wanted. */
  readonly inputs?: Float32Array;
}

export type SpectrumReply =
  | { readonly id: number; readonly measured: Spectra | readonly Lyapunov[] }
  | { readonly id: number; readonly message: string };

parentPort?.on("message", ({ id, spec, parameters, inputs }: SpectrumRequest) => {
  let reply: SpectrumReply;
  try {
    const measured = inputs ? lyapunovTelemetry(spec, parameters, inputs) : spectraOf(spec, parameters);
    reply = { id, measured };
  } catch (error) {
    reply = { id, message: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
