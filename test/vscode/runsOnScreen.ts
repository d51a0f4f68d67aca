/** What a workspace's runs are, on the disk and in the Runs view. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, vi } from "vitest";
import type { ServedCode } from "./host/serve.ts";
import { patience } from "./workbench.ts";

export interface SeenRun {
  readonly directory: string;
  readonly state: string;
  readonly step: number;
  readonly pid: number;
}

/** The run.json of the newest run, whose name begins with the time of its making. */
export async function newestRun({ workspace }: ServedCode): Promise<SeenRun> {
  const root = join(workspace, ".sigmascope/runs");
  const id = (await readdir(root))
    .filter((name) => !name.startsWith("."))
    .sort()
    .at(-1);
  if (id === undefined) throw new Error(`${root} holds no run`);
  const directory = join(root, id);
  return { ...JSON.parse(await readFile(join(directory, "run.json"), "utf8")), directory };
}

/** Waits until a run's trainer has written a state. */
export async function runEnds(directory: string, state: string): Promise<void> {
  await vi.waitFor(async () => {
    const record = JSON.parse(await readFile(join(directory, "run.json"), "utf8")) as { state: string };
    expect(record.state).toBe(state);
  }, patience);
}

/** The rows of the side bar's views that hold a text. */
export function runRow(page: Page, text: string): Locator {
  return page.locator(".pane-body .monaco-list-row").filter({ hasText: text }).first();
}
