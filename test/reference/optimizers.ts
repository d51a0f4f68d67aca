/**
 * One update of every parameter.
 *
 * adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019), rmsprop (Tieleman & Hinton 2012)
 * and sgd with momentum; the gradient is first scaled to a global norm of at most clipNorm (Pascanu et al. 2013).
 */
import type { ModelSpec, OptimizerSettings } from "../../src/engine/engine.ts";
import { parameterShapes } from "../../src/engine/parameters.ts";
import { norm } from "./matrix.ts";
import type { Doubles } from "./model.ts";

const beta1 = 0.9;
const beta2 = 0.999;
const rmspropDecay = 0.99;
const epsilon = 1e-8;

export interface Update {
  readonly gradientNorm: number;
  readonly clippedGradientNorm: number;
  /** ‖gradient‖ before clipping, and ‖update‖ / ‖parameter before it‖ (0 when both are 0), of each parameter. */
  readonly parameters: readonly { name: string; gradientNorm: number; updateRatio: number }[];
}

/** Which moments an optimizer keeps. */
export function momentNames(optimizer: OptimizerSettings["optimizer"]): readonly ("m" | "v")[] {
  return optimizer === "adam" ? ["m", "v"] : optimizer === "rmsprop" ? ["v"] : ["m"];
}

/** State at step 0: `m.<parameter>` and `v.<parameter>` as needed, and `t.<parameter>`, all zero. */
export function initialState(spec: ModelSpec, settings: OptimizerSettings): Doubles {
  const state: Doubles = new Map();
  for (const { name, shape } of parameterShapes(spec)) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    for (const moment of momentNames(settings.optimizer))
      state.set(`${moment}.${name}`, new Float64Array(size));
    state.set(`t.${name}`, new Float64Array(1));
  }
  return state;
}

/** ‖g‖₂ over all parameters together. */
export function globalNorm(gradients: Doubles): number {
  return norm([...gradients.values()].map(norm));
}

/** Changes `parameters` and `state` in place. */
export function update(
  spec: ModelSpec,
  settings: OptimizerSettings,
  learningRate: number,
  parameters: Doubles,
  gradients: Doubles,
  state: Doubles,
): Update {
  const gradientNorm = globalNorm(gradients);
  const { clipNorm } = settings;
  const scale = clipNorm !== undefined && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
  const measures: Update["parameters"][number][] = [];
  for (const { name, shape, decays } of parameterShapes(spec)) {
    const p = parameters.get(name)!;
    const before = p.slice();
    const t = ++state.get(`t.${name}`)![0]!;
    const gradient = gradients.get(name)!;
    for (let k = 0; k < p.length; k++) {
      const direction = step(settings, state, name, k, t, gradient[k]! * scale);
      p[k]! -= learningRate * (direction + (decays ? settings.weightDecay * p[k]! : 0));
    }
    if (name.endsWith(".u") || name.endsWith(".v")) keepReflectors(p, before, shape as [number, number]);
    const change = norm(p.map((value, k) => value - before[k]!));
    measures.push({
      name,
      gradientNorm: norm(gradient),
      updateRatio: change === 0 ? 0 : change / norm(before),
    });
  }
  return { gradientNorm, clippedGradientNorm: gradientNorm * scale, parameters: measures };
}

/** The direction of value k of a parameter at its step t, from its clipped gradient g; moves its moments on. */
function step(
  { optimizer, momentum }: OptimizerSettings,
  state: Doubles,
  name: string,
  k: number,
  t: number,
  g: number,
): number {
  const m = state.get(`m.${name}`);
  const v = state.get(`v.${name}`);
  if (optimizer === "adam") {
    m![k] = beta1 * m![k]! + (1 - beta1) * g;
    v![k] = beta2 * v![k]! + (1 - beta2) * g ** 2;
    const mHat = m![k]! / (1 - beta1 ** t);
    const vHat = v![k]! / (1 - beta2 ** t);
    return mHat / (Math.sqrt(vHat) + epsilon);
  }
  if (optimizer === "rmsprop") {
    v![k] = rmspropDecay * v![k]! + (1 - rmspropDecay) * g ** 2;
    return g / (Math.sqrt(v![k]!) + epsilon);
  }
  m![k] = momentum * m![k]! + g;
  return m![k]!;
}

/** Row i of reflectors keeps its first i entries zero, and the reflector of length 1 its sign. */
function keepReflectors(values: Float64Array, before: Float64Array, [m, n]: [number, number]): void {
  for (let i = 0; i < m; i++) values.fill(0, i * n, i * n + i);
  if (m === n) values[n * n - 1] = before[n * n - 1]!;
}
