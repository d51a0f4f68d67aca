/** Singular values and Lyapunov exponents, off the hot path: they cost more than a step. */
import { Worker } from "node:worker_threads";
import { builtFile } from "../builtFile.ts";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import type { Lyapunov } from "./lyapunov.ts";
import type { Spectra } from "./spectra.ts";
import type { SpectrumReply, SpectrumRequest } from "./spectrumWorker.ts";

interface Waiting {
  readonly resolve: (measured: Spectra | readonly Lyapunov[]) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread that decomposes matrices and walks along sequences, one request after the other. */
export class SpectrumMeter {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #waiting = new Map<number, Waiting>();

  /**
   * Starts a decomposition of every layer's transition matrices.
   *
   * @param parameters handed over to the worker: their memory is gone from this thread.
   * @returns the spectra; rejects when the worker fails, for instance out of memory.
   */
  async measure(spec: ModelSpec, parameters: TensorMap): Promise<Spectra> {
    return (await this.#ask({ spec, parameters })) as Spectra;
  }

  /**
   * Starts a walk along a sequence.
   *
   * @param parameters handed over to the worker: their memory is gone from this thread.
   * @param inputs of the sequence, [T, d]; copied.
   * @returns Lyapunov exponents, one entry a layer; rejects as `measure`.
   */
  async measureLyapunov(
    spec: ModelSpec,
    parameters: TensorMap,
    inputs: Float32Array,
  ): Promise<readonly Lyapunov[]> {
    // A view would take the whole test set along.
    return (await this.#ask({ spec, parameters, inputs: inputs.slice() })) as readonly Lyapunov[];
  }

  #ask(question: Omit<SpectrumRequest, "id">): Promise<Spectra | readonly Lyapunov[]> {
    const request: SpectrumRequest = { id: this.#nextId++, ...question };
    const result = new Promise<Spectra | readonly Lyapunov[]>((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
    });
    const memory = new Set([...question.parameters.values()].map(({ data }) => data.buffer as ArrayBuffer));
    this.#started().postMessage(request, [...memory]);
    return result;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(builtFile("spectrum-worker.js"));
    worker.on("message", (reply: SpectrumReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("message" in reply) waiting?.reject(new Error(reply.message));
      else waiting?.resolve(reply.measured);
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
