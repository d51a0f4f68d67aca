/** `sigmascope inspect`: the spectrum of each matrix in a file of weights. */
import { Command } from "commander";
import { trainerJob } from "../../runs/launch.ts";
import { isFile, noSuchFile } from "../files.ts";
import { formatNumber, formatTable } from "../format.ts";
import { jsonOption } from "../options.ts";
import { openTerminal, writeJson } from "../terminal.ts";

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
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description(
      "the singular values of each matrix in a .safetensors file, Sigmascope's or another program's, or in a LayersModel of TensorFlow.js",
    )
    .argument("<file>", "a .safetensors file, or the model.json of a LayersModel")
    .addOption(jsonOption("tensors and spectra"))
    .addHelpText(
      "after",
      "\nExample:\n  sigmascope inspect .sigmascope/runs/RUN/checkpoints/step-0001000.safetensors",
    )
    .action(inspect);
}

async function inspect(file: string, { json = false }: { json?: boolean }): Promise<void> {
  if (!(await isFile(file))) throw noSuchFile(file);
  const terminal = openTerminal(json);
  const answer = (await trainerJob(["inspect", file])) as Inspection;
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
  if (json) writeJson(answer);
}
