/** The gradient profiles of a run's layer that is looked at. */
import type { Profile } from "../charts/gradientProfile.ts";
import { layerOf, numbers, type Selection, type ShownRun } from "./runs.ts";

export function profilesOf(shown: ShownRun, selection: Selection): Profile[] {
  const profiles = layerOf(shown, selection)?.profiles;
  if (!profiles) return [];
  return profiles.steps.map((step, i) => ({
    step,
    p10: numbers(profiles.p10[i]!),
    p50: numbers(profiles.p50[i]!),
    p90: numbers(profiles.p90[i]!),
  }));
}
