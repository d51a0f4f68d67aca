/** How a line is told apart from the others: by its colour, and from the ninth line on by its dashes too. */

/** Colours of the palette in style.ts. */
const colors = 8;
/** Kinds of line in style.ts: solid, dashed, dotted. */
const dashes = 3;

/** @param index of the line, from 0; 24 lines differ. */
export function seriesClass(index: number): string {
  const dash = Math.floor(index / colors) % dashes;
  return dash === 0 ? `series-${index % colors}` : `series-${index % colors} dash-${dash}`;
}
