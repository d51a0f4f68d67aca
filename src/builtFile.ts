/** Files that the build makes and programs read at run time: workers, kernels, scripts, data. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Path of a file that the build put into `dist/`: beside the running bundle, or, when this is run from the source
 * tree, in `dist/` there.
 *
 * @throws Error naming the places looked at when it is in neither.
 */
export function builtFile(name: string): string {
  const places = new Set(
    [`./${name}`, `../dist/${name}`].map((place) => fileURLToPath(new URL(place, import.meta.url))),
  );
  for (const place of places) if (existsSync(place)) return place;
  throw new Error(
    `${name} is missing from this installation: there is no ${[...places].join(" and no ")}; ` +
      'in the source tree, "npm run build" makes it',
  );
}
