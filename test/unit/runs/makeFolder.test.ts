import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeFolder } from "../../../src/runs/makeFolder.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-folder-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("makes what is missing, and is content with what is there", () => {
  const deep = join(folder, "a", "b", "c");
  makeFolder(deep);
  makeFolder(deep);
  expect(statSync(deep).isDirectory()).toBe(true);
});

it("names the folder that cannot be made", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file", "a", "b"))).toThrow(
    `cannot create ${join(folder, "file")}: it exists already`,
  );
});

it.runIf(process.platform === "linux")("ends where the system denies that the parent exists", () => {
  expect(() => makeFolder("/proc/sigmascope/runs")).toThrow("/proc/sigmascope");
});
