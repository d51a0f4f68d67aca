import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelSpec } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../../src/runs/checkpoint.ts";
import { trainerJob } from "../../../src/runs/launch.ts";
import { writeSafetensors } from "../../../src/runs/safetensors.ts";
import { tensorflowVariables } from "../../../src/tensorflowFolder.ts";
import type { DoctorReport } from "../../../src/trainer/doctor.ts";
import type { Inspection } from "../../../src/trainer/inspect.ts";
import type { InspectedLyapunov } from "../../../src/trainer/inspectLyapunov.ts";
import type { SwitchAnswer } from "../../../src/trainer/switchCheckpoint.ts";
import { smallSpec } from "./helpers.ts";
import { Runs, tinyExperiment, trainerFile } from "./trainerProcess.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-jobs-"));
const runs = new Runs();
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await runs.dispose();
});

const at = (name: string) => join(folder, name);
const optimizer = { optimizer: "adam", momentum: 0.9, weightDecay: 0, clipNorm: undefined } as const;

function checkpointOf(spec: ModelSpec): Checkpoint {
  const parameters = initializeParameters(spec, "orthogonal", 4);
  const optimizerState = new Map(
    [...parameters].flatMap(([name, { shape, data }]) => [
      [`m.${name}`, { shape, data: data.map(() => 0.5) }] as const,
      [`t.${name}`, { shape: [], data: Float32Array.of(7) }] as const,
    ]),
  );
  return { step: 7, spec, optimizer, parameters, optimizerState };
}

/** Exit code and output of the trainer with these arguments. */
async function trainer(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [trainerFile, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

describe("inspect", () => {
  it("reads every matrix of another program's file, gates one by one", async () => {
    const diagonal = (values: readonly number[], rows = values.length) => {
      const n = values.length;
      const data = new Float32Array(rows * n);
      for (let i = 0; i < rows; i++) data[i * n + (i % n)] = values[i % n]! * (1 + Math.floor(i / n));
      return { shape: [rows, n], data };
    };
    writeSafetensors(
      at("other.safetensors"),
      new Map([
        ["encoder.weight", diagonal([4, -2, 1])],
        ["rnn.weight_hh_l0", diagonal([1, 3], 8)],
        ["rnn.bias", { shape: [3], data: Float32Array.of(1, 2, 3) }],
        ["singular", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 2, 4, 6) }],
        ["broken", { shape: [1, 2], data: Float32Array.of(1, Number.NaN) }],
      ]),
    );
    const found = (await trainerJob(["inspect", at("other.safetensors")])) as Inspection;
    expect(found.checkpoint).toBeNull();
    expect(found.tensors.map(({ name }) => name)).toContain("rnn.bias");
    const matrix = (name: string) => found.matrices.find((candidate) => candidate.name === name);
    const encoder = matrix("encoder.weight")!;
    expect(encoder).toMatchObject({ rows: 3, columns: 3, count: 3, reason: null });
    expect(encoder.sigma!.max).toBeCloseTo(4, 5);
    expect(encoder.sigma!.median).toBeCloseTo(2, 5);
    expect(encoder.sigma!.min).toBeCloseTo(1, 5);
    expect(encoder.sigma!.condition).toBeCloseTo(4, 5);
    ["input", "forget", "cell", "output"].forEach((gate, i) => {
      const block = matrix(`rnn.weight_hh_l0 [${gate}]`)!;
      expect(block.sigma!.max).toBeCloseTo(3 * (i + 1), 5);
      expect(block.sigma!.median).toBeCloseTo(2 * (i + 1), 5);
    });
    expect(matrix("singular")!.sigma!.max).toBeCloseTo(Math.sqrt(70), 4);
    expect(matrix("broken")!.sigma).toBeNull();
    expect(matrix("broken")!.reason).toContain("NaN");
    expect(matrix("rnn.bias")).toBeUndefined();
  });

  it("multiplies out U diag(σ) Vᵀ of a spectral checkpoint and leaves reflectors and optimizer state alone", async () => {
    const checkpoint = checkpointOf({ ...smallSpec, cell: "spectral", layers: 2, radius: 0.25 });
    checkpoint.parameters.get("layers.1.p")!.data.set([40, 0, 0, 0, 0, -40]);
    writeCheckpoint(at("spectral.safetensors"), checkpoint);
    const found = (await trainerJob(["inspect", at("spectral.safetensors")])) as Inspection;
    expect(found.checkpoint).toMatchObject({ step: 7, spec: { cell: "spectral" } });
    expect(found.matrices.map(({ name }) => name)).toEqual([
      "head.W",
      "layers.0.M",
      "layers.0.W [U diag(σ) Vᵀ]",
      "layers.1.M",
      "layers.1.W [U diag(σ) Vᵀ]",
    ]);
    expect(found.matrices[2]!.sigma!.condition).toBeCloseTo(1, 5);
    expect(found.matrices[4]!.sigma!.max).toBeCloseTo(1.25, 5);
    expect(found.matrices[4]!.sigma!.min).toBeCloseTo(0.75, 5);
  });

  it("says what is wrong with a file that is none, and names it", async () => {
    writeFileSync(at("text.safetensors"), "not a safetensors file, but long enough for a header");
    const { code, stdout, stderr } = await trainer("inspect", at("text.safetensors"));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(at("text.safetensors"));
    expect((await trainer("inspect", at("nothing"))).stderr).toContain("does not exist (ENOENT)");
  });
});

