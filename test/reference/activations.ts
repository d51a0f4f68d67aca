/** The activation functions φ, their derivatives, and what "saturated" means for each. */
import type { ActivationName } from "../../src/experiment/schema.ts";

export interface Activation {
  value(a: number): number;
  /** φ'(a); at the kink of relu and leakyRelu the derivative from the left. */
  derivative(a: number): number;
  /** Whether a unit with output h is saturated (tanh) or dead (relu, leakyRelu). */
  saturated(h: number): boolean;
}

const slope = 0.01;

/** |tanh| above which a unit counts as saturated: its derivative is below 0.05. */
export const saturationThreshold = 0.975;

export const activations: Record<ActivationName, Activation> = {
  tanh: {
    value: Math.tanh,
    derivative: (a) => 1 - Math.tanh(a) ** 2,
    saturated: (h) => Math.abs(h) > saturationThreshold,
  },
  relu: { value: (a) => Math.max(a, 0), derivative: (a) => (a > 0 ? 1 : 0), saturated: (h) => h <= 0 },
  leakyRelu: {
    value: (a) => (a > 0 ? a : slope * a),
    derivative: (a) => (a > 0 ? 1 : slope),
    saturated: (h) => h <= 0,
  },
  identity: { value: (a) => a, derivative: () => 1, saturated: () => false },
};

export const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
