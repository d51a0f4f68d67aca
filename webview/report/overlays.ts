/** The charts that show all runs at once: gradient profiles, and ranges of singular values. */
import { lineChart, type Series } from "../charts/lineChart.ts";
import { type OverlaidProfile, profileOverlay } from "../charts/profileOverlay.ts";
import { inUnit } from "../charts/profileWords.ts";
import { nearestIndex } from "../charts/readout.ts";
import type { Card } from "./cards.ts";
import { profilesOf } from "./profiles.ts";
import { layerOf, type Selection, type ShownRun, spectraOf, stepFor } from "./runs.ts";
import { geometrically, meanSeries, type SeedGroup, seedGroups } from "./seeds.ts";

/** The profiles of all runs on one picture. */
export function overlayCards(runs: readonly ShownRun[]): Card[] {
  const measured = runs.filter(({ run }) => run.layers.length > 0);
  if (measured.length < 2) return [];
  const unit = measured.every(({ run }) => run.profile === "layers") ? "layers" : "timesteps";
  return [
    {
      section: "gradient",
      title: inUnit("Gradient by timestep: all runs", unit),
      caption: inUnit(
        "Median over the batch, counted back from the last timestep, where the gradient comes from.",
        unit,
      ),
      followsStep: true,
      draw: (size, selection) => {
        const groups = selection.collapse
          ? seedGroups(measured)
          : measured.map((shown) => ({ runs: [shown], label: shown.label, color: shown.color }));
        const profiles = groups.flatMap((group) => overlaid(group, selection) ?? []);
        return { node: profileOverlay({ ...size, unit, profiles }) };
      },
    },
  ];
}

function overlaid({ runs, label, color }: SeedGroup, selection: Selection): OverlaidProfile | undefined {
  const chosen = runs.flatMap((shown) => {
    const profiles = profilesOf(shown, selection);
    const timesteps = layerOf(shown, selection)?.profiles.timesteps ?? [];
    const at = nearestIndex(
      profiles.map(({ step }) => step),
      stepFor(shown, selection),
    );
    const profile = profiles[at];
    return profile ? [{ profile, timesteps, length: shown.run.length }] : [];
  });
  const [first] = chosen;
  if (first === undefined) return undefined;
  const mean = meanSeries(
    chosen.map(({ profile, timesteps }) => ({ name: label, color, x: timesteps, y: profile.p50 })),
    label,
    color,
    geometrically,
  )!;
  return {
    name: label,
    color,
    step: first.profile.step,
    length: first.length,
    timesteps: mean.x,
    median: mean.y,
    ...(mean.spread ? { spread: mean.spread } : {}),
  };
}

/** From the smallest to the largest singular value of every run. */
export function rangeCard(runs: readonly ShownRun[]): Card {
  const range = (shown: ShownRun, selection: Selection): Series => {
    const found = spectraOf(shown, selection);
    const values = found?.values ?? [];
    const high = values.map((spectrum) => spectrum[0] ?? Number.NaN);
    return {
      name: shown.label,
      color: shown.color,
      x: found?.steps ?? [],
      y: high,
      spread: { low: values.map((spectrum) => spectrum.at(-1) ?? Number.NaN), high },
    };
  };
  return {
    section: "spectrum",
    title: "Range of the singular values: all runs",
    caption: "Line: the largest. Area: down to the smallest. Dashed: 1.",
    followsStep: false,
    draw: (size, selection) => {
      const groups = selection.collapse
        ? seedGroups(runs)
        : runs.map((shown) => ({ runs: [shown], label: shown.label, color: shown.color }));
      const series = groups.flatMap(({ runs: members, label, color }) => {
        const ranges = members.map((shown) => range(shown, selection));
        const largest = meanSeries(ranges, label, color);
        const smallest = meanSeries(
          ranges.map((one) => ({ ...one, y: one.spread!.low })),
          label,
          color,
        );
        if (!largest || !smallest) return [];
        const low = members.length > 1 ? smallest.spread!.low : smallest.y;
        const high = members.length > 1 ? largest.spread!.high : largest.y;
        return [{ ...largest, spread: { low, high } }];
      });
      const chart = lineChart({
        ...size,
        subject: "largest singular value",
        xTitle: "step",
        yTitle: "singular values",
        yScale: "linear",
        series,
        levels: [{ y: 1, label: "" }],
      });
      return { node: chart.node, lines: { chart, series } };
    },
  };
}
