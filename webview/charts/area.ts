/** The area mark: the band between two curves. */
import { area as areaPath } from "d3";
import { type Attributes, type ElementNode, element } from "./node.ts";

/** @param points [x, lower y, upper y] in pixels; the area is broken where any is missing. */
export function areaMark(
  points: readonly (readonly [number, number, number])[],
  attributes: Attributes,
): ElementNode {
  const path = areaPath<readonly [number, number, number]>(
    ([x]) => x,
    ([, low]) => low,
    ([, , high]) => high,
  )
    .defined((point) => point.every(Number.isFinite))
    .digits(1)(points);
  return element("path", { ...attributes, d: path ?? "" });
}
