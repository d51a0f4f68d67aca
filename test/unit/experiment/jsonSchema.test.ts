import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { experimentJsonSchema, experimentJsonSchemaText } from "../../../src/experiment/jsonSchema.ts";

test("media/experiment.schema.json is what the schema in code says; `npm run schema` renews it", async () => {
  const file = new URL("../../../media/experiment.schema.json", import.meta.url);
  expect(await readFile(file, "utf8")).toBe(experimentJsonSchemaText());
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
