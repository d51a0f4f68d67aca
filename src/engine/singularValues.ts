/** The singular values of a model's transition matrices, as telemetry and `inspect` show them. */

import { singularValues } from "../spectral/singularValueDecomposition.ts";
import { sigmaValues } from "../spectral/spectral.ts";
import type { ModelSpec, TensorMap } from "./engine.ts";
import { assertParameters, isDeep, matrixShape, recordedLayers, transitionNames } from "./parameters.ts";

export { singularValues };

/**
 * Singular values, descending, of every transition matrix: one entry a layer, keyed by `transitionNames(spec)`; of a
 * feed-forward net one entry, with its `recordedLayers`.
 * spectral: |σ(p)|, known without a decomposition; orthogonal: ones; rnn, lstm, gru: by decomposition of each block
 * of n rows, O(n³), so off the hot path.
 * @throws Error when a parameter is missing, has another shape, or a dense matrix is not finite (naming it).
 */
export function spectrumOf(spec: ModelSpec, parameters: TensorMap): Record<string, Float64Array>[] {
  assertParameters(spec, parameters);
  if (isDeep(spec)) return [deepSpectrum(spec, parameters)];
  const n = spec.hidden;
  return Array.from({ length: spec.layers }, (_, layer) => {
    const values = (name: string) => parameters.get(`layers.${layer}.${name}`)!.data;
    if (spec.cell === "spectral") return { W: sigmaValues(values("p"), spec).map(Math.abs).sort().reverse() };
    if (spec.cell === "orthogonal") return { W: new Float64Array(n).fill(1) };
    const w = values("W");
    return Object.fromEntries(
      transitionNames(spec).map((name, gate) => {
        try {
          return [name, singularValues(w.subarray(gate * n * n, (gate + 1) * n * n), n, n)];
        } catch (error) {
          throw notFinite(`layers.${layer}.W (${name})`, error);
        }
      }),
    );
  });
}

function deepSpectrum(spec: ModelSpec, parameters: TensorMap): Record<string, Float64Array> {
  const names = transitionNames(spec);
  return Object.fromEntries(
    recordedLayers(spec).map((layer, i) => {
      const values = (name: string) => parameters.get(`layers.${layer}.${name}`)!.data;
      const { rows, columns, ...band } = matrixShape(spec, layer);
      const spectrum = (): Float64Array => {
        if (spec.cell === "spectral") return sigmaValues(values("p"), band).map(Math.abs).sort().reverse();
        if (spec.cell === "orthogonal") return new Float64Array(Math.min(rows, columns)).fill(1);
        try {
          return singularValues(values("W"), rows, columns);
        } catch (error) {
          throw notFinite(`layers.${layer}.W`, error);
        }
      };
      return [names[i]!, spectrum()];
    }),
  );
}

function notFinite(what: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`${what}: ${reason}`, { cause: error });
}
