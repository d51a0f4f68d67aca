import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { experimentJsonSchema, type JsonSchema } from "../../../src/experiment/jsonSchema.ts";

/** Every property, with its default where the schema has a plain one. */
function properties(schema: JsonSchema): [string, unknown][] {
  const own = Object.entries(schema.properties ?? {}).filter(([key]) => key !== "kind");
  const inner = [...own.map(([, value]) => value), ...(schema.oneOf ?? [])].flatMap(properties);
  return [...own.map(([key, value]): [string, unknown] => [key, value.default]), ...inner];
}

test("docs/experiment-file.md has a row for every property, with its default", async () => {
  const text = await readFile(new URL("../../../docs/experiment-file.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  const missing = properties(experimentJsonSchema()).filter(([key, value]) => {
    const known = rows.filter((row) => row.startsWith(`| \`${key}\` |`));
    const shown = typeof value === "object" || value === undefined ? "" : JSON.stringify(value);
    return !known.some((row) => row.split(" | ")[2]?.includes(shown));
  });
  expect(missing).toEqual([]);
});
