/**
 * The trainer's program. Exit codes: 0 finished, stopped or answered; 1 failed; 2 wrong arguments.
 *
 * `train` says everything through the run directory; every other job prints one JSON line to standard output.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Experiment } from "../experiment/schema.ts";
import { toJson } from "../runs/jsonNumbers.ts";
import { checkpointOf } from "./checkpoints.ts";
import { examineMachine } from "./doctor.ts";
import { describeFailure } from "./failure.ts";
import { inspectFile } from "./inspect.ts";
import { inspectLyapunov } from "./inspectLyapunov.ts";
import { switchLayersModel } from "./layersModelKernels.ts";
import { switchCheckpoint } from "./switchCheckpoint.ts";
import { TrainingSession } from "./trainingSession.ts";

/** Set to 1 to let experiments read data files outside their folder; `--allow-outside` does the same. */
const allowOutsideVariable = "SIGMASCOPE_ALLOW_OUTSIDE";

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError("It is a whole number from 1 on.");
  return value;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It is a number.");
  return value;
}

function mayReadOutside(asked: boolean): boolean {
  return asked || process.env[allowOutsideVariable] === "1";
}

interface TrainArguments {
  readonly threads?: number;
  readonly engine?: Experiment["engine"];
  readonly resume?: string | true;
  readonly allowOutside: boolean;
}

async function train(
  directory: string,
  { threads, engine, resume, allowOutside }: TrainArguments,
): Promise<void> {
  const session = new TrainingSession(directory, {
    threads,
    engine,
    resume: resume !== undefined,
    checkpoint: typeof resume === "string" ? resume : undefined,
    allowOutside: mayReadOutside(allowOutside),
  });
  const stop = () => session.requestStop();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("uncaughtException", (error) => {
    session.fail(error);
    process.exit(1);
  });
  process.exitCode = (await session.run()) === "failed" ? 1 : 0;
}

interface SwitchArguments {
  readonly to: "spectral" | "rnn";
  readonly radius?: number;
  readonly center?: number;
  readonly reflectors?: number;
  readonly clip: boolean;
  readonly output: string;
}

interface InspectArguments {
  readonly lyapunov: boolean;
  readonly sequences: number;
  readonly exponents: number;
  readonly allowOutside: boolean;
}

function answer(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`);
}

const program = new Command("trainer")
  .description("Trains a run, and does the jobs that need an engine. The sigmascope command starts it.")
  .exitOverride();

program
  .command("train <run>")
  .description("train the run in this directory")
  .option("--threads <n>", "threads of the engine", wholeNumber)
  .addOption(
    new Option("--engine <name>", "engine, instead of the experiment's").choices([
      "auto",
      "fused",
      "tensorflow",
    ]),
  )
  .option("--resume [checkpoint]", "go on from the newest checkpoint, or from this one")
  .option("--allow-outside", "let data files lie outside the experiment file's folder", false)
  .action(train);

program
  .command("switch <checkpoint>")
  .description(
    "write a checkpoint, the newest of a run, or a LayersModel of TensorFlow.js in another parameterization",
  )
  .addOption(
    new Option("--to <cell>", "the parameterization").choices(["spectral", "rnn"]).makeOptionMandatory(),
  )
  .option("--radius <r>", "radius of the band of singular values", number)
  .option("--center <c>", "center of the band", number)
  .option("--reflectors <m>", "reflectors of U and V", wholeNumber)
  .option("--clip", "move singular values outside the band to its edge", false)
  .requiredOption("-o, --output <file>", "the checkpoint to write")
  .action((from: string, { to, output, ...options }: SwitchArguments) => {
    const job = from.endsWith(".json") ? switchLayersModel : switchCheckpoint;
    answer(job(from, to, options, output));
  });

program
  .command("inspect <file>")
  .description(
    "the spectrum of each matrix in a safetensors file, the newest checkpoint of a run, or a LayersModel of TensorFlow.js",
  )
  .option("--lyapunov", "Lyapunov exponents along sequences of the run's test set, too", false)
  .option("--sequences <n>", "so many sequences", wholeNumber, 1)
  .option("--exponents <k>", "so many leading exponents", wholeNumber, 128)
  .option("--allow-outside", "let data files lie outside the experiment file's folder", false)
  .action(async (from: string, { lyapunov, sequences, exponents, allowOutside }: InspectArguments) => {
    const file = checkpointOf(from);
    const options = { sequences, most: exponents, allowOutside: mayReadOutside(allowOutside) };
    answer({ ...inspectFile(file), ...(lyapunov ? { lyapunov: await inspectLyapunov(file, options) } : {}) });
  });

program
  .command("doctor")
  .description("what this machine can do")
  .action(async () => answer(await examineMachine()));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(describeFailure(error));
    process.exitCode = 1;
  }
}
