/** Where in the text of an experiment file a property stands. */
import type { Node } from "./jsonc.ts";
import { readSyntax } from "./syntax.ts";
import { LineIndex, type TextRange } from "./textPosition.ts";
import { type Path, placeAt } from "./tree.ts";

/** A property's place: its key (absent for the whole file and for list items) and its value. */
export interface PropertyRange {
  readonly path: Path;
  readonly key: TextRange | undefined;
  readonly value: TextRange;
}

/** Finds properties in one text. */
export interface ExperimentPositions {
  /** The property at a path, or undefined where the text does not have it. */
  locate(path: Path): PropertyRange | undefined;
  /** The property at a path or, where a default stands for it, the innermost object around it. */
  nearest(path: Path): PropertyRange;
}

/**
 * Finds the key and value of a property in a text.
 *
 * @returns undefined where the text does not have the property, or is not JSON at all.
 */
export function locate(text: string, path: Path): PropertyRange | undefined {
  return positionsIn(text)?.locate(path);
}

/** Like `locate`, but for a property that the text leaves to its default, the innermost object around it. */
export function locateNearest(text: string, path: Path): PropertyRange | undefined {
  return positionsIn(text)?.nearest(path);
}

function positionsIn(text: string): ExperimentPositions | undefined {
  const lines = new LineIndex(text);
  const { root } = readSyntax(text, "", lines);
  return root && positionsOf(root, lines);
}

/** The places of a tree that was parsed from the text that `lines` indexes. */
export function positionsOf(root: Node, lines: LineIndex): ExperimentPositions {
  const range = (node: Node) => lines.range(node.offset, node.length);
  const find = (path: Path): PropertyRange | undefined => {
    const place = placeAt(root, path);
    if (!place?.value) return undefined;
    return { path, key: place.key && range(place.key), value: range(place.value) };
  };
  return {
    locate: find,
    nearest(path) {
      for (let depth = path.length; depth > 0; depth--) {
        const found = find(path.slice(0, depth));
        if (found) return found;
      }
      return { path: [], key: undefined, value: range(root) };
    },
  };
}
