/** `sigmascope inspect`: the spectrum of each matrix in a file of weights, and how its recurrence grows or dies. */
import { Command, Option } from "commander";
import { trainerJob } from "../../runs/launch.ts";
import { isFile, noSuchFile } from "../files.ts";
import { findRun } from "../findRun.ts";
import { formatNumber, formatTable, type WrittenNumber } from "../format.ts";
import { jsonOption, runsOption, wholeNumber } from "../options.ts";
import { openTerminal, type Terminal, writeJson } from "../terminal.ts";

/** What the trainer's job answers; numbers that JSON lacks are words. */
interface Inspection {
  readonly file: string;
  readonly checkpoint: {
    readonly step: number;
    readonly spec: { readonly cell: string; readonly hidden: number };
  } | null;
  readonly layersModel:
    | readonly { readonly name: string; readonly className: string; readonly units: number }[]
    | null;
  readonly tensors: readonly { readonly name: string }[];
  readonly matrices: readonly {
    readonly name: string;
    readonly rows: number;
    readonly columns: number;
    readonly sigma: Record<"max" | "median" | "min" | "condition", number | string> | null;
    readonly reason: string | null;
  }[];
  readonly lyapunov?: {
    readonly sequences: number;
    readonly length: number;
    readonly timesteps: number;
    readonly layers: readonly LayerExponents[];
  };
}

interface LayerExponents extends Record<"top" | "median" | "mean" | "smallest", WrittenNumber> {
  readonly layer: number;
  readonly stateSize: number;
  readonly exponents: readonly WrittenNumber[];
  readonly positive: number;
  readonly topRange: readonly [WrittenNumber, WrittenNumber];
  readonly expectedTop: WrittenNumber;
  readonly expectedMean: WrittenNumber;
}

interface InspectOptions {
  readonly lyapunov?: boolean;
  readonly sequences: number;
  readonly exponents: number;
  readonly allowOutside?: boolean;
  readonly runs: string;
  readonly json?: boolean;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description(
      "the singular values of each matrix in a .safetensors file, Sigmascope's or another program's, or in a LayersModel of TensorFlow.js; and a checkpoint's Lyapunov exponents",
    )
    .argument(
      "<file>",
      "a .safetensors file, the model.json of a LayersModel, or a run, whose newest checkpoint is meant",
    )
    .option("--lyapunov", "Lyapunov exponents of the recurrence along sequences of the run's test set, too")
    .addOption(
      new Option("--sequences <n>", "with --lyapunov: the mean over so many sequences")
        .argParser(wholeNumber(1, 1_000_000))
        .default(1),
    )
    .addOption(
      new Option("--exponents <k>", "with --lyapunov: so many leading exponents of each layer")
        .argParser(wholeNumber(1, 1_000_000))
        .default(128),
    )
    .option("--allow-outside", "let the task read data outside the folder of its experiment file")
    .addOption(runsOption())
    .addOption(jsonOption("tensors and spectra"))
    .addHelpText(
      "after",
      "\nExamples:\n  sigmascope inspect .sigmascope/runs/RUN/checkpoints/step-0001000.safetensors\n  sigmascope inspect last --lyapunov --sequences 10",
    )
    .action(inspect);
}

async function inspect(from: string, options: InspectOptions): Promise<void> {
  const { lyapunov, sequences, exponents, allowOutside, json = false } = options;
  const file = await fileOf(from, options.runs);
  const terminal = openTerminal(json);
  const args = ["inspect", file];
  if (lyapunov) args.push("--lyapunov", "--sequences", String(sequences), "--exponents", String(exponents));
  if (allowOutside) args.push("--allow-outside");
  const answer = (await trainerJob(args)) as Inspection;
  sayMatrices(answer, terminal);
  if (answer.lyapunov) sayExponents(answer.lyapunov, terminal);
  if (json) writeJson(answer);
}

/** A file, or the directory of a run. */
async function fileOf(from: string, runs: string): Promise<string> {
  if (await isFile(from)) return from;
  if (/\.(safetensors|json)$/.test(from)) throw noSuchFile(from);
  return await findRun(runs, from);
}

function sayMatrices(answer: Inspection, terminal: Terminal): void {
  const { checkpoint, matrices, tensors } = answer;
  const what = checkpoint
    ? `checkpoint of ${checkpoint.spec.cell}, n = ${checkpoint.spec.hidden}, step ${checkpoint.step}`
    : answer.layersModel
      ? `LayersModel of TensorFlow.js with ${answer.layersModel.map(({ name, className, units }) => `${name} (${className}, n = ${units})`).join(", ") || "no recurrent layer"}`
      : "weights";
  terminal.say(`${answer.file}: ${what}; ${tensors.length} tensors, ${matrices.length} matrices\n`);
  const rows = matrices.map(({ name, rows, columns, sigma, reason }) => [
    name,
    `${rows} × ${columns}`,
    ...(sigma
      ? [sigma.max, sigma.median, sigma.min, sigma.condition].map((value) => formatNumber(Number(value)))
      : [reason ?? ""]),
  ]);
  terminal.say(
    formatTable(["matrix", "size", "σ max", "σ median", "σ min", "condition"], rows, terminal.colors.bold),
  );
}

const written = (value: WrittenNumber) => formatNumber(value === null ? null : Number(value));

function sayExponents(lyapunov: NonNullable<Inspection["lyapunov"]>, terminal: Terminal): void {
  const { sequences, length, timesteps, layers } = lyapunov;
  const over = sequences === 1 ? "the first sequence" : `the mean of the first ${sequences} sequences`;
  terminal.say(
    `\nLyapunov exponents in nats per timestep, ${over} of the test set, ${timesteps} of ${length} timesteps\n`,
  );
  const head = [
    "layer",
    "exponents",
    "top",
    "median",
    "mean",
    "smallest",
    "> 0",
    "expected top",
    "expected mean",
  ];
  const rows = layers.map((layer) => {
    const count = layer.exponents.length;
    return [
      `${layer.layer}`,
      count === layer.stateSize ? `${count}` : `first ${count} of ${layer.stateSize}`,
      ...[layer.top, layer.median, layer.mean, layer.smallest].map(written),
      `${layer.positive}`,
      written(layer.expectedTop),
      written(layer.expectedMean),
    ];
  });
  terminal.say(formatTable(head, rows, terminal.colors.bold));
  for (const { layer, topRange } of sequences > 1 ? layers : [])
    terminal.say(`layer ${layer}: top ${topRange.map(written).join(" … ")} over the sequences`);
}
