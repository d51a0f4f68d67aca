/** From series of any lengths to sequences of one length. */
import { emptyInputs, type LabelledSequences } from "../sequences.ts";
import type { LabelledSeries } from "./series.ts";

/** How series become sequences. */
export interface Layout {
  readonly unequal: "pad" | "resample";
  /** Values that a series has once it is padded or resampled. */
  readonly length: number;
  /** Values of a one-dimensional series that are read together; 1 for more dimensions. */
  readonly together: number;
}

/** Values of the longest series. */
export function longest(...sets: readonly LabelledSeries[]): number {
  let most = 0;
  for (const { series } of sets) for (const [first] of series) if (first!.length > most) most = first!.length;
  return most;
}

/**
 * Sequences [size, ⌈length / together⌉, together] of one-dimensional series, else [size, length, dimensions]. What is
 * missing in front is 0, so that the last timestep is always a real one.
 *
 * @param what names the set in the error message.
 * @throws Error when they would not fit into memory.
 */
export function layOut(
  set: LabelledSeries,
  targets: Int32Array,
  layout: Layout,
  what: string,
): LabelledSequences {
  const { dimensions, series } = set;
  const { unequal, length: values, together } = layout;
  const length = Math.ceil(values / together);
  const inputSize = dimensions === 1 ? together : dimensions;
  const inputs = emptyInputs(what, series.length, length, inputSize);
  const each = length * inputSize;
  for (const [i, one] of series.entries())
    for (const [d, original] of one.entries()) {
      const final = unequal === "resample" ? resample(original, values) : original;
      // The end of the series is the end of the sequence.
      const start = (i + 1) * each - final.length * dimensions + d;
      for (let t = 0; t < final.length; t++) inputs[start + t * dimensions] = final[t]!;
    }
  return { size: series.length, length, inputSize, inputs, targets };
}

/** `length` values at equal distances along the lines between a series' values; both ends are kept. */
export function resample(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const last = values.length - 1;
  return Float32Array.from({ length }, (_, i) => {
    // Of a sequence of one timestep, that one is the end.
    const at = length === 1 ? last : (i * last) / (length - 1);
    const before = Math.min(Math.floor(at), last);
    const after = Math.min(before + 1, last);
    return values[before]! + (values[after]! - values[before]!) * (at - before);
  });
}
