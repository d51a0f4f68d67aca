/** Where a command writes: results to standard output, or everything but the JSON line to standard error. */
import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** Text for people: standard output, or standard error when `--json` keeps standard output for the JSON line. */
  readonly human: NodeJS.WriteStream;
  readonly colors: Colors;
  /** A live display may overwrite its line. */
  readonly live: boolean;
  /** Writes a line for people. */
  say(line: string): void;
}

/**
 * @param json keep standard output for the JSON line.
 */
export function openTerminal(json: boolean): Terminal {
  const human = json ? process.stderr : process.stdout;
  return {
    human,
    colors: picocolors.createColors(usesColor(human.isTTY, process.env)),
    live: human.isTTY && process.env.TERM !== "dumb",
    say: (line) => {
      human.write(`${line}\n`);
    },
  };
}

/** NO_COLOR (set and not empty) wins over FORCE_COLOR; else a terminal has colours and a file has none. */
export function usesColor(isTerminal: boolean | undefined, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== "0") return true;
  return isTerminal === true && env.TERM !== "dumb";
}

/** Writes the one line of `--json`: always the last line of standard output. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
