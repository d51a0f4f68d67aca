/** Singular values of a model's transition matrices, off the hot path where they cost something. */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { transitionNames } from "../engine/parameters.ts";
import type { SpectrumReply, SpectrumRequest } from "./spectrumWorker.ts";

/** Of each layer: singular values in descending order by transition matrix. */
export type Spectra = readonly Readonly<Record<string, Float32Array>>[];

/** Whether the singular values follow from the parameters without a decomposition. */
export function spectrumIsKnown(spec: ModelSpec): boolean {
  return spec.cell === "spectral" || spec.cell === "orthogonal";
}

/**
 * Singular values of spectral and orthogonal cells: σ_i = 2r (sigmoid(p_i) − ½) + σ*, in absolute value and
 * sorted; all ones.
 */
export function knownSpectra(spec: ModelSpec, parameters: TensorMap): Spectra {
  return Array.from({ length: spec.layers }, (_, layer) => {
    if (spec.cell === "orthogonal") return { W: new Float32Array(spec.hidden).fill(1) };
    const p = parameters.get(`layers.${layer}.p`)!.data;
    // A band around a center below its radius holds negative σ, whose sign belongs to U: their size is the value.
    const values = p.map((value) =>
      Math.abs(2 * spec.radius * (1 / (1 + Math.exp(-value)) - 0.5) + spec.center),
    );
    return { W: values.sort().reverse() };
  });
}

/** The n × n blocks of a layer's dense transition matrix, by gate. */
export function transitionBlocks(
  spec: ModelSpec,
  parameters: TensorMap,
  layer: number,
): Readonly<Record<string, Float32Array>> {
  const { data } = parameters.get(`layers.${layer}.W`)!;
  const size = spec.hidden * spec.hidden;
  return Object.fromEntries(
    transitionNames(spec).map((name, gate) => [name, data.slice(gate * size, (gate + 1) * size)]),
  );
}

/** The built worker: beside the bundle that this module is in, or in dist/ when run from source. */
function workerFile(): URL {
  const beside = new URL("./spectrum-worker.js", import.meta.url);
  return existsSync(beside) ? beside : new URL("../../dist/spectrum-worker.js", import.meta.url);
}

interface Waiting {
  readonly resolve: (spectra: Spectra) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread that decomposes dense transition matrices, one request after the other. */
export class SpectrumMeter {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, Waiting>();

  /**
   * Starts a decomposition of every layer's dense transition matrices.
   *
   * @param parameters of an rnn, lstm or gru; what is sent to the worker is copied.
   * @returns the spectra; rejects when the worker fails, for instance out of memory.
   */
  measure(spec: ModelSpec, parameters: TensorMap): Promise<Spectra> {
    const layers = Array.from({ length: spec.layers }, (_, layer) =>
      transitionBlocks(spec, parameters, layer),
    );
    const request: SpectrumRequest = { id: this.#nextId++, n: spec.hidden, layers };
    const buffers = layers.flatMap((blocks) =>
      Object.values(blocks).map((block) => block.buffer as ArrayBuffer),
    );
    const result = new Promise<Spectra>((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
    });
    this.#started().postMessage(request, buffers);
    return result;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(workerFile());
    worker.on("message", (reply: SpectrumReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("message" in reply) waiting?.reject(new Error(reply.message));
      else waiting?.resolve(reply.layers);
    });
    const fail = (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`the spectrum worker ended with code ${code}`)));
    this.#worker = worker;
    return worker;
  }
}