describe("inspect --lyapunov", () => {
  it("gives the mean over sequences of the run's test set, of its newest checkpoint", async () => {
    const directory = runs.create({ ...tinyExperiment, training: { ...tinyExperiment.training, steps: 5 } });
    expect(await runs.start(directory).end()).toBe(0);
    const job = async (...args: string[]) =>
      (await trainerJob(["inspect", directory, "--lyapunov", ...args])) as Inspection & {
        lyapunov: InspectedLyapunov;
      };
    const one = await job();
    expect(one.checkpoint).toMatchObject({ step: 5, spec: { cell: "spectral" } });
    expect(one.lyapunov).toMatchObject({ run: directory, sequences: 1, length: 20, timesteps: 16 });
    const [layer] = one.lyapunov.layers;
    expect(layer!.exponents).toHaveLength(8);
    expect(layer!.top).toBe(layer!.exponents[0]);
    expect(layer!.smallest).toBe(layer!.exponents[7]);
    expect(layer!.median).toBeCloseTo((layer!.exponents[3]! + layer!.exponents[4]!) / 2, 12);
    expect(layer!.mean).toBeCloseTo(layer!.expectedMean!, 10);
    expect(layer!.topRange).toEqual([layer!.top, layer!.top]);
    // The test set has 40 sequences.
    const all = (await job("--sequences", "1000", "--exponents", "2")).lyapunov;
    expect(all.sequences).toBe(40);
    expect(all.layers[0]).toMatchObject({ stateSize: 8, exponents: { length: 2 } });
    const [low, high] = all.layers[0]!.topRange;
    expect(low).toBeLessThan(all.layers[0]!.top);
    expect(high).toBeGreaterThan(all.layers[0]!.top);
  });

  it("refuses a file outside a run, which has no sequences", async () => {
    writeCheckpoint(at("alone.safetensors"), checkpointOf(smallSpec));
    const { code, stderr } = await trainer("inspect", at("alone.safetensors"), "--lyapunov");
    expect(code).toBe(1);
    expect(stderr).toContain("is no checkpoint in a run's folder");
  });
});

