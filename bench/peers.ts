/** `npm run bench -- --peers LIST`: the fused engine against other frameworks doing the same training step. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../src/engine/engine.ts";
import { createFusedEngine } from "../src/engine/fused/createFusedEngine.ts";
import { initializeParameters } from "../src/engine/initialize.ts";
import { writeSafetensors } from "../src/runs/safetensors.ts";
import { randomBatch, settings, specOf } from "./measure.ts";
import { type Contestant, firstSteps, localContestant, type Turn } from "./peers/contestant.ts";
import { awaitQuiet, quietShare, watchForeignLoad } from "./peers/foreignLoad.ts";
import type { Framework, FrameworkName, Work } from "./peers/framework.ts";
import { interpreterOf, startPython } from "./peers/pythonPeer.ts";
import { lossDifference, type PeerRow, peerRow, type Round } from "./peers/rounds.ts";
import { startTfjs } from "./peers/tfjs.ts";
import { type Contender, contendersAt, type Shape } from "./shapes.ts";

export interface PeerOptions {
  /** The repository's folder. */
  readonly root: string;
  readonly frameworks: readonly FrameworkName[];
  readonly shapes: readonly Shape[];
  /** Which contenders of a shape. */
  readonly takes: (contender: Contender) => boolean;
  readonly threads: readonly number[];
  readonly quick: boolean;
  /** Times are processor times, so that others may use the machine meanwhile; of one thread alone. */
  readonly processorTime: boolean;
  /** Where your own tfjs-node is installed. */
  readonly tensorflowFolder?: string | undefined;
  /** Called with each row, and with each note, as soon as it stands. */
  readonly onRow: (row: PeerRow) => void;
  readonly onNote: (note: string) => void;
}

export interface PeerResults {
  readonly rows: readonly PeerRow[];
  /** Versions of the frameworks that are there. */
  readonly versions: Readonly<Record<string, string>>;
  /** Peers that are absent, wrong or too slow, and why. */
  readonly notes: readonly string[];
}

/** Losses may differ by this share: float32 sums in another order, over up to 784 timesteps. */
const tolerance = 3e-4;
/** After a turn, for threads that spin on an empty queue to go to sleep. */
const pauseMs = 20;

/** How long is measured. */
interface Effort {
  /** Rounds that count. */
  readonly rounds: number;
  readonly turnMs: number;
  /** A peer's rounds end after so long, waiting for a quiet machine included. */
  readonly budgetMs: number;
  /** A training step that takes longer is not timed. */
  readonly slowestMs: number;
  readonly processorTime: boolean;
}
const efforts: Readonly<Record<"full" | "quick", Omit<Effort, "processorTime">>> = {
  full: { rounds: 9, turnMs: 150, budgetMs: 120_000, slowestMs: 20_000 },
  quick: { rounds: 5, turnMs: 60, budgetMs: 15_000, slowestMs: 8_000 },
};
/** Fewer rounds make no row. */
const fewestRounds = 2;

/** One that takes part in rounds. */
interface Entrant {
  readonly contestant: Contestant;
  readonly rounds: Round[];
}

type Tell = (text: string) => void;

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The frameworks asked for that are there; of the others it is told why not. */
export async function startFrameworks(
  options: Pick<PeerOptions, "root" | "frameworks" | "tensorflowFolder">,
  threads: number,
  tell: Tell,
): Promise<Framework[]> {
  const started: Framework[] = [];
  for (const name of options.frameworks) {
    if (name === "tfjs") {
      const tfjs = await startTfjs(options.tensorflowFolder, tell);
      if (tfjs) started.push(tfjs);
      continue;
    }
    const python = interpreterOf(options.root, name);
    if (python === undefined) {
      tell(
        `${name}: absent; bench/setup${name === "torch" ? "" : ` --${name}`} makes its environment (${name === "torch" ? 6 : 2} GB)`,
      );
      continue;
    }
    try {
      started.push(await startPython(options.root, name, python, threads));
    } catch (error) {
      tell(`${name}: absent; it does not start: ${reason(error)}`);
    }
  }
  return started;
}

function workOf(folder: string, contender: Contender, shape: Shape): Work {
  const spec = specOf(contender, shape.n);
  const parameters = initializeParameters(spec, "orthogonal", 1);
  const batch = randomBatch(shape);
  const files = {
    parameters: join(folder, "parameters.safetensors"),
    batch: join(folder, "batch.safetensors"),
  };
  writeSafetensors(files.parameters, parameters);
  writeSafetensors(
    files.batch,
    new Map([
      ["inputs", { shape: [shape.B, shape.T, spec.inputSize], data: batch.inputs }],
      ["targets", { shape: [shape.B], data: Float32Array.from(batch.targets) }],
    ]),
  );
  return { spec, parameters, batch, files };
}

