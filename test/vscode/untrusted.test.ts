/** In a workspace that is not trusted runs can be looked at, not started. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openWorkbench, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench({ trusted: false });
});
afterAll(() => bench?.close());

it("the palette offers to compare runs, and not to train", async () => {
  const { page, code } = bench;
  expect(await bench.ask("trusted")).toBe(false);
  await bench.ask("open", { file: join(code.workspace, "adding-vanilla.sigmascope.json") });
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input").first().fill(">Sigmascope: ");
  await page.getByRole("option", { name: /^Sigmascope: Compare Runs/ }).waitFor();
  expect(await page.getByRole("option", { name: /^Sigmascope: (Train|Resume|Switch)/ }).count()).toBe(0);
  await page.keyboard.press("Escape");
});

it("a command called all the same starts nothing", async () => {
  const { page, code } = bench;
  const file = join(code.workspace, "adding-vanilla.sigmascope.json");
  await bench.ask("execute", { command: "sigmascope.train", args: [file] });
  await page
    .locator(".notification-toast, .monaco-dialog-box")
    .filter({ hasText: /trust/i })
    .first()
    .waitFor();
  expect(existsSync(join(code.workspace, ".sigmascope/runs"))).toBe(false);
});
