/** Labelled time series of the UCR archive. */
import type { TaskSettings } from "../experiment/schema.ts";
import type { Task } from "./task.ts";

export async function ucrTask(
  _settings: Extract<TaskSettings, { kind: "ucr" }>,
  _seed: number,
  _train: string,
  _test: string,
): Promise<Task> {
  throw new Error("not written yet");
}
