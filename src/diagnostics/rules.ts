/** Every rule, in the order in which they look: a rule may use what those before it found. */
import type { Rule } from "./rule.ts";
import { explodingGradient } from "./rules/explodingGradient.ts";
import { learningRateTooHigh } from "./rules/learningRateTooHigh.ts";
import { noBetterThanTrivial } from "./rules/noBetterThanTrivial.ts";
import { nonFinite } from "./rules/nonFinite.ts";
import { saturatedUnits } from "./rules/saturatedUnits.ts";
import { spectrumDrift } from "./rules/spectrumDrift.ts";
import { spectrumEdge } from "./rules/spectrumEdge.ts";
import { vanishingGradient } from "./rules/vanishingGradient.ts";

export const rules: readonly Rule[] = [
  nonFinite,
  learningRateTooHigh,
  explodingGradient,
  saturatedUnits,
  vanishingGradient,
  spectrumDrift,
  spectrumEdge,
  noBetterThanTrivial,
];
