/**
 * A number for how much a trained classifier could vary within its norms, compared with how surely it decides: what
 * generalization bounds for recurrent networks grow with.
 *
 * In spectrally normalized margin bounds (Bartlett, Foster & Telgarsky 2017; for recurrent networks Zhang, Lei &
 * Dhillon 2018, by the PAC-Bayes argument of Neyshabur, Bhojanapalli & Srebro 2018) the test error exceeds the share of
 * training sequences inside the margin γ by about a product of spectral norms divided by γ √(number of sequences), times
 * factors of the sizes alone. This is that product,
 *
 *   ‖Y‖₂ · max‖x_t‖ · Π_layers ‖M‖₂ Σ_{k=0}^{T−1} ‖W‖₂^k / γ,
 *
 * with Y the head's matrix: the largest that ‖Y h_T‖ can become, biases left aside, for any φ with φ(0) = 0 and slopes
 * of at most 1, in units of the margin. It is a term of a bound, and not a bound: no more than the order of runs on the
 * same data should be read from it. A band around σ* = 1 keeps the sum near T; a free W lets it grow as ‖W‖₂^T.
 */

export interface CapacityFactors {
  /** ‖Y‖₂. */
  readonly head: number;
  /** Largest ‖x_t‖₂. */
  readonly input: number;
  /** ‖M‖₂ and ‖W‖₂ of each layer. */
  readonly layers: readonly { readonly input: number; readonly transition: number }[];
  /** T ≥ 1. */
  readonly length: number;
  /** γ: by how much the right class's logit exceeds the largest other one. */
  readonly margin: number;
}

/**
 * log₁₀ of the product, which itself would overflow for long sequences. Infinity for a margin of 0 or less: there the
 * bounds say nothing.
 */
export function capacityLog10({ head, input, layers, length, margin }: CapacityFactors): number {
  if (!(margin > 0)) return Number.POSITIVE_INFINITY;
  let sum = Math.log10(head) + Math.log10(input) - Math.log10(margin);
  for (const layer of layers) sum += Math.log10(layer.input) + geometricLog10(layer.transition, length);
  return sum;
}

/** log₁₀ of 1 + s + s² + … + s^{T−1}, for s ≥ 0, without overflow and with all digits next to s = 1. */
function geometricLog10(s: number, length: number): number {
  if (s === 1) return Math.log10(length);
  // (s^T − 1) / (s − 1), in terms of ln s.
  const rate = Math.log(s);
  const power = length * rate;
  if (power < 1) return Math.log10(Math.expm1(power) / Math.expm1(rate));
  return (power + Math.log1p(-Math.exp(-power)) - Math.log(Math.expm1(rate))) / Math.LN10;
}
