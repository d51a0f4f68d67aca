/** Values and places in a tree of JSON. */
import type { Node } from "./jsonc.ts";

export type Path = readonly (string | number)[];

/** A property's key (absent for the root and for list items) and its value (absent where it could not be read). */
export interface Place {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/** Where the value at a path stands; of duplicate keys the last counts, as in JSON.parse. */
export function placeAt(root: Node | undefined, path: Path): Place | undefined {
  if (!root) return undefined;
  let place: Place = { key: undefined, value: root };
  for (const segment of path) {
    const node = place.value;
    if (node?.type === "object") {
      const property = node.children?.findLast((child) => child.children?.[0]?.value === segment);
      if (!property) return undefined;
      place = { key: property.children?.[0], value: property.children?.[1] };
    } else if (node?.type === "array" && typeof segment === "number") {
      const item = node.children?.[segment];
      if (!item) return undefined;
      place = { key: undefined, value: item };
    } else return undefined;
  }
  return place;
}

/** The plain value of a tree; a key named __proto__ is an ordinary key. */
export function dataOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(dataOf);
  if (node.type !== "object") return node.value;
  const result: Record<string, unknown> = {};
  for (const { children } of node.children ?? []) {
    const [key, value] = children ?? [];
    if (!key || !value) continue;
    Object.defineProperty(result, String(key.value), {
      value: dataOf(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** The value at a path of plain data, own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<string | number, unknown>)[segment];
  }
  return current;
}
