/** The verdict: what each run is and what its gradients did, side by side. */
import { type Child, type ElementNode, element } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { halfLifeNumber, type ShownRun } from "./runs.ts";

/** One row of the table: a heading, and what it says of each run. */
interface Fact {
  readonly heading: string;
  readonly of: (shown: ShownRun) => Child;
  /** The row is there where it says something about one of the runs; always, where this is left out. */
  readonly fits?: (shown: ShownRun) => boolean;
}

const facts: readonly Fact[] = [
  { heading: "Task", of: ({ run }) => run.task },
  { heading: "Model", of: ({ run }) => `${run.model}; ${formatInteger(run.parameterCount)} parameters` },
  { heading: "Training", of: ({ run }) => run.training },
  { heading: "State", of: ({ run }) => stateText(run) },
  { heading: "Result on the test set", of: ({ run }) => strong(metricText(run.metricName, run.testMetric)) },
  {
    heading: "Trivial model",
    of: ({ run }) => metricText(run.metricName, run.baseline.metric),
  },
  {
    heading: "Gradient half-life",
    of: ({ run }) => strong(halfLifeText(halfLifeNumber(run.halfLife), run.profile)),
  },
  {
    heading: "Gradient reach",
    of: ({ run }) =>
      run.reach === null
        ? "not measured"
        : `${formatInteger(run.reach)} of ${formatInteger(run.length)} ${run.profile ?? "timesteps"} get at least 1 %`,
  },
  {
    heading: "Singular values",
    of: ({ run }) =>
      run.sigma === null
        ? "not measured"
        : `${formatNumber(run.sigma[0], 4)} … ${formatNumber(run.sigma[1], 4)}`,
  },
  {
    heading: "Capacity",
    fits: ({ run }) => run.capacity !== undefined,
    of: ({ run: { capacity } }) =>
      capacity === undefined
        ? "not measured"
        : `${capacityText(halfLifeNumber(capacity.log10))}, median margin ${formatNumber(capacity.margin)}`,
  },
  {
    heading: "Findings",
    of: ({ run }) => (run.findings.length === 0 ? "none" : run.findings.map(({ title }) => title).join("; ")),
  },
  { heading: "Speed", of: ({ run }) => speedText(run) },
];

export function summary(runs: readonly ShownRun[]): ElementNode {
  return element(
    "div",
    { class: "scroll", role: "region", "aria-label": "Summary of the runs", tabindex: 0 },
    element(
      "table",
      { class: "summary" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("td"),
          ...runs.map(({ label, color, run }) =>
            element(
              "th",
              { scope: "col" },
              element("span", { class: `swatch series-${color % 8}`, "aria-hidden": "true" }),
              label,
              element("small", {}, run.id),
            ),
          ),
        ),
      ),
      element(
        "tbody",
        {},
        ...facts
          .filter(({ fits }) => fits === undefined || runs.some(fits))
          .map(({ heading, of }) =>
            element(
              "tr",
              {},
              element("th", { scope: "row" }, heading),
              ...runs.map((shown) => element("td", {}, of(shown))),
            ),
          ),
      ),
    ),
  );
}

/** A product of norms over time, kept as its logarithm: it may be beyond any number. */
function capacityText(log10: number): string {
  return Number.isFinite(log10) ? `10^${log10.toFixed(2)}` : formatNumber(log10);
}

/** "accuracy 97.2 %" or "mean squared error 0.0031". */
export function metricText(name: string, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "not known";
  return name === "accuracy" ? `accuracy ${(100 * value).toFixed(1)} %` : `${name} ${formatNumber(value)}`;
}

/** What a half-life means, going back from the last timestep. */
export function halfLifeText(halfLife: number, unit = "timesteps"): string {
  if (Number.isNaN(halfLife)) return "not measured";
  if (!Number.isFinite(halfLife)) return "∞: neither shrinks nor grows";
  const timesteps = `${formatNumber(Math.abs(halfLife))} ${unit}`;
  return halfLife > 0 ? `halves every ${timesteps}` : `doubles every ${timesteps}`;
}

function stateText({ state, step, steps, reason }: ShownRun["run"]): string {
  const of = step === steps ? "" : `${formatInteger(step)} of `;
  const progress = `${of}${formatInteger(steps)} step${steps === 1 ? "" : "s"}`;
  return `${state}, ${progress}${reason === null ? "" : `: ${reason}`}`;
}

function speedText({ stepsPerSecond, seconds, engine }: ShownRun["run"]): string {
  const rate = stepsPerSecond === null ? "" : `${formatNumber(stepsPerSecond)} steps/s, `;
  return `${rate}${formatNumber(seconds)} s; ${engine}`;
}

const strong = (text: string) => element("strong", {}, text);
