/** The built command as a person runs it: real processes, real run directories. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { listCheckpoints, readCheckpoint } from "../../../src/runs/checkpoint.ts";
import { readEvents } from "../../../src/runs/events.ts";
import type { RunRecord } from "../../../src/runs/run.ts";
import { lockOwner } from "../../../src/runs/runLock.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";

const program = resolve("dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "sigmascope-cli-"));
const runsRoot = join(folder, ".sigmascope", "runs");
const children = new Set<ChildProcess>();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    children.add(this.child);
    this.child.stdout?.on("data", (data) => {
      this.out += String(data);
    });
    this.child.stderr?.on("data", (data) => {
      this.err += String(data);
    });
    this.ended = once(this.child, "close").then(([code]) => ({
      code: code as number | null,
      out: this.out,
      err: this.err,
    }));
  }
}

const sigmascope = (...args: string[]): Promise<Ended> => new Command(...args).ended;
const lastJson = ({ out }: Ended) => JSON.parse(out.trimEnd().split("\n").at(-1) ?? "");

const short = {
  task: { kind: "adding", length: 20, testSize: 40 },
  model: { cell: "rnn", hidden: 8 },
  training: { batch: 8, steps: 40, seed: 3, learningRate: 1e-9 },
} as const satisfies ExperimentInput;
const endless = { ...short, training: { ...short.training, steps: 1_000_000_000, checkpointEvery: 5000 } };
/** Seconds long, so that there is time to stop it. */
const finite = {
  task: { kind: "adding", length: 100, testSize: 40 },
  model: { cell: "rnn", hidden: 64 },
  training: { batch: 32, steps: 400, seed: 3 },
} as const satisfies ExperimentInput;

function write(name: string, experiment: unknown): string {
  writeFileSync(join(folder, name), typeof experiment === "string" ? experiment : JSON.stringify(experiment));
  return name;
}

/** The directory of the run that a command has started. */
async function startedRun(command: Command): Promise<string> {
  return until(() => {
    const directory = / → (.*)/.exec(command.out + command.err)?.[1];
    return directory !== undefined && existsSync(join(directory, "run.json")) && directory;
  });
}

async function until<T>(look: () => T | false | undefined | null): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(30)) {
    const found = look();
    if (found) return found;
  }
  throw new Error("waited in vain");
}

const whenRunning = (directory: string, step = 1): Promise<RunRecord> =>
  until(() => {
    const record = readRunRecord(directory);
    return record.state === "running" && record.step >= step && record;
  });

