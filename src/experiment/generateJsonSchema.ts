/** Prints the JSON Schema of an experiment file: what `media/experiment.schema.json` must hold. */
import { experimentJsonSchemaText } from "./jsonSchema.ts";

process.stdout.write(experimentJsonSchemaText());
