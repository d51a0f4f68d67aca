/** Classification of time series: every data set of the UCR archive that is in the data folder. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { dataMissing } from "../dataFolder.ts";
import type { ExperimentSet, SetContext, SetExperiment } from "../experimentSet.ts";
import { comparedModels } from "./cells.ts";

const near = { activation: "leakyRelu", initialization: "orthogonal" } as const;
const hidden = 32;
/** With --quick: so many data sets, those with the shortest series over which a vanilla RNN still forgets. */
const quickSets = 3;
const forgettable = 100;

interface FoundData {
  readonly name: string;
  readonly train: string;
  readonly test: string;
  readonly length: number;
  readonly trainSize: number;
}

/** Data sets whose two files are in a folder of `ucr`, by name. */
async function findData(folder: string): Promise<FoundData[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: FoundData[] = [];
  for (const place of ["", ...entries.filter((entry) => !entry.isFile()).map(({ name }) => name)]) {
    const files = await readdir(join(folder, place)).catch((): string[] => []);
    for (const file of files) {
      const [, name, extension] = /^(.+)_TRAIN\.(ts|tsv)$/i.exec(file) ?? [];
      // One of the two formats will do.
      if (name === undefined || extension === undefined || found.some((data) => data.name === name)) continue;
      const test = files.find((other) => other.toLowerCase() === `${name}_TEST.${extension}`.toLowerCase());
      if (test === undefined) continue;
      const train = join(folder, place, file);
      found.push({ name, train, test: join(folder, place, test), ...(await shapeOf(train)) });
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Number and length of the series in a file, for the estimate; the trainer reads them properly. */
async function shapeOf(file: string): Promise<Pick<FoundData, "length" | "trainSize">> {
  const lines = (await readFile(file, "utf8")).split(/\r?\n/).filter((line) => /^[^#@\s]/.test(line));
  const [first = ""] = (lines[0] ?? "").split(":");
  return { trainSize: lines.length, length: Math.max(1, first.split(/[,\t ]+/).length) };
}

function quickChoice(found: readonly FoundData[]): FoundData[] {
  const isShort = ({ length }: FoundData) => Number(length < forgettable);
  return [...found].sort((a, b) => isShort(a) - isShort(b) || a.length - b.length).slice(0, quickSets);
}

async function experiments({ quick, dataFolder }: SetContext): Promise<SetExperiment[]> {
  const folder = join(dataFolder, "ucr");
  const found = await findData(folder);
  if (found.length === 0) throw dataMissing("data sets of the UCR archive", folder);
  const chosen = quick ? quickChoice(found) : found;
  const training = quick
    ? { steps: 300, decaySteps: 150, learningRate: 0.005 }
    : { steps: 3000, decaySteps: 1000, learningRate: 0.002 };
  return chosen.flatMap(({ name: data, train, test, length, trainSize }) =>
    comparedModels(hidden, near, training.learningRate / 5).map(({ name, model, training: own }) => ({
      name: `${data} ${name}`,
      model: name,
      data,
      work: { length, trainSize },
      input: {
        task: { kind: "ucr", train, test },
        model,
        training: {
          ...training,
          batch: Math.min(32, trainSize),
          learningRateDecay: 0.5,
          clipNorm: 1,
          ...own,
        },
      },
    })),
  );
}

export const ucrSets: readonly ExperimentSet[] = [
  {
    name: "ucr",
    family: "ucr",
    description: "Time series of the UCR archive, value by value.",
    needs: ["ucr"],
    unit: "timesteps",
    experiments,
  },
];