beforeAll(() => {
  mkdirSync(runsRoot, { recursive: true });
  write("short.sigmascope.json", short);
  write("endless.sigmascope.json", endless);
  write("finite.sigmascope.json", finite);
});
afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  // A test that fails in the middle leaves a trainer, which is a process of its own.
  for (const run of readdirSync(runsRoot)) {
    const owner = lockOwner(join(runsRoot, run));
    if (owner) process.kill(owner.pid, "SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("before anything is written", () => {
  it("a broken file shows every problem at its place, and nothing is started", async () => {
    write(
      "broken.sigmascope.json",
      '{\n  "task": { "kind": "adding" },\n  "model": { "cell": "spektral", "hiden": 8 }\n}',
    );
    const { code, out } = await sigmascope(
      "train",
      "short.sigmascope.json",
      "broken.sigmascope.json",
      "--out",
      "none",
    );
    expect(code).toBe(2);
    expect(out).toMatch(/broken\.sigmascope\.json:3:22: .*spektral/);
    expect(out).toMatch(/did you mean "?spectral/);
    expect(out).toMatch(/did you mean "?hidden/);
    expect(existsSync(join(folder, "none"))).toBe(false);
    expect((await sigmascope("validate", "broken.sigmascope.json")).code).toBe(2);
    expect((await sigmascope("validate", "short.sigmascope.json")).code).toBe(0);
  });

  it("usage, missing files and missing runs have exit codes of their own", async () => {
    expect((await sigmascope("train", "short.sigmascope.json", "--steps", "none")).code).toBe(2);
    expect((await sigmascope("validate", "absent.sigmascope.json")).code).toBe(3);
    for (const command of ["inspect", "switch"]) {
      const to = command === "switch" ? ["--to", "rnn"] : [];
      const { code, err } = await sigmascope(command, "absent.safetensors", ...to);
      expect([code, err], command).toEqual([3, "sigmascope: there is no file absent.safetensors\n"]);
    }
    const { code, err } = await sigmascope("show", "absent");
    expect(code).toBe(3);
    expect(err).toContain("sigmascope train FILE");
  });

  it("what cannot be written is found out before anything is trained", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const report of [join("absent", "page.html"), "."]) {
      const { code, err } = await sigmascope(
        "train",
        "short.sigmascope.json",
        "--report",
        report,
        "--out",
        "none",
      );
      expect([code, existsSync(join(folder, "none"))], report).toEqual([2, false]);
      expect(err).toContain("the report cannot be written");
    }
    const { code, err } = await sigmascope("train", "short.sigmascope.json", "--out", "file");
    expect(code).toBe(1);
    expect(err).toContain(`cannot create ${join(folder, "file")}`);
  });

  it("every command has help with an example", async () => {
    const { code, out } = await sigmascope("--help");
    expect(code).toBe(0);
    expect(out).toContain("Exit codes:");
    const commands = [...out.matchAll(/^ {2}(\w+) (?:\[|<)/gm)]
      .map(([, name]) => name!)
      .filter((name) => name !== "help");
    expect(commands.length).toBeGreaterThanOrEqual(14);
    for (const command of commands)
      expect((await sigmascope(command, "--help")).out, command).toMatch(/Examples?:/);
  });
});

describe("runs to the end", () => {
  it("train --json, show, compare, report, inspect, doctor", async () => {
    const ended = await sigmascope(
      "train",
      "short.sigmascope.json",
      "short.sigmascope.json",
      "--seed",
      "5",
      "--json",
      "--report",
      "page.html",
    );
    expect(ended.code).toBe(0);
    const results = lastJson(ended);
    expect(results).toHaveLength(2);
    for (const result of results)
      expect(result).toMatchObject({
        state: "finished",
        step: 40,
        findings: expect.any(Array),
        sigma: [expect.any(Number), expect.any(Number)],
      });
    // Equal seeds, equal bits.
    const checkpoints = results.map(({ directory }: { directory: string }) =>
      readFileSync(listCheckpoints(directory)[0]!.file),
    );
    expect(checkpoints[0].equals(checkpoints[1])).toBe(true);

    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toContain("Content-Security-Policy");
    expect(page).not.toMatch(/(?:src|href)="?https?:/);

    const single = lastJson(await sigmascope("train", "short.sigmascope.json", "--steps", "7", "--json"));
    expect(single).toMatchObject({ state: "finished", step: 7 });
    const shown = await sigmascope("show", "last", "--json");
    expect(lastJson(shown)).toEqual(single);
    expect(shown.err).toContain("short (rnn)");

    const compared = lastJson(await sigmascope("compare", results[0].run, "last", "--json"));
    expect(compared.differences.map(({ property }: { property: string }) => property)).toContain(
      "training.steps",
    );
    expect(compared.runs.map(({ run }: { run: string }) => run)).toEqual([results[0].run, single.run]);

    const checkpoint = listCheckpoints(single.directory)[0]!.file;
    const inspected = lastJson(await sigmascope("inspect", checkpoint, "--json"));
    const [matrix] = inspected.matrices.filter(({ name }: { name: string }) => name.startsWith("layers.0.W"));
    expect(matrix.sigma.max).toBeCloseTo(single.sigma[1], 4);
    expect(matrix.sigma.min).toBeCloseTo(single.sigma[0], 4);

    const walked = await sigmascope("inspect", "last", "--lyapunov", "--sequences", "3", "--json");
    const [layer] = lastJson(walked).lyapunov.layers;
    expect(layer.exponents).toHaveLength(8);
    expect(layer.mean).toBeCloseTo(layer.expectedMean, 8);
    expect(walked.err).toContain("the mean of the first 3 sequences of the test set, 16 of 20 timesteps");
    expect(walked.err).toMatch(
      /layer +exponents +top +median +mean +smallest +> 0 +expected top +expected mean/,
    );
    const absent = await sigmascope("inspect", "absent");
    expect([absent.code, absent.err]).toEqual([3, expect.stringContaining("absent")]);

    expect(lastJson(await sigmascope("doctor", "--json"))).toMatchObject({ simd: true, sharedMemory: true });
    const again = await sigmascope("resume", "last");
    expect(again.code).toBe(1);
    expect(again.err).toContain("nothing to resume");
  });

  it("a checkpoint is switched there and back", async () => {
    const { directory } = lastJson(await sigmascope("train", "short.sigmascope.json", "--json"));
    const source = listCheckpoints(directory)[0]!.file;
    const there = join(folder, "spectral.safetensors");
    const back = join(folder, "vanilla.safetensors");
    write("wide.sigmascope.json", { ...short, model: { ...short.model, initialization: "glorot" } });
    const wide = lastJson(await sigmascope("train", "wide.sigmascope.json", "--json"));
    const refused = await sigmascope("switch", wide.run, "--to", "spectral", "--radius", "0.1", "-o", there);
    expect(refused.code).toBe(1);
    expect(existsSync(there)).toBe(false);
    expect(refused.err).toContain("outside the band");
    const answer = lastJson(
      await sigmascope("switch", source, "--to", "spectral", "--radius", "0.5", "-o", there, "--json"),
    );
    expect(answer).toMatchObject({ from: "rnn", to: "spectral", clippedCount: 0 });
    expect((await sigmascope("switch", there, "--to", "rnn", "-o", back)).code).toBe(0);
    const before = readCheckpoint(source).parameters.get("layers.0.W")!.data;
    const after = readCheckpoint(back).parameters.get("layers.0.W")!.data;
    before.forEach((value, i) => {
      expect(after[i]).toBeCloseTo(value, 5);
    });
  });

  it("an engine that is not there fails the run and says so", async () => {
    const ended = await sigmascope(
      ...["train", "short.sigmascope.json", "--engine", "tensorflow", "--json"],
      ...["--tensorflow-folder", "nowhere"],
    );
    expect(ended.code).toBe(1);
    expect(lastJson(ended)).toMatchObject({ state: "failed", step: 0 });
    expect(ended.err).toContain(`there is no folder ${join(folder, "nowhere")}`);
  });

  it("gradient checkpointing beside --engine tensorflow is refused before anything is written", async () => {
    write("long.sigmascope.json", {
      ...short,
      training: { ...short.training, gradientCheckpointing: "auto" },
    });
    const runsBefore = readdirSync(runsRoot).length;
    const refused = await sigmascope("train", "long.sigmascope.json", "--engine", "tensorflow");
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining('training.gradientCheckpointing is "auto" in long.sigmascope.json'),
    ]);
    expect(readdirSync(runsRoot)).toHaveLength(runsBefore);
    const trained = await sigmascope("train", "long.sigmascope.json", "--json");
    expect(trained.code, trained.err).toBe(0);
  });

  it("both engines train the same model", async () => {
    const runs = [];
    for (const engine of ["fused", "tensorflow"]) {
      const ended = await sigmascope("train", "short.sigmascope.json", "--engine", engine, "--json");
      expect(ended.code, ended.err).toBe(0);
      runs.push(readRunRecord(lastJson(ended).directory));
    }
    expect(runs.map(({ engine }) => engine.name)).toEqual(["fused", "tensorflow"]);
    expect(runs[1]!.engine.description).toContain("TensorFlow.js");
    expect(runs[1]!.loss! / runs[0]!.loss!).toBeCloseTo(1, 3);
  });
});

