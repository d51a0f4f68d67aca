/**
 * V8's joining of vectors, which it calls experimental: a whole training run has the same bits with and without it, and
 * the doctor tells whether it is in use. On a runtime that joins none both runs are the same by any account; the suites
 * of .ci/run are therefore run on a newer Node as well.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { listCheckpoints } from "../../../src/runs/checkpoint.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-wide-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = promisify(execFile);

async function sigmascope(joined: "0" | "1", ...args: string[]) {
  const env = { ...process.env, SIGMASCOPE_WIDE_VECTORS: joined, NO_COLOR: "1" };
  const { stdout } = await run(process.execPath, [resolve("dist/cli.js"), ...args], {
    cwd: folder,
    env,
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

/** Whether this runtime and processor are ones whose vectors are joined, for all that can be told from outside. */
const joins =
  process.arch === "x64" &&
  /^1[34]\./.test(process.versions.v8) &&
  process.platform === "linux" &&
  / avx2 /.test(readFileSync("/proc/cpuinfo", "utf8"));

// Units whose rows are not whole tiles, reflectors few (a matrix of low rank) and many (a matrix that is built).
const models = [
  ...cellNames.map((cell) => ({ cell, hidden: 52 })),
  { cell: "spectral", hidden: 52, reflectors: 52 },
  { cell: "spectral", hidden: 64, reflectors: 8 },
] as const satisfies ExperimentInput["model"][];

it.each(models)("%j: the same checkpoint with and without", async (model) => {
  const experiment: ExperimentInput = {
    task: { kind: "adding", length: 30, testSize: 40 },
    model,
    // So many steps that V8 has long compiled the kernels for good.
    training: { batch: 48, steps: 300, seed: 3 },
  };
  const name = "run.sigmascope.json";
  writeFileSync(join(folder, name), JSON.stringify(experiment));
  const checkpoints: Buffer[] = [];
  for (const joined of ["0", "1"] as const) {
    const { directory, step } = await sigmascope(joined, "train", name, "--json");
    expect(step).toBe(300);
    const { engine } = readRunRecord(directory);
    if (joins || joined === "0") expect(engine.description.includes("of 256 bits")).toBe(joined === "1");
    // V8 would complain there of a flag that it does not know.
    expect(readFileSync(join(directory, "trainer.log"), "utf8")).toBe("");
    checkpoints.push(readFileSync(listCheckpoints(directory)[0]!.file));
  }
  expect(checkpoints[0]!.length).toBeGreaterThan(5_000);
  expect(checkpoints[0]!.equals(checkpoints[1]!)).toBe(true);
});

it("the doctor tells what vectors the engine has", async () => {
  const described = async (joined: "0" | "1"): Promise<string> => {
    const { engines } = await sigmascope(joined, "doctor", "--json");
    return engines.find(({ name }: { name: string }) => name === "fused").description;
  };
  expect(await described("0")).not.toContain("256");
  const found = await described("1");
  if (joins) expect(found).toMatch(/^WebAssembly relaxed SIMD of 256 bits, \d+ threads?$/);
  else if (process.platform === "linux") expect(found).not.toContain("256");
  const { wideVectors } = await sigmascope("0", "doctor", "--json");
  expect(wideVectors).toBe("switched off");
});
