/** The table view beneath the plots, drawn when it is wanted and its numbers are new. */
import type { MomentAnswer, TableAnswer } from "../../src/protocol/details.ts";
import { toElement } from "../charts/mount.ts";
import { element } from "../charts/node.ts";
import type { Scene } from "./plot.ts";
import { momentTables, stepsTable } from "./table.ts";

export class Tables {
  readonly element = document.createElement("section");
  readonly #steps = document.createElement("div");
  readonly #moment = document.createElement("div");
  #shownTable: TableAnswer | undefined;
  #shownMoment: MomentAnswer | undefined;

  constructor() {
    this.element.className = "tables";
    this.element.setAttribute("aria-label", "Numbers");
    this.element.hidden = true;
    this.element.append(toElement(element("h2", {}, "Numbers"), document), this.#steps, this.#moment);
  }

  show({ view, news, data: { table, moment } }: Scene): void {
    this.element.hidden = !view.table;
    if (!view.table) return;
    if (table !== undefined && table !== this.#shownTable) {
      this.#shownTable = table;
      keepingScroll(this.#steps, () => this.#steps.replaceChildren(stepsTable(table)));
    }
    if (moment !== undefined && moment !== this.#shownMoment) {
      this.#shownMoment = moment;
      keepingScroll(this.#moment, () =>
        this.#moment.replaceChildren(...momentTables(moment, news.record?.profile)),
      );
    }
  }
}

/** Whoever reads far down in a table goes on reading there when its numbers change. */
function keepingScroll(parent: Element, redraw: () => void): void {
  const before = [...parent.children].map(({ scrollTop }) => scrollTop);
  redraw();
  [...parent.children].forEach((child, i) => {
    child.scrollTop = before[i] ?? 0;
  });
}
