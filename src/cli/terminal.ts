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
  const colored = usesColor(human.isTTY, process.env);
  return {
    human,
    colors: picocolors.createColors(colored),
    live: human.isTTY && process.env.TERM !== "dumb",
    say: (line) => {
      human.write(`${harmless(line, colored)}\n`);
    },
  };
}

const colour = `${String.fromCharCode(27)}[`;

/**
 * Text that cannot drive the terminal: names and messages in a run directory may be anybody's. Line breaks, tabs and,
 * where there are any, colours pass; every other control character is replaced.
 */
export function harmless(text: string, colored: boolean): string {
  return text.replace(/(\p{Cc}\[)\d{1,3}m|[^\P{Cc}\n\t]/gu, (found, start) =>
    colored && start === colour ? found : found.replace(/\p{Cc}/u, "\ufffd"),
  );
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
