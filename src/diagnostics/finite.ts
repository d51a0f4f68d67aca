/** Where NaN or an infinity began. */

/** A place in a layer's gradient, with timesteps counted from 1 as in telemetry. */
export interface NonFinitePlace {
  readonly layer: number;
  /** 1 … T. */
  readonly timestep: number;
  readonly value: number;
}

/**
 * The first value that is NaN or infinite, in the order in which it was computed.
 *
 * @param values one number per timestep, or [T, B].
 * @param order "forward": from timestep 1 on (states, losses); "backward": from timestep T back (gradients).
 * @param batch B: values per timestep.
 * @returns timestep (1 … T) and value; undefined when all are finite.
 */
export function firstNonFinite(
  values: ArrayLike<number>,
  order: "forward" | "backward",
  batch = 1,
): { timestep: number; value: number } | undefined {
  const length = values.length / batch;
  for (let step = 0; step < length; step++) {
    const t = order === "forward" ? step : length - 1 - step;
    for (let i = t * batch; i < (t + 1) * batch; i++)
      if (!Number.isFinite(values[i])) return { timestep: t + 1, value: values[i]! };
  }
  return undefined;
}

/**
 * Where the gradient stopped being finite: backpropagation runs from the last layer to the first and, inside each,
 * from timestep T to 1.
 *
 * @param layers ∂L/∂h norms of each layer, first layer first: [T], or [T, B].
 * @param batch B: values per timestep.
 */
export function firstNonFiniteGradient(
  layers: readonly ArrayLike<number>[],
  batch = 1,
): NonFinitePlace | undefined {
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const place = firstNonFinite(layers[layer]!, "backward", batch);
    if (place) return { layer, ...place };
  }
  return undefined;
}

/**
 * The first timestep whose outputs are not finite, for a model that can only be asked for the end of a sequence:
 * bisection over prefixes. It takes for granted that what is not finite stays so.
 *
 * @param length T.
 * @param finiteAt whether everything is finite after the first t timesteps, 1 ≤ t ≤ T.
 * @returns 1 … T, or undefined when the whole sequence is finite.
 */
export function firstNonFiniteTimestep(length: number, finiteAt: (t: number) => boolean): number | undefined {
  if (length < 1 || finiteAt(length)) return undefined;
  let finite = 0;
  let broken = length;
  while (broken - finite > 1) {
    const middle = (finite + broken) >> 1;
    if (finiteAt(middle)) finite = middle;
    else broken = middle;
  }
  return broken;
}
