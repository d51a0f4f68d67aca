/** `sigmascope switch`: changes the parameterization of a run or a checkpoint and keeps what it computes. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { trainerJob } from "../../runs/launch.ts";
import { liveState, readRunRecord } from "../../runs/runRecord.ts";
import { describeEvent } from "../describeEvent.ts";
import { CliError, exitCodes } from "../exitCodes.ts";
import { isFile, noSuchFile } from "../files.ts";
import { findRun } from "../findRun.ts";
import { formatNumber, formatSigma } from "../format.ts";
import { jsonOption, positiveNumber, runsOption, wholeNumber } from "../options.ts";
import { openTerminal, type Terminal, writeJson } from "../terminal.ts";
import { commandAndWait } from "./control.ts";

interface SwitchOptions {
  readonly to: "spectral" | "rnn";
  readonly radius?: number;
  readonly reflectors?: number;
  readonly clip?: boolean;
  readonly output?: string;
  readonly runs: string;
  readonly json?: boolean;
}

export function switchCommand(): Command {
  return new Command("switch")
    .description("change between the vanilla and the SVD parameterization without changing the function")
    .argument(
      "<run-or-checkpoint>",
      "a run's id, its directory, \"last\", a .safetensors file, or a LayersModel's model.json",
    )
    .addOption(
      new Option("--to <cell>", "the parameterization").choices(["spectral", "rnn"]).makeOptionMandatory(),
    )
    .option(
      "--radius <r>",
      "radius of the band of singular values (default: the experiment's)",
      positiveNumber(10),
    )
    .option(
      "--reflectors <m>",
      "reflectors of U and V (default: as many as the hidden size)",
      wholeNumber(1, 8192),
    )
    .option(
      "--clip",
      "change the function where that is needed: move singular values to the band's edge, and do with fewer reflectors",
    )
    .option("-o, --output <file>", "where to write the new checkpoint (default: beside the old one)")
    .addOption(runsOption())
    .addOption(jsonOption("what was done"))
    .addHelpText(
      "after",
      `
A run that is being trained is switched in place and goes on. Otherwise a new checkpoint is written from a checkpoint
file, or from the newest one of a run. A matrix whose singular values lie outside the band is refused unless --clip
is given.

Examples:
  sigmascope switch last --to spectral --radius 0.1
  sigmascope switch step-0001000.safetensors --to rnn -o vanilla.safetensors`,
    )
    .action(switchParameterization);
}

async function switchParameterization(target: string, options: SwitchOptions): Promise<void> {
  const terminal = openTerminal(options.json ?? false);
  if (await isFile(target)) return switchFile(target, options, terminal);
  if (/\.(safetensors|json)$/.test(target)) throw noSuchFile(target);
  const directory = await findRun(options.runs, target);
  const state = liveState(readRunRecord(directory));
  if (state !== "running" && state !== "paused") return switchFile(directory, options, terminal);
  if (options.output !== undefined)
    throw new CliError(
      "--output is for checkpoints; a run in training is switched in place",
      exitCodes.usage,
    );
  const { to, radius, reflectors, clip } = options;
  const event = await commandAndWait(
    directory,
    {
      command: "switch",
      to,
      ...(radius === undefined ? {} : { radius }),
      ...(reflectors === undefined ? {} : { reflectors }),
      ...(clip === undefined ? {} : { clip }),
    },
    "switch",
  );
  terminal.say(describeEvent(event, "metric", terminal.colors));
  if (options.json) writeJson(event);
}

/** What the trainer's job answers. */
interface SwitchAnswer {
  readonly source: string;
  readonly output: string;
  /** Absent from a LayersModel's answer, which names its layers. */
  readonly step?: number;
  readonly layers?: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly sigma: readonly [number, number];
  readonly clipped: number;
  readonly clippedCount: number;
  readonly representationError: number;
}

async function switchFile(source: string, options: SwitchOptions, terminal: Terminal): Promise<void> {
  const { to, radius, reflectors, clip } = options;
  const [, base = join(source, "switched"), extension = ".safetensors"] =
    /^(.*)(\.safetensors|\.json)$/.exec(source) ?? [];
  const output = options.output ?? `${base}-${to}${extension}`;
  const args = ["switch", source, "--to", to, "-o", output];
  if (radius !== undefined) args.push("--radius", String(radius));
  if (reflectors !== undefined) args.push("--reflectors", String(reflectors));
  if (clip) args.push("--clip");
  const answer = (await trainerJob(args)) as SwitchAnswer;
  const clipped =
    answer.clippedCount === 0
      ? "none was clipped"
      : `${answer.clippedCount} moved into the band, by up to ${formatNumber(answer.clipped)}`;
  terminal.say(
    `${answer.source} (${answer.layers ? answer.layers.join(", ") : `step ${answer.step}`}): from ${answer.from} to ${answer.to}; singular values ${formatSigma(answer.sigma)}, ${clipped}; W changed by ${formatNumber(answer.representationError)} relative`,
  );
  terminal.say(`written to ${answer.output}`);
  if (answer.layers && to === "spectral")
    terminal.say('to load it in TensorFlow.js, import "sigmascope/tfjs" first');
  if (options.json) writeJson(answer);
}
