/** `sigmascope reproduce` as a person runs it: real trainers, few steps. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { readEvents } from "../../../../src/runs/events.ts";
import { lockOwner } from "../../../../src/runs/runLock.ts";
import { readRunRecord } from "../../../../src/runs/runRecord.ts";

const program = resolve("dist/cli.js");
const folder = mkdtempSync(join(tmpdir(), "sigmascope-reproduce-"));
const children = new Set<ChildProcess>();
const outs = new Set<string>();

/** Eight models: the smallest set there is. */
const set = ["copy-100", "--quick"];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  text = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [program, "reproduce", ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...env },
    });
    children.add(this.child);
    let out = "";
    let err = "";
    this.child.stdout?.on("data", (data) => {
      out += String(data);
      this.text += String(data);
    });
    this.child.stderr?.on("data", (data) => {
      err += String(data);
      this.text += String(data);
    });
    this.ended = once(this.child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  }
}

/** A folder of its own for each test. */
function out(name: string): string {
  outs.add(name);
  return name;
}

const reproduce = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> =>
  new Command(args, env).ended;
const lastJson = ({ out: text }: Ended) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "");
const runsOf = (name: string): string[] => {
  const runs = join(folder, name, "runs");
  if (!existsSync(runs)) return [];
  // A run has a hidden name until it is whole.
  const names = readdirSync(runs).filter((run) => !run.startsWith("."));
  return names.map((run) => join(runs, run));
};

async function until(look: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(30)) if (look()) return;
  throw new Error("waited in vain");
}

afterEach(() => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  // Trainers are processes of their own.
  for (const name of outs)
    for (const run of runsOf(name)) {
      const owner = lockOwner(run);
      if (owner) process.kill(owner.pid, "SIGKILL");
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a set", () => {
  it("is trained over seeds into a table; a second call trains nothing, one of other steps all", async () => {
    const args = [...set, "--steps", "3", "--jobs", "2", "--seeds", "2", "--json", "--out", out("whole")];
    const first = await reproduce(args);
    expect(first.code, first.err).toBe(0);
    const { sets } = lastJson(first);
    expect(sets).toHaveLength(1);
    expect(sets[0].rows).toHaveLength(8);
    for (const row of sets[0].rows)
      expect(row).toMatchObject({ finished: 2, failed: 0, seeds: 2, steps: 3, length: 40 });
    expect(runsOf("whole")).toHaveLength(16);
    const markdown = readFileSync(join(folder, "whole", "copy-100.quick.3-steps.md"), "utf8");
    expect(markdown).toMatch(/^\| orthogonal m=16 \| .* ± .* %.*\| 2 of 2 \|$/m);
    expect(markdown).toContain("sigmascope reproduce copy-100 --quick --steps 3");
    expect(
      readFileSync(join(folder, "whole", "copy-100.quick.3-steps.csv"), "utf8").split("\n"),
    ).toHaveLength(10);

    const second = await reproduce(args);
    expect(second.code, second.err).toBe(0);
    expect(second.err).toContain("16 of 16 runs are finished already");
    expect(runsOf("whole")).toHaveLength(16);
    expect(lastJson(second).sets[0].rows).toEqual(sets[0].rows);

    const others = await reproduce([...set, "--steps", "2", "--json", "--out", "whole"]);
    expect(others.code, others.err).toBe(0);
    expect(runsOf("whole")).toHaveLength(24);
  });

  it("killed after its first run, is gone on with: only what is missing is trained", async () => {
    const args = [...set, "--steps", "60", "--jobs", "1", "--json", "--out", out("killed")];
    const command = new Command(args);
    await until(() => command.text.includes("seed 1: test") && runsOf("killed").length >= 2);
    const refused = await reproduce(args);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("is at work in");
    command.child.kill("SIGKILL");
    await command.ended;
    const before = runsOf("killed");
    const finished = before.filter((run) => readRunRecord(run).state === "finished");
    expect(finished.length).toBeGreaterThan(0);
    const times = finished.map((run) => readRunRecord(run).heartbeat);

    const ended = await reproduce(args);
    expect(ended.code, ended.err).toBe(0);
    const { runs } = lastJson(ended).sets[0];
    const started = runs.filter(({ start }: { start: string }) => start === "started");
    // A run may be made, and not be in the list yet, when its command is killed.
    expect(started.length).toBeGreaterThanOrEqual(8 - before.length);
    expect(started.length).toBeLessThanOrEqual(8 - finished.length);
    expect(finished.map((run) => readRunRecord(run).heartbeat)).toEqual(times);
    expect(runs.every(({ state }: { state: string }) => state === "finished")).toBe(true);
  });

  it("stopped with Ctrl-C, saves checkpoints, says how to go on, and resumes them", async () => {
    const args = [...set, "--steps", "2000", "--jobs", "2", "--out", out("stopped")];
    const command = new Command(args);
    await until(() => runsOf("stopped").filter((run) => readRunRecord(run).step > 0).length === 2);
    command.child.kill("SIGINT");
    const ended = await command.ended;
    expect(ended.code).toBe(130);
    expect(ended.out).toContain(`go on with: sigmascope reproduce ${args.join(" ")}`);
    const stopped = runsOf("stopped");
    expect(stopped.map((run) => readRunRecord(run).state)).toEqual(["stopped", "stopped"]);

    const again = new Command(args);
    await until(() => stopped.every((run) => readEvents(run).events.some(({ type }) => type === "resumed")));
    again.child.kill("SIGINT");
    expect((await again.ended).code).toBe(130);
    for (const run of stopped) expect(["stopped", "finished"]).toContain(readRunRecord(run).state);
  });

  it("a run that fails is told in the table and does not stop the others; it is tried again", async () => {
    const trainer = join(folder, "trainer.mjs");
    const real = JSON.stringify(pathToFileURL(resolve("dist/trainer.js")).href);
    writeFileSync(
      trainer,
      `import { readFileSync } from "node:fs";
       const { model } = JSON.parse(readFileSync(process.argv[3] + "/experiment.json", "utf8"));
       if (model.cell === "gru") { console.log("no gates today"); process.exit(1); }
       await import(${real});`,
    );
    const args = [...set, "--steps", "3", "--json", "--out", out("failing")];
    const ended = await reproduce(args, { SIGMASCOPE_TRAINER: trainer });
    expect(ended.code, ended.err).toBe(1);
    const { rows } = lastJson(ended).sets[0];
    expect(rows.map(({ finished }: { finished: number }) => finished)).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
    expect(readFileSync(join(folder, "failing", "copy-100.quick.3-steps.md"), "utf8")).toMatch(
      /^- gru, seed 1: failed.*no gates today$/m,
    );
    const again = await reproduce(args);
    expect(again.code, again.err).toBe(0);
    expect(again.err).toContain("7 of 8 runs are finished already");
  });
});

describe("before anything is trained", () => {
  it("lists the sets, refuses what is no set, and says what data are missing", async () => {
    const listed = await reproduce(["--list", "--json", "--data", "nowhere"]);
    expect(listed.code).toBe(0);
    const sets = lastJson(listed);
    expect(sets.find(({ name }: { name: string }) => name === "adding-750")).toMatchObject({
      runs: 24,
      missing: null,
    });
    expect(sets.find(({ name }: { name: string }) => name === "ucr").missing).toContain("npm run data");
    const unknown = await reproduce(["addition"]);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('there is no set "addition"')]);
    const missing = await reproduce(["pixel-mnist", "--data", "nowhere", "--out", "none"]);
    expect([missing.code, missing.err]).toEqual([3, expect.stringContaining("npm run data")]);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});
