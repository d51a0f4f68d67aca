import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  experimentEditorSchema,
  experimentEditorSchemaText,
  experimentJsonSchema,
  experimentJsonSchemaText,
} from "../../../src/experiment/jsonSchema.ts";

test("media/experiment.schema.json is what the schema in code says; `npm run schema` renews it", async () => {
  const file = new URL("../../../media/experiment.schema.json", import.meta.url);
  expect(await readFile(file, "utf8")).toBe(experimentJsonSchemaText());
});

test("media/experiment.editor.json too", async () => {
  const file = new URL("../../../media/experiment.editor.json", import.meta.url);
  expect(await readFile(file, "utf8")).toBe(experimentEditorSchemaText());
});

test("the editor's schema offers values, says what is allowed, and checks nothing", () => {
  const { properties } = experimentEditorSchema();
  const cell = properties?.model?.properties?.cell;
  expect(cell?.examples).toContain("spectral");
  expect(properties?.model?.properties?.hidden?.markdownDescription).toMatch(/A whole number from 1 to \d+/);
  expect(properties?.task?.properties?.kind?.examples).toContain("copy");
  const copy = properties?.task?.allOf?.find(({ if: wanted }) => JSON.stringify(wanted).includes("copy"));
  expect(Object.keys(copy?.then.properties ?? {})).toContain("delay");
  expect(JSON.stringify(properties)).not.toMatch(/"(enum|minimum|maximum|type|additionalProperties)":/);
});

test("every property has a description, which editors show on hover", () => {
  const bare: string[] = [];
  const visit = (schema: ReturnType<typeof experimentJsonSchema>, path: string) => {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (!property.description) bare.push(`${path}${key}`);
      visit(property, `${path}${key}.`);
    }
    for (const branch of schema.oneOf ?? []) visit(branch, path);
  };
  visit(experimentJsonSchema(), "");
  expect(bare).toEqual([]);
});
