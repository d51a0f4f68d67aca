/** Language modelling on text files. */
import type { TaskSettings } from "../experiment/schema.ts";
import type { Task } from "./task.ts";

export async function textTask(
  _settings: Extract<TaskSettings, { kind: "text" }>,
  _seed: number,
  _files: { readonly train: string; readonly test: string; readonly valid: string | undefined },
): Promise<Task> {
  throw new Error("not written yet");
}
