/**
 * A table in the page whose numbers follow the step cursor. It may have a row for each of a thousand timesteps: while
 * the cursor moves, the rows in sight are brought up to date now and then (to lay out a long table is dear), and the others
 * when it rests, some in each frame.
 */
import { toElement, updateElement } from "../charts/mount.ts";
import { type NumbersTable, rowNode, tableNode } from "./table.ts";

/** Milliseconds without a change after which the cursor rests. */
const rest = 400;
/** Between two looks at the rows in sight while the cursor moves: each takes longer than a frame. */
const lookAgain = 500;
const rowsPerFrame = 200;
/** More rows than can be seen at once. */
const mostAtOnce = 64;
/** The caption and the headings are about so many rows high, and rows differ in height. */
const margin = 4;

export class FollowingTable {
  readonly element: HTMLElement;
  #table: NumbersTable;
  readonly #rows: HTMLCollection;
  readonly #caption: Element;
  #inSight = false;
  #height = 0;
  #tableHeight = 0;
  #scrollTop = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;

  constructor(table: NumbersTable) {
    this.#table = table;
    this.element = toElement(tableNode(table), document) as HTMLElement;
    this.#rows = this.element.querySelector("tbody")!.children;
    this.#caption = this.element.querySelector("caption")!;
    this.element.addEventListener(
      "scroll",
      () => {
        this.#scrollTop = this.element.scrollTop;
        if (this.#isBehind) this.#updateInSight();
      },
      { passive: true },
    );
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)!.isIntersecting;
      if (this.#inSight && this.#isBehind) this.#updateInSight();
    }).observe(this.element);
    const inner = this.element.firstElementChild!;
    // Told of the heights, the page need not be laid out to ask for them.
    const sizes = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries)
        if (target === inner) this.#tableHeight = contentRect.height;
        else this.#height = contentRect.height;
    });
    sizes.observe(this.element);
    sizes.observe(inner);
  }

  /** Whether the table can be shown in the place of the one before: all but its numbers is the same. */
  canShow({ label, headings, rowCount }: NumbersTable): boolean {
    const now = this.#table;
    return (
      now.label === label && now.rowCount === rowCount && now.headings.join("\n") === headings.join("\n")
    );
  }

  show(table: NumbersTable): void {
    this.#table = table;
    if (this.#caption.textContent !== table.caption) this.#caption.textContent = table.caption;
    this.#stopUpdates();
    if (table.rowCount <= mostAtOnce) {
      this.#update(0, table.rowCount);
      return;
    }
    if (this.#inSight)
      this.#soon ??= setTimeout(() => {
        this.#soon = undefined;
        if (this.#isBehind) this.#updateInSight();
      }, lookAgain);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.#updateFrom(0);
    }, rest);
  }

  /** Leaves rows that are behind as they are. */
  stop(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#stopUpdates();
  }

  #stopUpdates(): void {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  get #isBehind(): boolean {
    return this.#resting !== undefined || this.#frame !== undefined;
  }

  #updateInSight(): void {
    const { rowCount } = this.#table;
    const rowHeight = this.#tableHeight / Math.max(1, rowCount);
    if (rowHeight === 0) return;
    const first = Math.floor(this.#scrollTop / rowHeight) - margin;
    const last = Math.ceil((this.#scrollTop + this.#height) / rowHeight) + margin;
    this.#update(Math.max(0, first), Math.min(rowCount, last));
  }

  #updateFrom(from: number): void {
    this.#frame = undefined;
    const to = Math.min(this.#table.rowCount, from + rowsPerFrame);
    this.#update(from, to);
    if (to < this.#table.rowCount) this.#frame = requestAnimationFrame(() => this.#updateFrom(to));
  }

  #update(from: number, to: number): void {
    for (let i = from; i < to; i++) updateElement(this.#rows[i]!, rowNode(this.#table.row(i)));
  }
}
