/**
 * Changing how a trained model's transition matrix is parameterized without changing what the model computes.
 *
 * The optimizer's state belongs to the parameters that it was gathered for: that of the parameters that pass through
 * stays valid; that of W, u, v and p does not carry over.
 */
import { materializeOrthogonal } from "../spectral/orthogonal.ts";
import type { BandReport } from "../spectral/sigma.ts";
import { singularValues } from "../spectral/singularValueDecomposition.ts";
import { fromMatrix, materialize } from "../spectral/spectral.ts";
import type { ModelSpec, Tensor, TensorMap } from "./engine.ts";
import { assertParameters, matrixShape, parameterShapes } from "./parameters.ts";

export interface SwitchOptions {
  /** r and σ* of the band to switch into; default: those of the spec. */
  readonly radius?: number | undefined;
  readonly center?: number | undefined;
  /** Reflectors of U and V; default: n, with which every matrix can be expressed. */
  readonly reflectors?: number | readonly [number, number] | undefined;
  /** Accept that W changes: move singular values into the band, and make do with the reflectors given. */
  readonly clip?: boolean | undefined;
}

export interface SwitchReport {
  /** Smallest and largest singular value of W before the switch, over all layers. */
  readonly sigma: readonly [number, number];
  /** How far the farthest singular value lay outside the band; 0 when none did. */
  readonly clipped: number;
  /** Singular values moved: outside the band, or at its edge. */
  readonly clippedCount: number;
  /** Largest ‖W_after − W_before‖ / ‖W_before‖ of any layer (Frobenius), float32 rounding included. */
  readonly representationError: number;
}

/** A switch that is impossible, or that would change what the model computes without leave to do so. */
export class SwitchError extends Error {
  /** What the switch would do; absent when it is impossible as such. */
  readonly report: SwitchReport | undefined;

  constructor(message: string, report?: SwitchReport) {
    super(message);
    this.name = "SwitchError";
    this.report = report;
  }
}

/** Spectra of float32 matrices are known to about this, relative to max(1, σ): nearer to the band counts as inside. */
const rounding = 1e-6;

/** Beyond this relative change of W, logits could differ by more than the 1e-4 that a switch promises. */
const keptError = 2e-5;

function assertPossible(spec: ModelSpec, to: "spectral" | "rnn"): void {
  if (spec.cell === "lstm" || spec.cell === "gru")
    throw new SwitchError(
      `a ${spec.cell} model cannot be switched to ${to}: its gates have no such parameterization; only rnn, spectral and orthogonal models can`,
    );
  if (spec.cell === to) throw new SwitchError(`the model's cell is ${to} already`);
}

function targetSpec(spec: ModelSpec, to: "spectral" | "rnn", options: SwitchOptions): ModelSpec {
  if (to === "rnn") return { ...spec, cell: "rnn" };
  const n = spec.hidden;
  const { radius = spec.radius, center = spec.center, reflectors = n } = options;
  const pair: readonly [number, number] =
    typeof reflectors === "number" ? [reflectors, reflectors] : reflectors;
  for (const m of pair)
    if (!Number.isInteger(m) || m < 1 || m > n)
      throw new SwitchError(`reflectors must be integers from 1 to the hidden size ${n}, not ${m}`);
  if (!(radius > 0 && Number.isFinite(radius)))
    throw new SwitchError(`the radius must be above 0, not ${radius}`);
  if (!(center >= 0 && Number.isFinite(center)))
    throw new SwitchError(`the center must be 0 or above, not ${center}`);
  return { ...spec, cell: "spectral", reflectors: pair, radius, center };
}

/** W of one layer in double precision: [n, n]; of a feed-forward net's first, [n, d]. */
function transitionMatrix(spec: ModelSpec, parameters: TensorMap, layer: number): Float64Array {
  const values = (name: string) => Float64Array.from(parameters.get(`layers.${layer}.${name}`)!.data);
  const shape = matrixShape(spec, layer);
  if (spec.cell === "spectral") return materialize(shape, { u: values("u"), v: values("v"), p: values("p") });
  if (spec.cell === "orthogonal" && shape.rows !== shape.columns) {
    // σ = 1 is where p = 0 stands in a band around 1.
    const p = new Float64Array(Math.min(shape.rows, shape.columns));
    return materialize({ ...shape, center: 1 }, { u: values("u"), v: values("v"), p });
  }
  if (spec.cell === "orthogonal")
    return materializeOrthogonal({ size: spec.hidden, reflectors: spec.reflectors[0] }, values("u"));
  const w = values("W");
  const bad = w.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new SwitchError(
      `layers.${layer}.W has ${w[bad]} at row ${Math.floor(bad / shape.columns)}, column ${bad % shape.columns}; only finite matrices can be switched`,
    );
  return w;
}

function relativeError(before: Float64Array, after: Float64Array): number {
  const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const difference = norm(before.map((value, i) => value - after[i]!));
  return difference === 0 ? 0 : difference / norm(before);
}

