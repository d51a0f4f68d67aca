/** `sigmascope doctor`: what this machine can do. */
import { Command } from "commander";
import { trainerJob } from "../../runs/launch.ts";
import { tensorflowVariables } from "../../tensorflowFolder.ts";
import { exitCodes } from "../exitCodes.ts";
import { jsonOption, tensorflowOption } from "../options.ts";
import { openTerminal, writeJson } from "../terminal.ts";

/** What the trainer's job answers. */
interface DoctorAnswer {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  readonly wideVectors: "yes" | "switched off" | "runtime" | "processor";
  readonly sharedMemory: boolean;
  readonly threads: number;
  readonly engines: readonly {
    readonly name: string;
    readonly live: boolean;
    readonly description: string | null;
    readonly reason: string | null;
  }[];
  readonly tensorflowBackends: readonly {
    readonly name: "native" | "wasm" | "cpu";
    readonly live: boolean;
    readonly reason: string | null;
  }[];
}

const backendNames = {
  native: "libtensorflow",
  wasm: "WebAssembly",
  cpu: "JavaScript",
} as const;

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("what this machine can do: WebAssembly SIMD, threads, engines")
    .addOption(tensorflowOption())
    .addOption(jsonOption("the answers"))
    .addHelpText(
      "after",
      "\nExamples:\n  sigmascope doctor --json\n  sigmascope doctor --tensorflow-folder ~/tensorflow",
    )
    .action(doctor);
}

interface DoctorOptions {
  readonly tensorflowFolder?: string;
  readonly json?: boolean;
}

const wideVectorsHints: Record<DoctorAnswer["wideVectors"], string> = {
  yes: "",
  "switched off": "switched off by SIGMASCOPE_WIDE_VECTORS=0",
  runtime:
    "Node 24 to 26 on Linux and Windows have them on x86-64; training is then about 1.65 times as fast",
  processor: "no faster on this processor",
};

async function doctor({ json = false, tensorflowFolder }: DoctorOptions): Promise<void> {
  const terminal = openTerminal(json);
  const { colors } = terminal;
  const answer = (await trainerJob(["doctor"], {
    env: tensorflowVariables(tensorflowFolder),
  })) as DoctorAnswer;
  const mark = (good: boolean) => (good ? colors.green("yes") : colors.yellow("no"));
  terminal.say(`Node.js          ${answer.node}, ${answer.platform}, ${answer.cores} cores`);
  terminal.say(`SIMD             ${mark(answer.simd)}`);
  terminal.say(
    `relaxed SIMD     ${mark(answer.relaxedSimd)}${answer.relaxedSimd ? "" : " (Node 20, 22 and newer have it; training is then about a third faster)"}`,
  );
  const wide = answer.wideVectors === "yes";
  terminal.say(`256-bit vectors  ${mark(wide)}${wide ? "" : ` (${wideVectorsHints[answer.wideVectors]})`}`);
  terminal.say(`shared memory    ${mark(answer.sharedMemory)}`);
  terminal.say(`threads          ${answer.threads}`);
  for (const { name, live, description, reason } of answer.engines)
    terminal.say(
      `engine ${name.padEnd(9)} ${live ? `${mark(true)}, ${description}` : `${mark(false)}: ${reason}`}`,
    );
  for (const { name, live, reason } of answer.tensorflowBackends)
    terminal.say(`  on ${backendNames[name].padEnd(14)}${mark(live)}${live ? "" : `: ${reason}`}`);
  if (json) writeJson(answer);
  if (!answer.engines.some(({ live }) => live)) process.exitCode = exitCodes.failed;
}
