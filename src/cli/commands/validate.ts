/** `sigmascope validate`: checks experiment files without running them. */
import { Command } from "commander";
import { loadExperiment } from "../../experiment/parseExperiment.ts";
import { formatProblems } from "../../experiment/problem.ts";
import { exitCodes } from "../exitCodes.ts";
import { jsonOption } from "../options.ts";
import { openTerminal, writeJson } from "../terminal.ts";

export function validateCommand(): Command {
  return new Command("validate")
    .description("check experiment files and show every problem of every one of them")
    .argument("<file...>", "experiment files")
    .addOption(jsonOption("the problems"))
    .addHelpText(
      "after",
      `
Examples:
  sigmascope validate adding.sigmascope.json
  sigmascope validate experiments/*.json --json`,
    )
    .action(validate);
}

async function validate(files: string[], { json = false }: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(json);
  const { colors } = terminal;
  let exitCode: number = exitCodes.ok;
  const results: { file: string; ok: boolean; problems: unknown }[] = [];
  for (const file of files) {
    const parsed = await loadExperiment(file);
    results.push({ file, ok: parsed.ok, problems: parsed.problems });
    if (parsed.problems.length > 0) terminal.say(formatProblems(parsed.problems, parsed.text));
    if (parsed.ok) terminal.say(`${file}: ${colors.green("a valid experiment")}`);
    else if (!parsed.missing) exitCode = exitCodes.usage;
    else if (exitCode === exitCodes.ok) exitCode = exitCodes.notFound;
  }
  if (json) writeJson(results);
  process.exitCode = exitCode;
}
