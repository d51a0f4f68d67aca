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

/**
 * Shows a page in the light, dark and high-contrast themes, narrow and wide: nothing runs out of it, and pictures of it
 * are taken.
 *
 * @param name of the pictures.
 * @param ready waits until the page is drawn at its new width.
 */
export async function inEveryTheme(
  bench: Workbench,
  frame: Frame,
  { root, name, ready }: { root: string; name: string; ready: () => Promise<void> },
): Promise<void> {
  const { page } = bench;
  await bench.ask("execute", { command: "notifications.clearAll" });
  for (const [theme, short] of [
    ["Default Light Modern", "light"],
    ["Default Dark Modern", "dark"],
    ["Default High Contrast", "contrast"],
  ] as const) {
    await bench.ask("set", { key: "workbench.colorTheme", value: theme });
    for (const width of [950, 1950]) {
      await page.setViewportSize({ width, height: 2700 });
      await ready();
      const wide = await frame.evaluate(`[...document.querySelectorAll("${root} *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, svg"))
        .map((one) => one.outerHTML.slice(0, 120))`);
      expect(wide).toEqual([]);
      await picture(bench, `${name}-${short}-${width}`);
    }
  }
  await page.setViewportSize({ width: 1600, height: 1000 });
}
