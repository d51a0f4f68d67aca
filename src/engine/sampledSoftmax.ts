/**
 * A softmax over some of the classes: those that occur among the batch's targets, which count in full, and a uniform
 * sample of the rest, each weighed by the inverse of its probability, so that the expected sum of exponentials is that
 * over all classes (importance sampling as in Jean, Cho, Memisevic & Bengio 2015; a stratum that is taken whole, and
 * one that is sampled without replacement).
 */
import { Random } from "../random.ts";
import type { ModelSpec } from "./engine.ts";

export interface Candidates {
  /** K classes in ascending order. */
  readonly classes: Int32Array;
  /** What is added to each one's logit: −ln of its probability of being among them; 0 for those of the batch. */
  readonly shift: Float32Array;
  /** The batch's targets as indices into `classes`. */
  readonly targets: Int32Array;
}

/**
 * The classes of one training step: a pure function of (spec, targets, count, step).
 *
 * @param count K; of fewer than that many different targets.
 * @param step steps taken before.
 * @throws RangeError when the targets are more than K different ones.
 */
export function candidatesOf(
  { outputSize }: Pick<ModelSpec, "outputSize">,
  targets: Int32Array,
  count: number,
  step: number,
): Candidates {
  const own = new Set(targets);
  if (own.size > count)
    throw new RangeError(
      `a softmax over ${count} classes cannot hold the ${own.size} different ones among a batch's targets`,
    );
  const sampled = Math.min(count, outputSize) - own.size;
  const chosen = new Set(own);
  const random = new Random(0, "sampled softmax", step);
  while (chosen.size < own.size + sampled) chosen.add(random.below(outputSize));
  const classes = Int32Array.from(chosen).sort();
  const shift = Math.fround(-Math.log(sampled / (outputSize - own.size)));
  const indexOf = new Map<number, number>();
  for (const [index, each] of classes.entries()) indexOf.set(each, index);
  return {
    classes,
    shift: Float32Array.from(classes, (each) => (own.has(each) ? 0 : shift)),
    targets: targets.map((target) => indexOf.get(target)!),
  };
}
