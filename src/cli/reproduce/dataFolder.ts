/** Where the data of the sets are. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DataMissing } from "./experimentSet.ts";

/** `examples/data` of the clone or package that this program belongs to; that of the working directory elsewhere. */
export function defaultDataFolder(): string {
  // Seen from dist/cli.js, and from the source file.
  const places = ["../examples/data", "../../../examples/data"];
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return folders.find((folder) => existsSync(folder)) ?? resolve("examples/data");
}

/** The error for data that are not there. */
export function dataMissing(what: string, folder: string): DataMissing {
  return new DataMissing(
    `no ${what} in ${folder}; \`npm run data\` in a clone of Sigmascope fetches the data, and --data names another folder`,
  );
}
