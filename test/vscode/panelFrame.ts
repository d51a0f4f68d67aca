/** The document of a web panel: it lies two frames down, and is made anew when its tab is shown again. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { expect, vi } from "vitest";
import { cache } from "./host/setup.ts";
import { patience, type Workbench } from "./workbench.ts";

/** The page with a certain root whose heading begins with a text. */
export async function panelFrame({ page }: Workbench, root: string, heading = ""): Promise<Frame> {
  let found: Frame | undefined;
  await vi.waitFor(async () => {
    for (const frame of page.frames()) {
      const text = await frame
        .locator(`${root} h1`)
        .first()
        .textContent({ timeout: 200 })
        .catch(() => null);
      if (text?.startsWith(heading)) found = frame;
    }
    expect(found).toBeDefined();
  }, patience);
  return found!;
}

/** A picture of the whole window in .vscode-test/pictures, to be looked at. */
export async function picture({ page }: Workbench, name: string): Promise<string> {
  const folder = join(cache, "pictures");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  return path;
}
