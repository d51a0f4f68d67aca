/** How the command ends: its exit codes, and the error that carries one. */

export const exitCodes = {
  ok: 0,
  /** A run failed, a command was refused, or something unforeseen happened. */
  failed: 1,
  /** Wrong usage, or an experiment file with errors; nothing was written. */
  usage: 2,
  /** No such run, checkpoint or file. */
  notFound: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends the command with a sentence for the person and an exit code for scripts. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

/** The part of `--help` on exit codes. */
export const exitCodeHelp = `Exit codes:
  0    all went well
  1    a run failed, or a command was refused
  2    wrong usage, or an experiment file with errors (nothing was written)
  3    no such run, checkpoint or file
  130  interrupted with Ctrl-C (the run has a checkpoint and can be resumed)`;