/** A layer's new recurrent parameters by short name, and how its spectrum lies in the band. */
function express(
  w: Float64Array,
  target: ModelSpec,
  layer: number,
): { values: Record<string, Float64Array>; band: BandReport } {
  const shape = matrixShape(target, layer);
  const { rows, columns } = shape;
  if (target.cell === "rnn") {
    const sigma = singularValues(w, rows, columns);
    return {
      values: { W: w },
      band: { count: sigma.length, sigma: [sigma.at(-1)!, sigma[0]!], outside: 0, distance: 0 },
    };
  }
  const { parameters, report } = fromMatrix(w, shape, { clip: true });
  const { u, v, p } = parameters;
  return { values: { u: asAtTheStart(u, rows), v: asAtTheStart(v, columns), p }, band: report };
}

/**
 * Reflectors as long as those that training begins with, whose coordinates have a mean square of 1. A reflector's length
 * has no part in what it does, but an optimizer's step turns a short one by a wider angle: at length 1 the first steps
 * after a switch turned W by so much that the loss jumped.
 */
function asAtTheStart(reflectors: Float64Array, n: number): Float64Array {
  const scaled = Float64Array.from(reflectors);
  for (let row = 0; row * n < scaled.length; row++) {
    let square = 0;
    for (let i = row * n; i < (row + 1) * n; i++) square += scaled[i]! ** 2;
    if (square === 0) continue;
    const scale = Math.sqrt((n - row) / square);
    for (let i = row * n; i < (row + 1) * n; i++) scaled[i]! *= scale;
  }
  return scaled;
}

/** Why a switch would change the model, or undefined when it would not. */
function refusal(target: ModelSpec, report: SwitchReport): string | undefined {
  const { sigma, clipped, clippedCount, representationError } = report;
  const { center, radius, hidden, layers, reflectors } = target;
  const changed = representationError > keptError;
  if (clipped > rounding * Math.max(1, sigma[1]) || (changed && Math.min(...reflectors) === hidden))
    return (
      `${clippedCount} of ${hidden * layers} singular values lie outside the band ` +
      `(${center - radius}, ${center + radius}) or at its edge, the farthest by ${clipped.toPrecision(3)}: they range ` +
      `from ${sigma[0].toPrecision(6)} to ${sigma[1].toPrecision(6)}; choose a larger radius, or allow clipping, which changes W`
    );
  if (changed)
    return (
      `with ${reflectors.join(" and ")} reflectors W can only be matched to a relative error of ` +
      `${representationError.toPrecision(3)}; use ${hidden}, or allow clipping to go on with a changed W`
    );
  return undefined;
}

/**
 * Switches a model between the vanilla and the SVD parameterization: rnn ↔ spectral, orthogonal → either. W stays
 * the same to float32 rounding, or within 1e-5 of the band's width for singular values at its edge; computed in
 * double precision, O(n³) a layer. Tensors other than the recurrent parameters pass through as they are.
 *
 * @param parameters every parameter that `parameterShapes(spec)` names.
 * @returns the new spec, its parameters, and what happened to the spectrum.
 * @throws SwitchError for lstm and gru, for the cell the model has already, for options out of range, for a W that
 *   is not finite; and, with the report of what it would do, when W would have to change and `clip` is not set.
 */
export function switchParameterization(
  spec: ModelSpec,
  parameters: TensorMap,
  to: "spectral" | "rnn",
  options: SwitchOptions = {},
): { spec: ModelSpec; parameters: TensorMap; report: SwitchReport } {
  assertPossible(spec, to);
  assertParameters(spec, parameters);
  const target = targetSpec(spec, to, options);

  const shapes = new Map(parameterShapes(target).map(({ name, shape }) => [name, shape]));
  const recurrent: TensorMap = new Map();
  let [minimum, maximum] = [Number.POSITIVE_INFINITY, 0];
  let [clipped, clippedCount, representationError] = [0, 0, 0];
  for (let layer = 0; layer < spec.layers; layer++) {
    const before = transitionMatrix(spec, parameters, layer);
    const { values, band } = express(before, target, layer);
    for (const [short, data] of Object.entries(values)) {
      const name = `layers.${layer}.${short}`;
      recurrent.set(name, { shape: shapes.get(name)!, data: Float32Array.from(data) });
    }
    minimum = Math.min(minimum, band.sigma[0]);
    maximum = Math.max(maximum, band.sigma[1]);
    clipped = Math.max(clipped, band.distance);
    clippedCount += band.outside;
    const after = transitionMatrix(target, recurrent, layer);
    representationError = Math.max(representationError, relativeError(before, after));
  }

  const report: SwitchReport = { sigma: [minimum, maximum], clipped, clippedCount, representationError };
  const reason = options.clip ? undefined : refusal(target, report);
  if (reason) throw new SwitchError(`cannot switch to ${to} without changing the model: ${reason}`, report);
  const switched = new Map(
    [...shapes.keys()].map((name): [string, Tensor] => [
      name,
      (recurrent.get(name) ?? parameters.get(name))!,
    ]),
  );
  return { spec: target, parameters: switched, report };
}
