/** What is wrong, the evidence, and what to change in the experiment file. */
import { type ElementNode, element } from "../charts/node.ts";
import { formatInteger } from "../charts/numbers.ts";
import type { ShownRun } from "./runs.ts";

/** The worst first. */
const severities = ["error", "warning", "information"] as const;

export function findings(runs: readonly ShownRun[]): ElementNode {
  const items = severities.flatMap((severity) =>
    runs.flatMap((shown) =>
      shown.run.findings
        .filter((finding) => finding.severity === severity)
        .map((finding) => findingItem(shown, finding)),
    ),
  );
  return items.length === 0
    ? element("p", {}, "None: no rule found the gradients, the spectrum or the learning amiss.")
    : element("ul", { class: "findings" }, ...items);
}

function findingItem(
  { label, color, run }: ShownRun,
  finding: ShownRun["run"]["findings"][number],
): ElementNode {
  const { severity, title, evidence, sinceStep, timestep, layer, remedy } = finding;
  const place = [
    `since step ${formatInteger(sinceStep)}`,
    ...(timestep === null
      ? []
      : [
          `${run.profile === "layers" ? "layer" : "timestep"} ${formatInteger(timestep)} of ${formatInteger(run.length)}`,
        ]),
    ...(layer === null || run.profile === "layers" ? [] : [`layer ${layer + 1}`]),
  ].join(", ");
  const edits = remedy.edits.map(({ path, value }) =>
    element("code", {}, `${path.join(".")}: ${JSON.stringify(value)}`),
  );
  return element(
    "li",
    { class: `finding ${severity}` },
    element(
      "p",
      { class: "finding-head" },
      element("span", { class: "severity" }, severity),
      element("strong", {}, title),
      element(
        "span",
        { class: "muted" },
        element("span", { class: `swatch series-${color % 8}`, "aria-hidden": "true" }),
        `${label}, ${place}`,
      ),
    ),
    element("p", {}, evidence),
    element("p", {}, "Remedy: ", remedy.text, ...edits.flatMap((edit) => [" ", edit])),
  );
}
