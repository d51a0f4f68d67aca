/** Writes the JSON Schemas of an experiment file into media/: for any editor, and for VS Code with the extension. */
import { writeFileSync } from "node:fs";
import { experimentEditorSchemaText, experimentJsonSchemaText } from "./jsonSchema.ts";

writeFileSync("media/experiment.schema.json", experimentJsonSchemaText());
writeFileSync("media/experiment.editor.json", experimentEditorSchemaText());
