/** The table view beneath the plots, drawn when it is wanted and its numbers are new. */
import type { MomentAnswer, TableAnswer } from "../../src/protocol/details.ts";
import { toElement } from "../charts/mount.ts";
import { element } from "../charts/node.ts";
import { FollowingTable } from "./followingTable.ts";
import type { Scene } from "./plot.ts";
import { momentTables, type NumbersTable, stepsTable } from "./table.ts";

export class Tables {
  readonly element = document.createElement("section");
  readonly #steps = document.createElement("div");
  readonly #moment = document.createElement("div");
  #shownTable: TableAnswer | undefined;
  #shownMoment: MomentAnswer | undefined;
  #stepsTables: readonly FollowingTable[] = [];
  #momentTables: readonly FollowingTable[] = [];

  constructor() {
    this.element.className = "tables";
    this.element.setAttribute("aria-label", "Numbers");
    this.element.hidden = true;
    this.#moment.className = "moment-tables";
    this.element.append(toElement(element("h2", {}, "Numbers"), document), this.#steps, this.#moment);
  }

  show({ view, news, data: { table, moment } }: Scene): void {
    this.element.hidden = !view.table;
    if (!view.table) return;
    if (table !== undefined && table !== this.#shownTable) {
      this.#shownTable = table;
      this.#stepsTables = showIn(this.#steps, this.#stepsTables, [stepsTable(table)]);
    }
    if (moment !== undefined && moment !== this.#shownMoment) {
      this.#shownMoment = moment;
      const tables = momentTables(moment, news.record?.profile);
      this.#momentTables = showIn(this.#moment, this.#momentTables, tables);
    }
  }
}

/**
 * Shows tables in a place where others were shown before. Tables of the same kind stay, and change their numbers: whoever
 * reads far down in one goes on reading there.
 */
function showIn(
  place: Element,
  shown: readonly FollowingTable[],
  tables: readonly NumbersTable[],
): readonly FollowingTable[] {
  if (shown.length === tables.length && tables.every((table, i) => shown[i]!.canShow(table))) {
    for (const [i, table] of tables.entries()) shown[i]!.show(table);
    return shown;
  }
  for (const one of shown) one.stop();
  const made = tables.map((table) => new FollowingTable(table));
  place.replaceChildren(...made.map(({ element: whole }) => whole));
  return made;
}
