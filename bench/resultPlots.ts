/**
 * The pictures of docs/results.md, from runs: small multiples, a run each, drawn by the charts of the panel.
 *
 *     npm run plots -- profiles docs/results/adding.svg "vanilla=RUN" "spectral r = 0.1=RUN" …
 *     npm run plots -- spectra  docs/results/spectra.svg "r = 0.01=RUN" …
 *
 * RUN is a run directory; what stands before its last "=" is the panel's title.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { thinIndices } from "../src/report/thin.ts";
import { type OpenedRun, openRun } from "../src/runs/store.ts";
import type { TelemetryRow } from "../src/runs/telemetry.ts";
import { gradientProfile, profileDomain } from "../webview/charts/gradientProfile.ts";
import { type ElementNode, element, toMarkup } from "../webview/charts/node.ts";
import { spectrumOverSteps } from "../webview/charts/spectrumOverSteps.ts";
import { chartStyle } from "../webview/charts/style.ts";

const panel = { width: 420, height: 260 };
const heading = 24;
const gap = 16;
const columns = 2;
/** Moments of training that are drawn faintly: shares of the run. */
const moments = [0, 0.01, 0.05, 0.2, 0.5];
/** Steps of a spectrum that are drawn. */
const mostPoints = 250;
const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];

interface Shown {
  readonly title: string;
  readonly run: OpenedRun;
}

async function main([kind, out, ...named]: readonly string[]): Promise<void> {
  if ((kind !== "profiles" && kind !== "spectra") || out === undefined || named.length === 0)
    throw new Error('use: npm run plots -- (profiles|spectra) FILE.svg "TITLE=RUN" …');
  const shown = await Promise.all(named.map(open));
  const charts = kind === "profiles" ? profiles(shown) : shown.map(spectrum);
  const rows = Math.ceil(charts.length / columns);
  const width = Math.min(columns, charts.length) * (panel.width + gap) + gap;
  const height = rows * (panel.height + heading + gap) + gap;
  const placed = charts.map((chart, i) => {
    const x = gap + (i % columns) * (panel.width + gap);
    const y = gap + Math.floor(i / columns) * (panel.height + heading + gap);
    return element(
      "g",
      { class: "chart", transform: `translate(${x},${y})` },
      element("text", { class: "title", x: 0, y: 14, "font-weight": "bold" }, shown[i]!.title),
      element("svg", { y: heading, width: panel.width, height: panel.height, overflow: "visible" }, chart),
    );
  });
  const picture = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    element("rect", { width, height, class: "paper" }),
    ...placed,
  );
  const style = `<style>${chartStyle} .paper { fill: var(--sigmascope-background); }</style>`;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${toMarkup(picture).replace(/^(<svg[^>]*>)/, `$1${style}`)}\n`);
}

async function open(named: string): Promise<Shown> {
  const at = named.lastIndexOf("=");
  if (at < 1) throw new Error(`${named}: TITLE=RUN is expected`);
  const run = await openRun(named.slice(at + 1));
  if (run.rows.length === 0) throw new Error(`${named}: no step was recorded`);
  return { title: named.slice(0, at), run };
}

/** On one scale, so that panels compare. */
function profiles(shown: readonly Shown[]): ElementNode[] {
  const profileOf = ({ step, layers }: TelemetryRow) => ({ step, ...layers[0]!.gradientNorm });
  const yDomain = profileDomain(
    shown.flatMap(({ run }) => [profileOf(run.rows[0]!), profileOf(run.rows.at(-1)!)]),
  );
  return shown.map(({ run: { rows, record } }, i) => {
    const current = profileOf(rows.at(-1)!);
    const at = moments.map((share) => rows[Math.round(share * (rows.length - 1))]!);
    return gradientProfile({
      ...panel,
      name: record.name,
      color: i,
      length: current.p50.length,
      unit: record.profile,
      timesteps: Array.from(current.p50, (_, t) => t + 1),
      current,
      moments: at.map(profileOf),
      yDomain,
    });
  });
}

function spectrum({ run: { rows, record, experiment } }: Shown, i: number): ElementNode {
  const measured = rows.flatMap(({ step, layers }) => {
    const values = layers[0]!.singularValues.W;
    return values ? [{ step, values: Float32Array.from(values).sort() }] : [];
  });
  if (measured.length === 0) throw new Error(`${record.name}: no singular values were recorded`);
  const kept = thinIndices(measured.length, mostPoints).map((i) => measured[i]!);
  const { cell, center, radius } = experiment.model;
  const last = measured.at(-1)!.step;
  return spectrumOverSteps({
    ...panel,
    name: record.name,
    color: i,
    spectra: {
      size: measured[0]!.values.length,
      mode: "quantiles",
      lines: quantiles,
      step: kept.map(({ step }) => step),
      values: kept.flatMap(({ values }) =>
        quantiles.map((q) => values[Math.round(q * (values.length - 1))]!),
      ),
    },
    bands: cell === "spectral" ? [{ low: center - radius, high: center + radius, steps: [0, last] }] : [],
    xDomain: [0, last],
    yScale: "linear",
  }).node;
}

await main(process.argv.slice(2));
