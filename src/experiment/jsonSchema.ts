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
