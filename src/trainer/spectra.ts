/** Singular values of a model's transition matrices, as telemetry holds them. */
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { spectrumOf } from "../engine/singularValues.ts";

/** Of each layer: singular values in descending order by transition matrix. */
export type Spectra = readonly Readonly<Record<string, Float32Array>>[];

/** Whether the singular values follow from the parameters without a decomposition. */
export function spectrumIsKnown(spec: ModelSpec): boolean {
  return spec.cell === "spectral" || spec.cell === "orthogonal";
}

/** Singular values in single precision, as telemetry holds them; dense matrices are decomposed on the spot. */
export function spectraOf(spec: ModelSpec, parameters: TensorMap): Spectra {
  return spectrumOf(spec, parameters).map((transitions) =>
    Object.fromEntries(
      Object.entries(transitions).map(([name, values]) => [name, Float32Array.from(values)]),
    ),
  );
}
