/** The numbers behind the charts, and what happened when. */
import { type ElementNode, element } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { halfLifeNumber, type ShownRun } from "./runs.ts";

export function numbersTable(shown: ShownRun): ElementNode {
  const { run, label } = shown;
  // As in run.json: every way back in time passes through the bottom layer.
  const [bottom] = run.layers;
  const sigma = new Map<number, readonly [number | null, number | null]>();
  for (const { steps, values } of Object.values(bottom?.spectra ?? {}))
    steps.forEach((step, i) => {
      const spectrum = values[i]!;
      const before = sigma.get(step);
      const smallest = spectrum.at(-1) ?? null;
      const largest = spectrum[0] ?? null;
      sigma.set(step, [
        before?.[0] == null || (smallest !== null && smallest < before[0]) ? smallest : before[0],
        before?.[1] == null || (largest !== null && largest > before[1]) ? largest : before[1],
      ]);
    });
  const exponents = new Map(
    bottom?.lyapunov?.steps.map((step, i) => [step, halfLifeNumber(bottom.lyapunov!.values[i]?.[0] ?? null)]),
  );
  const number = (value: number | null | undefined) => (value == null ? "–" : formatNumber(value, 4));
  const columns: readonly (readonly [string, (i: number) => string])[] = [
    ["step", (i) => formatInteger(run.rows.step[i]!)],
    ["loss", (i) => number(run.rows.loss[i])],
    ...(run.metricName === "accuracy"
      ? [["accuracy", (i: number) => number(run.rows.metric[i])] as const]
      : []),
    ["gradient norm", (i) => number(run.rows.gradientNorm[i])],
    ["learning rate", (i) => number(run.rows.learningRate[i])],
    ["half-life", (i) => (bottom ? formatNumber(halfLifeNumber(bottom.halfLife[i] ?? null), 4) : "–")],
    ["reach", (i) => number(bottom?.reach[i])],
    ["smallest σ", (i) => number(sigma.get(run.rows.step[i]!)?.[0])],
    ["largest σ", (i) => number(sigma.get(run.rows.step[i]!)?.[1])],
    ...(exponents.size > 0
      ? [["largest λ", (i: number) => number(exponents.get(run.rows.step[i]!))] as const]
      : []),
  ];
  return element(
    "details",
    {},
    element("summary", {}, `${label}: ${formatInteger(run.rows.step.length)} rows`),
    element(
      "div",
      { class: "scroll tall", role: "region", "aria-label": `Numbers of ${label}`, tabindex: 0 },
      element(
        "table",
        { class: "numbers" },
        element(
          "caption",
          {},
          `${label}${run.layers.length > 1 ? ", bottom layer" : ""}; at most 400 of the recorded steps`,
        ),
        element(
          "thead",
          {},
          element("tr", {}, ...columns.map(([heading]) => element("th", { scope: "col" }, heading))),
        ),
        element(
          "tbody",
          {},
          ...run.rows.step.map((_, i) =>
            element("tr", {}, ...columns.map(([, text]) => element("td", {}, text(i)))),
          ),
        ),
      ),
    ),
  );
}

export function momentsList(runs: readonly ShownRun[]): ElementNode | undefined {
  const items = runs.flatMap(({ label, color, run }) =>
    run.moments.map((moment) =>
      element(
        "li",
        {},
        element("span", { class: `swatch series-${color % 8}`, "aria-hidden": "true" }),
        `${label}: ${moment.label}`,
      ),
    ),
  );
  if (items.length === 0) return undefined;
  return element(
    "details",
    {},
    element("summary", {}, `What happened: ${items.length} event${items.length === 1 ? "" : "s"}`),
    element("ul", { class: "moments" }, ...items),
  );
}
