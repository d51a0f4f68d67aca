/** From what zod objects to, to problems that name the place, the value found and the values allowed. */
import type { z } from "zod";
import { describe, homeOf, keysAt, list, schemaAt, wordsOf } from "./allowed.ts";
import type { Node } from "./jsonc.ts";
import type { Problem } from "./problem.ts";
import { experimentSchema } from "./schema.ts";
import { suggest } from "./suggestion.ts";
import { shorten } from "./syntax.ts";
import type { LineIndex, TextRange } from "./textPosition.ts";
import { type Path, placeAt, valueAt } from "./tree.ts";

/** One file's text, tree and data: where problems are looked up. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: LineIndex;
  readonly root: Node;
  /** The tree as plain data. */
  readonly data: unknown;
}

/** How a property is named in a sentence: `model.cell`, `model.reflectors[1]`. */
export function nameOf(path: Path): string {
  let name = "";
  for (const segment of path) {
    if (typeof segment === "number") name += `[${segment}]`;
    else name += `${name && "."}${/^\w+$/.test(segment) ? segment : JSON.stringify(shorten(segment))}`;
  }
  return name || "the file";
}

/** A problem with the value at a path, standing at that value (or at its parent's, where it is missing). */
export function problemAt(
  source: Source,
  path: Path,
  message: string,
  allowed: string | null,
  severity: Problem["severity"] = "error",
): Problem {
  const place = placeAt(source.root, path);
  const found = place?.value ? foundText(source, place.value) : null;
  return {
    severity,
    file: source.file,
    ...(place?.value
      ? source.lines.range(place.value.offset, place.value.length)
      : placeOfMissing(source, path)),
    path,
    message,
    found,
    allowed,
  };
}

/** The key of the nearest object that is there, else the brace that opens the file. */
function placeOfMissing(source: Source, path: Path): TextRange {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const key = placeAt(source.root, path.slice(0, depth))?.key;
    if (key) return source.lines.range(key.offset, key.length);
  }
  return source.lines.range(source.root.offset, 1);
}

function foundText({ text }: Source, node: Node): string {
  return shorten(text.slice(node.offset, node.offset + node.length).replace(/\s+/g, " "));
}

/** Everything that the schema does not allow; empty when zod accepts the data. */
export function schemaProblems(source: Source): Problem[] {
  const meant = withKindMeant(source.data);
  const issues = [...issuesOf(source.data), ...(meant === source.data ? [] : issuesOf(meant))];
  const problems: Problem[] = [];
  const done = new Set<string>();
  for (const issue of issues) {
    const path = issue.path as (string | number)[];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        if (!done.has(nameOf([...path, key]))) problems.push(unknownKey(source, meant, path, key));
        done.add(nameOf([...path, key]));
      }
    } else if (!done.has(nameOf(path))) {
      // Zod may object to one value twice (not whole and too large); the values allowed say it once.
      done.add(nameOf(path));
      problems.push(wrongValue(source, meant, path));
    }
  }
  return problems.sort((a, b) => a.offset - b.offset);
}

function issuesOf(data: unknown): readonly z.core.$ZodIssue[] {
  return experimentSchema.safeParse(data).error?.issues ?? [];
}

/**
 * The data with the kind of task that was probably meant. An unknown kind hides from zod all other mistakes in the
 * task; where it is clear which was meant, the task is looked at as that kind too.
 */
function withKindMeant(data: unknown): unknown {
  const kind = valueAt(data, ["task", "kind"]);
  const known = wordsOf(schemaAt(["task", "kind"], {}));
  const meant = typeof kind === "string" && !known.includes(kind) ? suggest(kind, known) : undefined;
  if (meant === undefined) return data;
  return { ...(data as object), task: { ...(valueAt(data, ["task"]) as object), kind: meant } };
}

function wrongValue(source: Source, meantData: unknown, path: Path): Problem {
  const schema = path.join(".") === "task.kind" ? schemaAt(path, {}) : schemaAt(path, meantData);
  const allowed = describe(schema);
  const node = placeAt(source.root, path)?.value;
  if (!node) return problemAt(source, path, `${nameOf(path)} is missing; it must be ${allowed}`, allowed);
  const found = foundText(source, node);
  const meant = typeof node.value === "string" ? suggest(node.value, wordsOf(schema)) : undefined;
  const advice = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
  const subject = path.length === 0 ? "the experiment" : nameOf(path);
  return {
    ...problemAt(source, path, `${subject} is ${found}; it must be ${allowed}${advice}`, allowed),
    ...(meant === undefined ? {} : { meant: JSON.stringify(meant) }),
  };
}

function unknownKey(source: Source, meantData: unknown, parent: Path, key: string): Problem {
  const keys = keysAt(parent, meantData).filter((name) => name !== "$schema");
  const meant = suggest(key, keys);
  const home = homeOf(key);
  const where = parent.length === 0 ? "an experiment" : nameOf(parent);
  const advice =
    meant !== undefined
      ? `did you mean "${meant}"?`
      : home !== undefined
        ? `it belongs in "${home}"`
        : keys.length > 0
          ? `the keys there are ${list(keys)}`
          : "no keys are known there";
  const node = placeAt(source.root, [...parent, key])?.key;
  const message = `unknown key ${JSON.stringify(shorten(key))} in ${where}; ${advice}`;
  return {
    ...problemAt(source, [...parent, key], message, list(keys)),
    ...(node ? source.lines.range(node.offset, node.length) : {}),
    found: key,
    // Beside the key that was meant, a second one of its name would only be another problem.
    ...(meant === undefined || valueAt(source.data, [...parent, meant]) !== undefined
      ? {}
      : { meant: JSON.stringify(meant) }),
  };
}