describe("switch", () => {
  beforeAll(() => writeCheckpoint(at("rnn.safetensors"), checkpointOf(smallSpec)));

  it("writes the checkpoint in the other parameterization and keeps the state of what passes through", async () => {
    const args = ["--to", "spectral", "--radius", "0.5", "-o", at("switched.safetensors")];
    const answer = (await trainerJob(["switch", at("rnn.safetensors"), ...args])) as SwitchAnswer;
    expect(answer).toMatchObject({
      step: 7,
      from: "rnn",
      to: "spectral",
      reflectors: [6, 6],
      clippedCount: 0,
    });
    expect(answer.representationError).toBeLessThan(1e-6);
    const switched = readCheckpoint(answer.output);
    expect(switched.spec).toMatchObject({ cell: "spectral", radius: 0.5 });
    expect(switched.optimizerState.get("t.layers.0.M")?.data[0]).toBe(7);
    expect([...switched.optimizerState.keys()].filter((name) => /\.(W|u|v|p)$/.test(name))).toEqual([
      "m.head.W",
      "t.head.W",
    ]);
  });

  it("takes the newest checkpoint of a run", async () => {
    const directory = runs.create(tinyExperiment);
    expect(await runs.start(directory).end()).toBe(0);
    const answer = await trainerJob(["switch", directory, "--to", "rnn", "-o", at("ofRun.safetensors")]);
    expect(answer).toMatchObject({ step: 60, from: "spectral", to: "rnn" });
    expect(readCheckpoint(at("ofRun.safetensors")).parameters.has("layers.0.W")).toBe(true);
  });

  it("refuses what would change the function, and writes nothing", async () => {
    const checkpoint = checkpointOf(smallSpec);
    for (const [i, value] of checkpoint.parameters.get("layers.0.W")!.data.entries())
      checkpoint.parameters.get("layers.0.W")!.data[i] = 2 * value;
    writeCheckpoint(at("wide.safetensors"), checkpoint);
    const args = ["switch", at("wide.safetensors"), "--to", "spectral", "-o", at("refused.safetensors")];
    const { code, stdout, stderr } = await trainer(...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("6 of 6 singular values lie outside the band");
    expect((await trainer("inspect", at("refused.safetensors"))).code).toBe(1);
    const clipped = await trainerJob([...args, "--clip"]);
    expect(clipped).toMatchObject({ clippedCount: 6 });
  });

  it("does not replace the checkpoint that it reads", async () => {
    const source = at("rnn.safetensors");
    const before = readFileSync(source);
    const { code, stderr } = await trainer(
      "switch",
      source,
      "--to",
      "spectral",
      "--radius",
      "1",
      "-o",
      source,
    );
    expect(code).toBe(1);
    expect(stderr).toContain("would be replaced by its own switch");
    expect(readFileSync(source).equals(before)).toBe(true);
  });

  it("says that a run without a checkpoint has none", async () => {
    const directory = runs.create(tinyExperiment);
    const { code, stderr } = await trainer("switch", directory, "--to", "rnn", "-o", at("none.safetensors"));
    expect(code).toBe(1);
    expect(stderr).toContain(`${directory} holds no checkpoint`);
  });
});

describe("doctor", () => {
  it("tells the runtime and starts every engine once", async () => {
    const report = await trainerJob(["doctor"]);
    expect(report).toMatchObject({
      node: process.version,
      simd: true,
      sharedMemory: true,
      engines: [
        { name: "fused", live: true, reason: null },
        { name: "tensorflow", live: true, reason: null },
      ],
    });
    const { tensorflowBackends } = report as DoctorReport;
    expect(tensorflowBackends.map(({ name }) => name)).toEqual(["native", "wasm", "cpu"]);
    expect(tensorflowBackends[1]).toMatchObject({ live: true, reason: null });
    expect(tensorflowBackends[1]!.description).toMatch(/^TensorFlow\.js .*WebAssembly SIMD/);
    expect(tensorflowBackends[2]).toMatchObject({ live: true, reason: null });
    // Whether the optional package could be fetched is this machine's affair.
    const [native] = tensorflowBackends;
    expect(native!.live ? native!.description : native!.reason).toContain("tfjs-node");
  });

  it("says why a folder's TensorFlow cannot be used", async () => {
    const folder = at("no-tensorflow");
    mkdirSync(folder);
    const env = tensorflowVariables(folder);
    const { engines, tensorflowBackends } = (await trainerJob(["doctor"], { env })) as DoctorReport;
    expect(engines[1]).toMatchObject({ name: "tensorflow", live: false });
    expect(engines[1]!.reason).toContain(
      `${folder}; neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed there`,
    );
    expect(tensorflowBackends.map(({ live }) => live)).toEqual([false, true, true]);
  });

  it("loads the package of a folder, and puts back what Node 23 took away before that", async () => {
    // As far as a stand-in can show it: what it finds at its own loading is told by its version.
    const place = at("own-tensorflow/node_modules/@tensorflow/tfjs-node");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "package.json"), '{"name":"@tensorflow/tfjs-node","main":"index.js"}');
    writeFileSync(
      join(place, "index.js"),
      `const { isNullOrUndefined } = require("node:util");
      const works = [null, undefined, 0].map((value) => isNullOrUndefined(value)).join();
      throw new Error("stand-in, isNullOrUndefined: " + works);`,
    );
    // On older Nodes it is taken away here.
    writeFileSync(at("newer-node.cjs"), 'delete require("node:util").isNullOrUndefined;');
    const env = {
      ...tensorflowVariables(at("own-tensorflow")),
      NODE_OPTIONS: `--require ${at("newer-node.cjs")}`,
    };
    const { tensorflowBackends } = (await trainerJob(["doctor"], { env })) as DoctorReport;
    expect(tensorflowBackends[0]!.reason).toContain(
      `@tensorflow/tfjs-node at ${join(place, "index.js")} does not load: stand-in, isNullOrUndefined: true,true,false`,
    );
  });
});

describe("arguments", () => {
  it.each([
    [["train"], "missing required argument"],
    [["train", "x", "--threads", "none"], "whole number from 1"],
    [["switch", "x", "--to", "lstm", "-o", "y"], "Allowed choices are spectral, rnn"],
    [["switch", "x", "--to", "rnn"], "-o, --output"],
    [["fly"], "unknown command"],
  ])("%j is wrong usage: exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await trainer(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("a run that does not exist is a failure with its path", async () => {
    const { code, stderr } = await trainer("train", at("no-run"));
    expect(code).toBe(1);
    expect(stderr).toContain(at("no-run"));
  });
});
