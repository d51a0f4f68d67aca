/** Colour maps for pictures: perceptually uniform, and readable with the common kinds of colour blindness. */
import { interpolateCividis, interpolateInferno, interpolateMagma, interpolateViridis, rgb } from "d3";

export type ColorMap = "viridis" | "cividis" | "magma" | "inferno";

const interpolators: Readonly<Record<ColorMap, (t: number) => string>> = {
  viridis: interpolateViridis,
  cividis: interpolateCividis,
  magma: interpolateMagma,
  inferno: interpolateInferno,
};

export const lutSize = 256;

const made = new Map<ColorMap, Uint8Array>();

/** 256 colours from the lowest value to the highest: r, g, b, r, g, b … */
export function lookUpTable(map: ColorMap): Uint8Array {
  const known = made.get(map);
  if (known) return known;
  const table = new Uint8Array(3 * lutSize);
  for (let i = 0; i < lutSize; i++) {
    const { r, g, b } = rgb(interpolators[map](i / (lutSize - 1)));
    table.set([Math.round(r), Math.round(g), Math.round(b)], 3 * i);
  }
  made.set(map, table);
  return table;
}
