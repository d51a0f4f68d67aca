#!/usr/bin/env node
/** The `sigmascope` command: wires its subcommands together, and turns errors into messages and exit codes. */
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { compareCommand } from "./commands/compare.ts";
import { controlCommands } from "./commands/control.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { reportCommand } from "./commands/report.ts";
import { reproduceCommand } from "./commands/reproduce.ts";
import { resumeCommand } from "./commands/resume.ts";
import { runsCommand } from "./commands/runs.ts";
import { showCommand } from "./commands/show.ts";
import { switchCommand } from "./commands/switch.ts";
import { trainCommand } from "./commands/train.ts";
import { validateCommand } from "./commands/validate.ts";
import { CliError, exitCodeHelp, exitCodes } from "./exitCodes.ts";
import { harmless, usesColor } from "./terminal.ts";

const program = new Command("sigmascope")
  .description("Train recurrent networks, and see where their gradients vanish or explode.")
  .version(packageJson.version, "-V, --version", "print the version")
  .helpOption("-h, --help", "show help; every command has its own")
  .addHelpText(
    "after",
    `
A RUN is a run's id, the beginning of one, the path of its directory, or "last".

${exitCodeHelp}

Examples:
  sigmascope train adding.sigmascope.json
  sigmascope show last
  sigmascope compare 20261123-081502 last
  sigmascope report last -o report.html`,
  );

const commands = [
  trainCommand(),
  resumeCommand(),
  ...controlCommands(),
  switchCommand(),
  runsCommand(),
  showCommand(),
  compareCommand(),
  inspectCommand(),
  reportCommand(),
  reproduceCommand(),
  validateCommand(),
  doctorCommand(),
];
for (const command of commands)
  program.addCommand(command.exitOverride().helpOption("-h, --help", "show this"));

// A reader that has seen enough (`sigmascope runs | head`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? exitCodes.ok);
    throw error;
  });

try {
  await program.exitOverride().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has written its message already; its code is 0 for --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const message = error instanceof Error ? error.message : String(error);
  const colored = usesColor(process.stderr.isTTY, process.env);
  const mark = colored ? "\u001b[31msigmascope:\u001b[39m" : "sigmascope:";
  process.stderr.write(`${mark} ${harmless(message, colored)}\n`);
  return error instanceof CliError ? error.exitCode : exitCodes.failed;
}
