/** Which colour is which run. */
import { type ElementNode, element } from "./node.ts";
import { seriesClass } from "./seriesClass.ts";

export interface LegendEntry {
  readonly name: string;
  readonly color: number;
}

export function legend(entries: readonly LegendEntry[]): ElementNode {
  return element(
    "ul",
    { class: "legend" },
    ...entries.map(({ name, color }) =>
      element(
        "li",
        {},
        element(
          "svg",
          { width: 22, height: 10, "aria-hidden": "true", class: seriesClass(color) },
          element("path", { class: "line", d: "M1,5H21" }),
        ),
        name,
      ),
    ),
  );
}
