import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OutOfMemory } from "../../../src/engine/outOfMemory.ts";
import { DiskReserve, describeFailure } from "../../../src/trainer/failure.ts";

async function failureOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error("the action succeeded");
}

describe("describeFailure", () => {
  it("names the file, the reason and the system's code", async () => {
    const path = join(tmpdir(), "sigmascope-no-such-file");
    expect(describeFailure(await failureOf(() => readFile(path)))).toBe(
      `cannot open ${path}: it does not exist (ENOENT)`,
    );
  });

  it("says what to make smaller when memory runs out", async () => {
    const error = await failureOf(async () => new Float32Array(2 ** 52));
    expect(describeFailure(error)).toMatch(/^out of memory: .*smaller batch/);
    const own = new OutOfMemory("the model needs 9 MiB of memory; use a smaller batch");
    expect(describeFailure(own)).toBe(`out of memory: ${own.message}`);
  });

  it("keeps other messages, and what was thrown without being an error", () => {
    expect(describeFailure(new Error("no such cell"))).toBe("no such cell");
    expect(describeFailure("odd")).toBe("unexpected failure: odd");
  });
});

describe("DiskReserve", () => {
  it("holds 64 KiB that were really written, and gives them back once", () => {
    const directory = mkdtempSync(join(tmpdir(), "sigmascope-reserve-"));
    try {
      const reserve = new DiskReserve(directory);
      const [name] = readdirSync(directory);
      const { size, blocks } = statSync(join(directory, name!));
      expect(size).toBe(65_536);
      expect(blocks * 512).toBeGreaterThanOrEqual(65_536);
      reserve.release();
      reserve.release();
      expect(existsSync(join(directory, name!))).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
