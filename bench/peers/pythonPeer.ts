/** A framework in a Python process of its own: requests and answers are JSON lines (peers/serve.py). */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type Contestant, checkedSteps, learningRate } from "./contestant.ts";
import type { Framework, FrameworkName, Work } from "./framework.ts";

export type PythonName = Exclude<FrameworkName, "tfjs">;

const scripts = { torch: "torch_peer.py", tensorflow: "keras_peer.py" } as const;
const environments = { torch: "bench", tensorflow: "bench-tensorflow" } as const;

const listed = z.object({ version: z.string(), names: z.array(z.string()) });
const opened = z.object({ losses: z.array(z.number()), ms: z.number(), slow: z.boolean() });
const turned = z.object({ ms: z.number(), steps: z.number(), cpuMs: z.number() });

/** The interpreter that `bench/setup` made for a framework, or undefined. @param root the repository. */
export function interpreterOf(root: string, framework: PythonName): string | undefined {
  const folder = join(root, ".venv", environments[framework]);
  const [bin, name] = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  const python = join(folder, bin, name);
  // The list of what is installed is written last.
  return existsSync(join(folder, "installed.txt")) && existsSync(python) ? python : undefined;
}

class PythonPeer {
  readonly framework: PythonName;
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;
  private failure: string | undefined;

  /** @param python as `interpreterOf` found it. */
  constructor(root: string, framework: PythonName, python: string, threads: number) {
    this.framework = framework;
    const script = join(root, "bench", "peers", scripts[framework]);
    this.child = spawn(python, [script, String(threads)], {
      stdio: ["pipe", "pipe", process.env.SIGMASCOPE_BENCH_LOG ? "inherit" : "ignore"],
      env: {
        ...process.env,
        OMP_NUM_THREADS: String(threads),
        TF_CPP_MIN_LOG_LEVEL: "2",
        PYTHONUNBUFFERED: "1",
      },
    });
    this.child.on("error", (error) => {
      this.failure = error.message;
    });
    this.child.stdin!.on("error", () => {});
    this.answers = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** Whether it no longer answers. */
  get gone(): boolean {
    return this.failure !== undefined;
  }

  /** The framework's version, and what it has for a cell. */
  list(cell: string) {
    return this.ask(listed, { op: "list", cell }, 120);
  }

  /** Makes a model, trains its first steps and answers their losses. `slow`: one step took longer than `slowestMs`. */
  open(name: string, { spec, files }: Work, slowestMs: number) {
    const job = { spec, ...files, learningRate };
    return this.ask(opened, { op: "open", name, job, slowestMs }, 600);
  }

  /** A model that was opened, as one who takes turns. */
  contestant(name: string): Contestant {
    return {
      name: `${this.framework} ${name}`,
      outside: true,
      turn: (milliseconds) => this.ask(turned, { op: "turn", name, milliseconds }, 300),
      dispose: () => {},
    };
  }

  /** Forgets all models. */
  async close(): Promise<void> {
    await this.ask(z.object({}), { op: "close" }, 60);
  }

  stop(): void {
    this.failure ??= "it was stopped";
    this.child.kill("SIGKILL");
  }

  private async ask<T>(schema: z.ZodType<T>, request: object, seconds: number): Promise<T> {
    if (this.failure !== undefined) throw new Error(this.failure);
    this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.failure = `no answer within ${seconds} s`;
        this.stop();
        reject(new Error(this.failure));
      }, seconds * 1000);
    });
    try {
      const line = await Promise.race([this.answers.next(), late]);
      if (line.done) {
        this.failure ??= "its process ended; set SIGMASCOPE_BENCH_LOG=1 to see what it says";
        throw new Error(this.failure);
      }
      const answer: unknown = JSON.parse(line.value);
      const problem = z.object({ error: z.string() }).safeParse(answer);
      if (problem.success) throw new Error(problem.data.error);
      return schema.parse(answer);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Starts a framework in Python.
 * @param root the repository.
 * @param python as `interpreterOf` found it.
 * @throws Error when it does not answer.
 */
export async function startPython(
  root: string,
  name: PythonName,
  python: string,
  threads: number,
): Promise<Framework> {
  let peer = new PythonPeer(root, name, python, threads);
  const alive = () => {
    // One that had to be stopped took all that it had opened with it.
    if (peer.gone) peer = new PythonPeer(root, name, python, threads);
    return peer;
  };
  const { version } = await peer.list("rnn");
  return {
    name,
    version,
    takes: () => true,
    namesFor: async (cell) => (await alive().list(cell)).names,
    open: async (variant, work, slowestMs) => {
      const first = await alive().open(variant, work, slowestMs);
      return { contestant: peer.contestant(variant), first };
    },
    // GeoTorch trains another parameterization of the same matrix: the loss is ours until the first update.
    comparableLosses: (variant) => (variant.startsWith("GeoTorch") ? 1 : checkedSteps + 1),
    close: async () => {
      if (!peer.gone) await peer.close();
    },
    stop: async () => peer.stop(),
  };
}
