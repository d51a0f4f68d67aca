/** What the schema allows at a place, in words. */
import { experimentJsonSchema, type JsonSchema } from "./jsonSchema.ts";
import { type Path, valueAt } from "./tree.ts";

let made: JsonSchema | undefined;

/** Made when a message first needs it: a file without problems, as the trainer reads, does without. */
function rootSchema(): JsonSchema {
  made ??= experimentJsonSchema();
  return made;
}

/**
 * The schema of the value at a path, given the file's data, which decide between the kinds of task.
 * Undefined where the path is not one of the schema's.
 */
export function schemaAt(path: Path, data: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = rootSchema();
  for (const [depth, segment] of path.entries()) {
    if (schema?.oneOf) {
      const kind = valueAt(data, [...path.slice(0, depth), "kind"]);
      // Where the kind is unknown, only the kind itself can be said.
      schema =
        schema.oneOf.find((branch) => branch.properties?.kind?.const === kind) ??
        (segment === "kind" ? kinds(schema) : undefined);
    }
    schema = ownProperty(schema?.properties, segment);
    if (!schema) return undefined;
  }
  return schema;
}

function ownProperty(
  properties: Readonly<Record<string, JsonSchema>> | undefined,
  key: string | number,
): JsonSchema | undefined {
  return properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** The kinds of a choice between objects, as one property. */
function kinds(schema: JsonSchema): JsonSchema {
  return {
    properties: { kind: { enum: schema.oneOf!.map((branch) => branch.properties?.kind?.const) } },
  };
}

/** The keys allowed in the object at a path. */
export function keysAt(path: Path, data: unknown): string[] {
  const schema = schemaAt(path, data);
  const kind = valueAt(data, [...path, "kind"]);
  const branch = schema?.oneOf?.find((candidate) => candidate.properties?.kind?.const === kind) ?? schema;
  return Object.keys(branch?.properties ?? {});
}

/** The values allowed where they are a list of words. */
export function wordsOf(schema: JsonSchema | undefined): string[] {
  const words = schema?.enum ?? (schema?.const === undefined ? [] : [schema.const]);
  const inner = (schema?.anyOf ?? []).flatMap(wordsOf);
  return [...words.filter((word): word is string => typeof word === "string"), ...inner];
}

/** The path of the object that a key belongs to, for a key that stands in the wrong one. */
export function homeOf(key: string): string | undefined {
  const sections = Object.entries(rootSchema().properties ?? {});
  return sections.find(([, { properties }]) => properties && Object.hasOwn(properties, key))?.[0];
}

/** What a schema allows, as the end of a sentence: `a whole number from 1 to 8192`. */
export function describe(schema: JsonSchema | undefined): string {
  if (!schema) return "nothing";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return list(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.anyOf) return list(schema.anyOf.map(describe));
  if (schema.oneOf) return `an object whose "kind" is ${describe(kinds(schema).properties!.kind)}`;
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      return schema.maxLength === undefined
        ? `text${schema.minLength ? " that is not empty" : ""}`
        : `text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
    case "array":
      return `a list of ${schema.items?.length} values, each ${describe(schema.items?.[0])}`;
    default:
      return "an object";
  }
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const low =
    minimum !== undefined
      ? `at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : "";
  const high =
    maximum !== undefined
      ? `at most ${maximum}`
      : exclusiveMaximum !== undefined
        ? `below ${exclusiveMaximum}`
        : "";
  const words = [low, high].filter((part) => part !== "").join(" and ");
  return words && ` ${words}`;
}

/** `a, b or c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}
