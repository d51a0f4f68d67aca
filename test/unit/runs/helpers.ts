/** Temporary folders for the tests of run directories. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder that is removed after the tests of a file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sigmascope-runs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
