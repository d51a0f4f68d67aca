/** `npm run bench`: speed of the fused engine. See docs/performance.md for what the figures mean. */
import { statSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Engine } from "../src/engine/engine.ts";
import { createFusedEngine } from "../src/engine/fused/createFusedEngine.ts";
import { benchEngines } from "./engines.ts";
import { benchGrowth, growthText } from "./growth.ts";
import { writeGrowthPlots } from "./growthPlots.ts";
import { measureShape, type Row } from "./measure.ts";
import { numbers, words } from "./options.ts";
import { benchPanel } from "./panel.ts";
import { microKernelPeak } from "./peak.ts";
import { reportAdding } from "./peers/adding.ts";
import { frameworkNames } from "./peers/framework.ts";
import { reportPeers } from "./peers/print.ts";
import { cells, shapes } from "./shapes.ts";
import { benchStartup, sayStartup } from "./startup.ts";
import { benchWaiting } from "./waiting.ts";

const help = `Usage: npm run bench -- [options]

Times one training step (forward, loss, backward, optimizer) of every cell.

  --json             print one JSON object: {machine, rows: [{cell, n, B, T, m, threads, telemetry, ms, gflops, stepsPerSecond}]}
  --quick            a tenth of the time, with noisier medians
  --hidden LIST      only these hidden sizes, e.g. --hidden 64,128
  --length LIST      only these sequence lengths
  --cells LIST       only these cells
  --threads LIST     thread counts (default 1,2)
  --peers LIST       instead: the same step in torch, tensorflow or tfjs, in turn with ours; bench/setup makes
                     what Python needs (6 GB; --tensorflow 2 GB more). With --json: {machine, versions, rows: [{cell, n, B, T, m, threads, ms, peer,
                     peerMs, ratio}], notes}
  --processor-time   with --peers and --threads 1: processor time, for a machine that others use meanwhile
  --adding           instead: seconds from the command to the solved adding problem (T = 200), and in a PyTorch script;
                     the last of --threads; three seeds, with --quick one
  --panel            instead: how long a panel waits for a run of 20,000 rows × 784 timesteps
  --growth           instead: how time and memory grow with n, T, B and m; --plots DIR draws it, too
  --waiting          instead: what a training loop does beside its steps, on real tasks
  --startup          instead: from the start of a process to the end of the first training step
  --engines          instead: the TensorFlow.js engine on each of its backends against the fused one
  --tensorflow-folder DIR   with --engines and --peers tfjs: where your own tfjs-node is installed
  -h, --help         this text
`;

