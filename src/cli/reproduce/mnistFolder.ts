/** The folder with the four files of MNIST. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { dataMissing } from "./dataFolder.ts";

/** @throws DataMissing where any of the four is not there, under any of the names that it goes by. */
export async function mnistFolder(dataFolder: string): Promise<string> {
  const folder = join(dataFolder, "mnist");
  const names = await readdir(folder).catch((): string[] => []);
  const parts = ["train-images", "train-labels", "t10k-images", "t10k-labels"];
  if (!parts.every((part) => names.some((name) => name.startsWith(part)))) throw dataMissing("MNIST", folder);
  return folder;
}
