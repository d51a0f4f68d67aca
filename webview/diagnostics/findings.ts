/** The standing findings: what is wrong, the evidence, and a button for each remedy. */
import type { RunNews } from "../../src/protocol/details.ts";
import type { PanelSettings } from "../../src/protocol/panel.ts";
import { toElement } from "../charts/mount.ts";
import { element } from "../charts/node.ts";
import { formatInteger } from "../charts/numbers.ts";
import { inUnit, type ProfileUnit } from "../charts/profileWords.ts";
import { button, setDisabled } from "../ui.ts";

type Finding = NonNullable<RunNews["record"]>["findings"][number];

const severities = ["error", "warning", "information"] as const;

export class Findings {
  readonly element = document.createElement("section");
  readonly #list = document.createElement("div");
  readonly #onRemedy: (rule: string, train: boolean) => void;
  #shown = "";

  constructor(onRemedy: (rule: string, train: boolean) => void) {
    this.#onRemedy = onRemedy;
    this.element.className = "findings-section";
    this.element.setAttribute("aria-label", "Findings");
    this.element.append(toElement(element("h2", {}, "Findings"), document), this.#list);
  }

  show({ record }: RunNews, { mayTrain }: PanelSettings): void {
    const findings = record?.findings ?? [];
    const key = JSON.stringify([findings, mayTrain, record?.experimentFile, (record?.step ?? 0) === 0]);
    // Drawn anew only when they change, so that a button in use keeps the focus.
    if (key === this.#shown) return;
    this.#shown = key;
    if (findings.length === 0) {
      const text =
        (record?.step ?? 0) === 0
          ? "Nothing has been measured yet."
          : "None: no rule finds the gradients, the spectrum or the learning amiss.";
      this.#list.replaceChildren(toElement(element("p", { class: "muted" }, text), document));
      return;
    }
    const sorted = severities.flatMap((severity) =>
      findings.filter((finding) => finding.severity === severity),
    );
    const list = toElement(element("ul", { class: "findings" }), document);
    for (const finding of sorted)
      list.append(
        this.#item(finding, record?.length ?? 0, record?.profile, mayTrain, record?.experimentFile != null),
      );
    this.#list.replaceChildren(list);
  }

  #item(
    finding: Finding,
    length: number,
    unit: ProfileUnit | undefined,
    mayTrain: boolean,
    hasFile: boolean,
  ): Element {
    const { severity, title, evidence, remedy, rule } = finding;
    const edits = remedy.edits.map(({ path, value }) =>
      element("code", {}, `${path.join(".")}: ${JSON.stringify(value)}`),
    );
    const item = toElement(
      element(
        "li",
        { class: `finding ${severity}`, "data-rule": rule },
        element(
          "p",
          { class: "finding-head" },
          element("span", { class: "severity" }, severity),
          element("strong", {}, title),
          element("span", { class: "muted" }, placeText(finding, length, unit)),
        ),
        element("p", {}, evidence),
        element("p", {}, "Remedy: ", remedy.text, ...edits.flatMap((edit) => [" ", edit])),
      ),
      document,
    );
    if (edits.length === 0 || !hasFile) return item;
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    const apply = button({
      text: "Apply to experiment",
      label: `Apply to the experiment file: ${remedy.text}`,
      onClick: () => this.#onRemedy(rule, false),
    });
    const train = button({
      text: "Fix and train again",
      label: `Apply and train again: ${remedy.text}`,
      primary: true,
      onClick: () => this.#onRemedy(rule, true),
    });
    setDisabled(train, !mayTrain);
    buttons.append(apply, train);
    item.append(buttons);
    return item;
  }
}

function placeText(
  { sinceStep, timestep, layer }: Finding,
  length: number,
  unit: ProfileUnit | undefined,
): string {
  return [
    `since step ${formatInteger(sinceStep)}`,
    ...(timestep === null
      ? []
      : [`${inUnit("timestep", unit)} ${formatInteger(timestep)} of ${formatInteger(length)}`]),
    ...(layer === null || unit === "layers" ? [] : [`layer ${layer + 1}`]),
  ].join(", ");
}
