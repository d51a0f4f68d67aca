/** The JSON Schema of an experiment file, derived from the schema in code. */
import { z } from "zod";
import { experimentSchema } from "./schema.ts";

/** The part of JSON Schema that the experiment's schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  /** Draft 7's tuple: one schema for each item. */
  readonly items?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** The schema in draft 7, the one that editors understand best. */
export function experimentJsonSchema(): JsonSchema {
  return z.toJSONSchema(experimentSchema, { io: "input", target: "draft-7" }) as JsonSchema;
}

/** The text of `media/experiment.schema.json`; the two extra keywords are known to VS Code and ignored elsewhere. */
export function experimentJsonSchemaText(): string {
  const schema = { ...experimentJsonSchema(), allowComments: true, allowTrailingCommas: true };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** What VS Code's own JSON support is given: see `experimentEditorSchema`. */
interface EditorSchema {
  description?: string;
  markdownDescription?: string;
  default?: unknown;
  /** Offered as values. */
  examples?: readonly unknown[];
  properties?: Record<string, EditorSchema>;
  /** Of a union: the properties that belong to a kind. */
  allOf?: { readonly if: object; readonly then: EditorSchema }[];
}

/**
 * The schema without its checks: completion and hovers come from it. What is wrong with a value is said by the
 * extension, at the exact place and in better words, and must not be said twice.
 */
export function experimentEditorSchema(schema: JsonSchema = experimentJsonSchema()): EditorSchema {
  const made: EditorSchema = {};
  const allowed = allowedText(schema);
  if (schema.description !== undefined)
    made.markdownDescription =
      allowed === undefined ? schema.description : `${schema.description}\n\n${allowed}`;
  if (schema.default !== undefined) made.default = schema.default;
  const values = valuesOf(schema);
  if (values.length > 0) made.examples = values;
  if (schema.properties !== undefined) made.properties = editorProperties(schema.properties);
  const kinds = (schema.oneOf ?? schema.anyOf ?? []).filter(({ properties }) => properties !== undefined);
  if (kinds.length > 0) {
    const names = kinds.map(({ properties }) => properties!.kind?.const);
    const descriptions = kinds.map(
      ({ properties }) => `- \`${properties!.kind?.const}\`: ${properties!.kind?.description}`,
    );
    made.properties = { kind: { markdownDescription: descriptions.join("\n"), examples: names } };
    made.allOf = kinds.map(({ properties = {} }) => {
      const { kind, ...others } = properties;
      return {
        if: { properties: { kind: { const: kind?.const } }, required: ["kind"] },
        // biome-ignore lint/suspicious/noThenProperty: JSON Schema's keyword; nobody awaits a schema.
        then: { properties: editorProperties(others) },
      };
    });
  }
  return made;
}

function editorProperties(properties: Readonly<Record<string, JsonSchema>>): Record<string, EditorSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, experimentEditorSchema(property)]),
  );
}

function valuesOf({ enum: values, const: only, type, anyOf = [] }: JsonSchema): readonly unknown[] {
  if (values !== undefined) return values;
  if (only !== undefined) return [only];
  if (type === "boolean") return [true, false];
  return anyOf.flatMap(valuesOf);
}

/** e.g. "A whole number from 1 to 4096. Default: 64." */
function allowedText(schema: JsonSchema): string | undefined {
  const { type, minimum, exclusiveMinimum, maximum, exclusiveMaximum, default: usual } = schema;
  const parts: string[] = [];
  if (type === "integer" || type === "number") {
    // The largest whole number that is safe stands for no bound.
    const low = minimum === -Number.MAX_SAFE_INTEGER ? undefined : (minimum ?? exclusiveMinimum);
    const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : (maximum ?? exclusiveMaximum);
    const noun = type === "integer" ? "A whole number" : "A number";
    const from = low === undefined ? "" : minimum === undefined ? ` greater than ${low}` : ` from ${low}`;
    const to = high === undefined ? "" : maximum === undefined ? `, less than ${high}` : ` to ${high}`;
    parts.push(`${noun}${from}${to}.`);
  }
  const values = valuesOf(schema);
  if (values.length > 0)
    parts.push(`One of ${values.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}.`);
  if (usual !== undefined) parts.push(`Default: \`${JSON.stringify(usual)}\`.`);
  return parts.length === 0 ? undefined : parts.join(" ");
}

/** The text of `media/experiment.editor.json`. */
export function experimentEditorSchemaText(): string {
  const schema = { ...experimentEditorSchema(), allowComments: true, allowTrailingCommas: true };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