/** Opens every peer for the work. One that fails, is wrong or slow is told of and left out. */
async function openPeers(
  frameworks: readonly Framework[],
  work: Work,
  ours: readonly number[],
  slowestMs: number,
  tell: Tell,
): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const framework of frameworks)
    for (const name of await framework.namesFor(work.spec.cell)) {
      const full = `${framework.name} ${name}`;
      try {
        const { contestant, first } = await framework.open(name, work, slowestMs);
        const { losses, ms, slow } = first;
        // A slow one stops before the last of them.
        const compared = Math.min(
          framework.comparableLosses(name),
          slow ? losses.length : Number.POSITIVE_INFINITY,
        );
        if (!(lossDifference(ours, losses, compared) <= tolerance))
          tell(`${full}: wrong, so not timed: its losses are ${losses.join(", ")}; ours ${ours.join(", ")}`);
        else if (slow) tell(`${full}: not timed: one training step takes ${(ms / 1000).toFixed(1)} s`);
        else entrants.push({ contestant, rounds: [] });
      } catch (error) {
        tell(`${full}: failed: ${reason(error)}`);
      }
    }
  return entrants;
}

/** Ours and one peer in turn, until there are enough rounds that others did not disturb. */
async function takeTurns(
  ours: Contestant,
  { contestant, rounds }: Entrant,
  share: number,
  effort: Effort,
): Promise<void> {
  const start = performance.now();
  const left = () => effort.budgetMs - (performance.now() - start);
  let warm = false;
  for (let tries = 0; rounds.length < effort.rounds && (left() > 0 || tries <= fewestRounds); tries++) {
    if (!(await awaitQuiet(share, left()))) continue;
    const load = watchForeignLoad();
    const own = await ours.turn(effort.turnMs);
    await sleep(pauseMs);
    const peers = await contestant.turn(effort.turnMs);
    const foreign = load(contestant.outside ? peers.cpuMs : 0);
    await sleep(pauseMs);
    const time = ({ ms, steps, cpuMs }: Turn) => (effort.processorTime ? cpuMs / steps : ms);
    // The first round brings both up to speed.
    if (warm && foreign <= share) rounds.push({ ms: time(own), peerMs: time(peers) });
    warm = true;
  }
}

async function timeOne(
  engine: Engine,
  frameworks: readonly Framework[],
  work: Work,
  threads: number,
  effort: Effort,
  tell: Tell,
): Promise<readonly Entrant[]> {
  const share = effort.processorTime ? 1 : quietShare(threads);
  await awaitQuiet(share, effort.budgetMs);
  const model = engine.createModel(work.spec, settings, work.parameters);
  const { losses } = firstSteps(model, work.batch, Number.POSITIVE_INFINITY);
  const ours = localContestant("fused", model, work.batch);
  try {
    const entrants = await openPeers(frameworks, work, losses, effort.slowestMs, tell);
    for (const entrant of entrants)
      try {
        await takeTurns(ours, entrant, share, effort);
        if (entrant.rounds.length < fewestRounds)
          tell(`${entrant.contestant.name}: not timed: other processes kept the machine busy`);
      } catch (error) {
        tell(`${entrant.contestant.name}: failed: ${reason(error)}`);
        entrant.rounds.length = 0;
      }
    return entrants.filter(({ rounds }) => rounds.length >= fewestRounds);
  } finally {
    ours.dispose();
    for (const framework of frameworks) await framework.close();
  }
}

/** Times every contender at every shape against every peer that is there. */
export async function benchPeers(options: PeerOptions): Promise<PeerResults> {
  const rows: PeerRow[] = [];
  const notes: string[] = [];
  const versions: Record<string, string> = {};
  const tell = (text: string) => {
    // What is absent is so for every number of threads.
    if (notes.includes(text)) return;
    notes.push(text);
    options.onNote(text);
  };
  const effort = { ...efforts[options.quick ? "quick" : "full"], processorTime: options.processorTime };
  const folder = mkdtempSync(join(tmpdir(), "sigmascope-peers-"));
  try {
    for (const threads of options.threads) {
      const engine = await createFusedEngine({ threads });
      const frameworks = await startFrameworks(options, threads, tell);
      for (const { name, version } of frameworks) versions[name] = version;
      for (const shape of options.shapes) {
        const taking = frameworks.filter((framework) => framework.takes(shape));
        if (taking.length === 0) continue;
        for (const contender of contendersAt(shape.n).filter(options.takes)) {
          const what = { ...contender, ...shape, threads };
          const at = Object.entries(what).map(([name, value]) =>
            name === "cell" ? value : `${name} = ${value}`,
          );
          const work = workOf(folder, contender, shape);
          const entrants = await timeOne(engine, taking, work, threads, effort, (text) =>
            tell(`${at.join(", ")}: ${text}`),
          );
          for (const { contestant, rounds } of entrants) {
            const row = peerRow({ ...what, peer: contestant.name }, rounds);
            rows.push(row);
            options.onRow(row);
          }
        }
      }
      for (const framework of frameworks) await framework.stop();
      await engine.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, versions, notes };
}