const options = {
  json: { type: "boolean", default: false },
  quick: { type: "boolean", default: false },
  hidden: { type: "string" },
  length: { type: "string" },
  cells: { type: "string" },
  peers: { type: "string" },
  "processor-time": { type: "boolean", default: false },
  threads: { type: "string", default: "1,2" },
  adding: { type: "boolean", default: false },
  panel: { type: "boolean", default: false },
  growth: { type: "boolean", default: false },
  plots: { type: "string" },
  waiting: { type: "boolean", default: false },
  startup: { type: "boolean", default: false },
  engines: { type: "boolean", default: false },
  "tensorflow-folder": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parse>;

const parse = () => parseArgs({ options }).values;

/** What is measured instead of our own training steps, and the options that each takes beside `json` and `quick`. */
const instead: Readonly<Partial<Record<keyof Values, readonly (keyof Values)[]>>> = {
  peers: ["hidden", "length", "cells", "threads", "processor-time", "tensorflow-folder"],
  adding: ["threads"],
  panel: [],
  growth: ["plots"],
  waiting: [],
  startup: [],
  engines: ["tensorflow-folder"],
};

/**
 * An option that would do nothing is a mistake of who gave it.
 * @throws RangeError naming it.
 */
function assertOptions(values: Values): void {
  const given = (name: keyof Values) =>
    values[name] !== undefined &&
    values[name] !== ("default" in options[name] ? options[name].default : undefined);
  const names = Object.keys(options) as (keyof Values)[];
  const chosen = names.filter((name) => instead[name] && given(name));
  if (chosen.length > 1) throw new RangeError(`--${chosen[0]} and --${chosen[1]}: one at a time`);
  const [what] = chosen;
  const takes = new Set<keyof Values>(
    what === undefined ? ["hidden", "length", "cells", "threads"] : [what, ...instead[what]!],
  );
  for (const name of names)
    if (given(name) && !takes.has(name) && !["json", "quick", "help"].includes(name))
      throw new RangeError(`--${name} does nothing ${what === undefined ? "by itself" : `with --${what}`}`);
}

function line(row: Row): string {
  const columns: [string, number][] = [
    [row.cell, -11],
    [String(row.n), 5],
    [String(row.B), 5],
    [String(row.T), 5],
    [row.m === null ? "" : String(row.m), 5],
    [String(row.threads), 8],
    [row.telemetry ? "yes" : "no", 10],
    [row.ms.toFixed(2), 10],
    [row.gflops.toFixed(1), 9],
    [row.stepsPerSecond.toFixed(1), 10],
  ];
  return columns.map(([text, width]) => (width < 0 ? text.padEnd(-width) : text.padStart(width))).join("");
}

async function main(): Promise<void> {
  const values = parse();
  assertOptions(values);
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (values.adding) {
    const threads = numbers("threads", values.threads).at(-1)!;
    await reportAdding(root, threads, values.quick ? [1] : [1, 2, 3], values.json);
    return;
  }
  if (values.panel) {
    await benchPanel();
    return;
  }
  if (values.growth) {
    const charts = await benchGrowth(values.quick ? 1 : 5, (chart) => {
      if (!values.json) console.log(growthText(chart));
    });
    if (values.json) console.log(JSON.stringify({ charts }));
    if (values.plots !== undefined)
      for (const path of writeGrowthPlots(charts, values.plots)) console.error(`written: ${path}`);
    return;
  }
  if (values.waiting) {
    const rows = await benchWaiting(values.json ? () => {} : console.log);
    if (values.json) console.log(JSON.stringify({ rows }));
    return;
  }
  if (values.startup) {
    const rows = await benchStartup(values.quick ? 3 : 11);
    if (values.json) console.log(JSON.stringify({ rows }));
    else sayStartup(rows);
    return;
  }
  const tensorflowFolder = values["tensorflow-folder"];
  // Else the other backends would be timed and its own left out.
  if (tensorflowFolder !== undefined && !statSync(tensorflowFolder, { throwIfNoEntry: false })?.isDirectory())
    throw new RangeError(`--tensorflow-folder: there is no folder ${tensorflowFolder}`);
  if (values.engines) {
    const rows = await benchEngines(tensorflowFolder, values.quick ? 3 : 9);
    if (values.json) console.log(JSON.stringify({ rows }));
    return;
  }
  const hidden = values.hidden === undefined ? undefined : numbers("hidden", values.hidden);
  const length = values.length === undefined ? undefined : numbers("length", values.length);
  const chosen = shapes.filter(({ n, T }) => (hidden?.includes(n) ?? true) && (length?.includes(T) ?? true));
  if (chosen.length === 0)
    throw new RangeError(
      `--hidden, --length: none of ${shapes.map(({ n, B, T }) => `(${n}, ${B}, ${T})`).join(", ")}`,
    );
  const chosenCells = values.cells === undefined ? cells : words("cells", values.cells, cells);
  const takes = ({ cell }: { cell: string }) => chosenCells.some((name) => name === cell);
  if (values.peers !== undefined) {
    const options = {
      root,
      frameworks: words("peers", values.peers, frameworkNames),
      shapes: chosen,
      takes,
      threads: numbers("threads", values.threads),
      quick: values.quick,
      processorTime: values["processor-time"],
      tensorflowFolder,
    };
    if (options.processorTime && options.threads.some((count) => count > 1))
      throw new RangeError(
        "--processor-time: more threads than one take more of it, not less; give --threads 1",
      );
    await reportPeers(options, values.json);
    return;
  }
  const engines = new Map<number, Engine>();
  for (const threads of numbers("threads", values.threads))
    engines.set(threads, await createFusedEngine({ threads }));
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    microKernelGflops: microKernelPeak(),
    engines: [...engines.values()].map((engine) => engine.description),
  };
  const rows: Row[] = [];
  if (!values.json) {
    console.log(
      `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${machine.engines.join("; ")}`,
    );
    console.log(`micro-kernel on one thread: ${machine.microKernelGflops.toFixed(1)} GFLOP/s`);
    console.log("One training step, medians; GFLOP/s of the recurrent products alone (6·T·B·n² a gate).\n");
    console.log("cell           n    B    T    m threads telemetry        ms  GFLOP/s   steps/s");
  }
  for (const shape of chosen) {
    for (const row of measureShape(shape, takes, engines, values.quick ? 0.05 : 0.5)) {
      rows.push(row);
      if (!values.json) console.log(line(row));
    }
  }
  if (values.json) console.log(JSON.stringify({ machine, rows }));
  for (const engine of engines.values()) await engine.dispose();
}

main().catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : error} (see npm run bench -- --help)`);
  process.exitCode = 2;
});
