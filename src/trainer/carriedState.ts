/** What an optimizer knows of parameters, carried over to the ones that take their place in a switch. */
import type { Batch, Model, Tensor, TensorMap } from "../engine/engine.ts";

/** Decay of Adam's second moment, for its bias. */
const beta2 = 0.999;
/**
 * The second moment is raised by this much besides: the first steps of the new parameters are a quarter as long as the
 * optimizer's usual ones, and come back to those as Adam forgets, over some 2,000 steps. A step along reflectors or along
 * the entries of W turns W by different amounts, which no state of the old parameters foretells.
 */
const caution = 16;
/** Weight of the newest gradients in the first moment, as in Adam's own mean. */
const beta1 = 0.9;

/**
 * Adam's (and RMSProp's) state for the parameters that a switch has made.
 *
 * From zero, the first steps would go the full learning rate along every entry's sign, while those of an optimizer that
 * has seen larger gradients are much shorter: after 6,000 steps of the adding problem the loss was seen to rise from
 * 0.14 to 1.8. So first and second moments are measured on recent batches, and the second is raised by as much as the
 * state of the layer's parameters lies above the squares of their gradients on the same batches (of the parameter where
 * that is most): what the optimizer remembers of larger gradients it goes on remembering.
 *
 * @param before the model with its optimizer.
 * @param after the switched model.
 * @param kept state of what passes through; it is returned with the rest.
 * @param batches of the training, newest last; none: the new parameters begin at zero.
 */
export function carriedState(
  before: Model,
  after: Model,
  kept: TensorMap,
  batches: readonly Batch[],
): TensorMap {
  const old = before.getOptimizerState();
  const replaced = namesOf(old, "v").filter((name) => !kept.has(`v.${name}`));
  if (batches.length === 0 || replaced.length === 0) return kept;
  const all = namesOf(old, "v");
  const gradientsBefore = moments(before, batches, all);
  const names = [...after.getParameters().keys()].filter(
    (name) => !kept.has(`v.${name}`) && layerOf(name) !== undefined,
  );
  const gradientsAfter = moments(after, batches, names);
  const state = new Map(kept);
  for (const name of names) {
    const here = replaced.filter((one) => layerOf(one) === layerOf(name));
    const steps = old.get(`t.${here[0]}`);
    const found = gradientsAfter.get(name);
    if (here.length === 0 || steps === undefined || found === undefined) continue;
    const ratios = all
      .filter((one) => layerOf(one) === layerOf(name))
      .map((one) => meanOf(old.get(`v.${one}`)!.data) / meanOf(gradientsBefore.get(one)!.second));
    const seen = 1 - beta2 ** steps.data[0]!;
    const raise = caution * Math.max(seen, ...ratios.filter(Number.isFinite));
    const { shape } = after.getParameters().get(name)!;
    const tensor = (data: Float32Array): Tensor => ({ shape, data });
    if (old.has(`m.${here[0]}`)) state.set(`m.${name}`, tensor(found.first));
    state.set(`v.${name}`, tensor(found.second.map((square) => square * raise)));
    state.set(`t.${name}`, { shape: [], data: steps.data.slice() });
  }
  return state;
}

interface Moments {
  /** Mean of the gradients, the newest weighing most. */
  readonly first: Float32Array;
  /** Mean of their squares. */
  readonly second: Float32Array;
}

function moments(model: Model, batches: readonly Batch[], names: readonly string[]): Map<string, Moments> {
  const found = new Map<string, { first: Float32Array; second: Float32Array }>();
  let weight = 0;
  for (const batch of batches) {
    const { gradients } = model.gradients(batch);
    weight = beta1 * weight + 1;
    for (const name of names) {
      const { data } = gradients.get(name)!;
      let moment = found.get(name);
      if (moment === undefined) {
        moment = { first: new Float32Array(data.length), second: new Float32Array(data.length) };
        found.set(name, moment);
      }
      const { first, second } = moment;
      for (let i = 0; i < data.length; i++) {
        first[i] = first[i]! + (data[i]! - first[i]!) / weight;
        second[i]! += data[i]! ** 2 / batches.length;
      }
    }
  }
  return found;
}

function namesOf(state: TensorMap, kind: string): string[] {
  return [...state.keys()]
    .filter((name) => name.startsWith(`${kind}.`))
    .map((name) => name.slice(kind.length + 1));
}

/** `layers.0` of a recurrent parameter; undefined for the head's. */
function layerOf(name: string): string | undefined {
  return /^layers\.\d+/.exec(name)?.[0];
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
