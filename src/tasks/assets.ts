/** Files that ship with the package and are read at run time. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Path of a shipped data file.
 *
 * The build bundles this module into programs in `dist/` and copies the data files next to them; run from source,
 * they lie in `src/tasks/data/`.
 * @throws Error naming both places when the file is in neither.
 */
export function assetPath(name: string): string {
  const places = [`./${name}`, `./data/${name}`].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error(
      `the data file ${name} is missing from this installation; looked at ${places.join(" and ")}`,
    );
  return found;
}
