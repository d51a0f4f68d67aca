/**
 * `control.jsonl`: commands to a run's trainer, one a line.
 *
 * A command is for the trainer that is running, or being started, when it is sent. A trainer that starts a new run
 * obeys the file from its first line. A trainer that resumes a run must not obey what was meant for the one before
 * it, not even what that one never read: it begins where the file ended when it was launched. `launchTrainer` passes
 * that place on in the environment, so that a command sent right after the launch is not lost; a trainer that was
 * started otherwise begins where the file ends when its reader is made.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { describeIssues } from "./describeIssues.ts";
import { fileSize } from "./fileBytes.ts";
import { appendJsonLine, JsonLinesTail } from "./jsonLines.ts";
import type { ControlCommand } from "./run.ts";
import { runFile } from "./runDirectory.ts";

/** Holds the byte of `control.jsonl` from which a launched trainer obeys. */
export const controlFromVariable = "SIGMASCOPE_CONTROL_FROM";

const common = { id: z.string().min(1), time: z.iso.datetime() };

const commandSchema = z.discriminatedUnion("command", [
  z.object({ ...common, command: z.enum(["pause", "continue", "stop", "checkpoint"]) }),
  z.object({
    ...common,
    command: z.literal("switch"),
    to: z.enum(["spectral", "rnn"]),
    radius: z.number().gt(0).max(10).optional(),
    reflectors: z.int().min(1).max(8192).optional(),
    clip: z.boolean().optional(),
  }),
]);

type WithoutStamp<T> = T extends unknown ? Omit<T, "id" | "time"> : never;
/** A command before it has its id and time. */
export type UnsentCommand = WithoutStamp<ControlCommand>;

/**
 * Sends a command; it lasts through a crash of this process once this returns.
 *
 * @returns the command as written.
 * @throws SystemFailure where the run directory cannot be written.
 */
export function sendCommand(runDirectory: string, command: UnsentCommand): ControlCommand {
  const stamped = { id: randomUUID(), time: new Date().toISOString(), ...command };
  appendJsonLine(runFile(runDirectory, "control"), stamped, { sync: true });
  return stamped;
}

/** Byte at which `control.jsonl` ends now. */
export function controlEnd(runDirectory: string): number {
  return fileSize(runFile(runDirectory, "control"));
}

export interface ControlReaderOptions {
  /** The trainer goes on with a run that an earlier trainer began. */
  readonly resume: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The trainer's side. */
export class ControlReader {
  readonly #file: string;
  readonly #lines: JsonLinesTail;
  #problems: string[] = [];

  constructor(runDirectory: string, options: ControlReaderOptions) {
    this.#file = runFile(runDirectory, "control");
    this.#lines = new JsonLinesTail(this.#file, firstByte(runDirectory, options));
  }

  /**
   * Commands since the last look, in order. Costs one `stat` when there are none; a line that is no command is
   * left out and kept for `takeProblems`.
   */
  poll(): ControlCommand[] {
    const { values, problems } = this.#lines.poll();
    this.#problems.push(...problems);
    const commands: ControlCommand[] = [];
    for (const value of values) {
      const result = commandSchema.safeParse(value);
      if (result.success) commands.push(withoutUndefined(result.data));
      else this.#problems.push(`${this.#file}: a line is not a command: ${describeIssues(result.error)}`);
    }
    return commands;
  }

  /** One sentence for each line so far that was no command; each is given once. */
  takeProblems(): string[] {
    const problems = this.#problems;
    this.#problems = [];
    return problems;
  }
}

function firstByte(
  runDirectory: string,
  { resume, environment = process.env }: ControlReaderOptions,
): number {
  if (!resume) return 0;
  const end = controlEnd(runDirectory);
  const passed = environment[controlFromVariable];
  if (passed === undefined || !/^\d{1,15}$/.test(passed)) return end;
  return Math.min(Number(passed), end);
}

/** zod's type of an absent property includes undefined; its value never does. */
function withoutUndefined(command: z.output<typeof commandSchema>): ControlCommand {
  if (command.command !== "switch") return command;
  const { radius, reflectors, clip, ...rest } = command;
  return {
    ...rest,
    ...(radius === undefined ? {} : { radius }),
    ...(reflectors === undefined ? {} : { reflectors }),
    ...(clip === undefined ? {} : { clip }),
  };
}