describe("data of one's own", () => {
  it("lie in the experiment's folder, or are allowed explicitly", async () => {
    mkdirSync(join(folder, "experiments"));
    const lines = ["0.1,0.2,0.3,up", "0.3,0.2,0.1,down"];
    writeFileSync(join(folder, "data.csv"), Array.from({ length: 10 }, () => lines.join("\n")).join("\n"));
    const file = write("experiments/own.sigmascope.json", {
      task: { kind: "csv", train: "../data.csv" },
      model: { cell: "rnn", hidden: 8 },
      training: { epochs: 2, batch: 4 },
    });
    const refused = await sigmascope("train", file, "--json");
    expect(refused.code).toBe(1);
    expect(lastJson(refused)).toMatchObject({ state: "failed", step: 0 });
    expect(refused.err).toContain("lies outside");
    const allowed = await sigmascope("train", file, "--allow-outside", "--json");
    expect(allowed.code, allowed.err).toBe(0);
    expect(lastJson(allowed)).toMatchObject({ state: "finished", step: 8 });
  });
});

describe("runs in training", () => {
  it("pause, continue, checkpoint, switch and stop from another shell", async () => {
    const training = new Command("train", "endless.sigmascope.json");
    const directory = await startedRun(training);
    await whenRunning(directory);
    for (const [command, state] of [
      ["pause", "paused"],
      ["continue", "running"],
    ] as const) {
      const answer = await sigmascope(command, directory);
      expect(answer.code, answer.err).toBe(0);
      await until(() => readRunRecord(directory).state === state);
      const again = await sigmascope(command, directory);
      expect(again.code).toBe(1);
      expect(again.err).toMatch(/^sigmascope: the run is (paused already|not paused)\n$/);
    }
    expect((await sigmascope("checkpoint", directory)).out).toMatch(/checkpoint checkpoints\/step-/);
    for (const to of ["spectral", "rnn"]) {
      const answer = await sigmascope("switch", directory, "--to", to, "--radius", "0.5");
      expect(answer.code, answer.err).toBe(0);
      expect(answer.out).toContain(`to ${to}`);
    }
    const changes = readEvents(directory).events.flatMap((event) =>
      event.type === "switch" ? [event.functionChange] : [],
    );
    expect(changes).toHaveLength(2);
    for (const change of changes) expect(change).toBeLessThan(1e-4);
    expect((await sigmascope("stop", directory)).code).toBe(0);
    expect((await training.ended).code).toBe(0);
    expect(readRunRecord(directory).state).toBe("stopped");
    const late = await sigmascope("pause", directory);
    expect(late.code).toBe(1);
    expect(late.err).toContain("stopped");
  });

  it("Ctrl-C saves a checkpoint, stops and starts no more; the run can be resumed to its end", async () => {
    const training = new Command("train", "finite.sigmascope.json", "short.sigmascope.json", "--json");
    const directory = await startedRun(training);
    await whenRunning(directory, 0);
    training.child.kill("SIGINT");
    const ended = await training.ended;
    expect(ended.code).toBe(130);
    expect(ended.err).toContain("short.sigmascope.json was not started");
    const stopped = readRunRecord(directory);
    expect(stopped.state).toBe("stopped");
    expect(stopped.step).toBeLessThan(finite.training.steps);
    expect(lastJson(ended)).toMatchObject([{ run: stopped.id, state: "stopped", step: stopped.step }]);
    expect(readCheckpoint(listCheckpoints(directory)[0]!.file).step).toBe(stopped.step);
    expect(ended.err).toContain(`sigmascope resume ${stopped.id}`);

    const absent = await sigmascope("resume", stopped.id, "--from", "absent.safetensors");
    expect(absent.code).toBe(3);
    const resumed = await sigmascope("resume", stopped.id, "--json");
    expect(resumed.code, resumed.err).toBe(0);
    expect(lastJson(resumed)).toMatchObject({
      run: stopped.id,
      state: "finished",
      step: finite.training.steps,
    });
    expect(readEvents(directory).events.map(({ type }) => type)).toContain("resumed");
  });

  it("a second Ctrl-C leaves at once, while the trainer stops by itself", async () => {
    const training = new Command("train", "endless.sigmascope.json");
    const directory = await startedRun(training);
    const { pid } = await whenRunning(directory);
    // A trainer that cannot answer just now.
    process.kill(pid, "SIGSTOP");
    training.child.kill("SIGINT");
    await until(() => training.out.includes("Ctrl-C again leaves at once"));
    training.child.kill("SIGINT");
    expect((await training.ended).code).toBe(130);
    process.kill(pid, "SIGCONT");
    await until(() => readRunRecord(directory).state === "stopped");
  });

  it("a trainer that is killed leaves an interrupted run, which can be resumed", async () => {
    const training = new Command("train", "endless.sigmascope.json");
    const directory = await startedRun(training);
    const { pid } = await whenRunning(directory);
    await until(() => listCheckpoints(directory).length > 0);
    process.kill(pid, "SIGKILL");
    expect((await training.ended).code).toBe(1);
    const resumed = new Command("resume", directory);
    await until(() => readEvents(directory).events.some(({ type }) => type === "resumed"));
    resumed.child.kill("SIGINT");
    expect((await resumed.ended).code).toBe(130);
    expect(readRunRecord(directory).state).toBe("stopped");
  });
});

describe("the list of runs", () => {
  it("shows a damaged run with its reason, and an ambiguous beginning with its matches", async () => {
    mkdirSync(join(runsRoot, "00000000-000000-damaged-0000"), { recursive: true });
    writeFileSync(join(runsRoot, "00000000-000000-damaged-0000", "run.json"), '{"format": 1');
    const { code, out } = await sigmascope("runs");
    expect(code).toBe(0);
    expect(out).toMatch(/damaged-0000 +unreadable/);
    expect(out).toMatch(/damaged-0000: .*run\.json/);
    const list = new Command("runs", "--json");
    list.child.stdout?.destroy();
    expect((await list.ended).code, list.err).toBe(0);
    for (const name of ["alike-1", "alike-2"]) mkdirSync(join(runsRoot, name));
    const ambiguous = await sigmascope("show", "alike");
    expect(ambiguous.code).toBe(3);
    expect(ambiguous.err).toBe('sigmascope: "alike" is the beginning of 2 runs:\n  alike-1\n  alike-2\n');
  });
});
