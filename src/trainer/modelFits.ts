/** Whether an experiment's model can learn its task, as far as only the loaded task tells. */
import type { Experiment } from "../experiment/schema.ts";
import type { Task } from "../tasks/task.ts";

/** Beyond this many symbols a one-hot input would take more memory and time than the rest of the model. */
const mostOneHot = 4096;

/** @throws Error naming the property, its value and what is allowed. */
export function assertModelFits({ model, training }: Experiment, task: Task): void {
  const { net, embedding } = model;
  if (net !== "recurrent" && task.length !== 1)
    throw new Error(
      `model.net is "${net}", which reads sequences of 1 timestep; those of the task "${task.kind}" have ` +
        `${task.length}${task.kind === "mnist" ? " (set task.length to 1)" : ""}`,
    );
  if (task.vocabulary === undefined) return;
  if (embedding === undefined && task.vocabulary > mostOneHot)
    throw new Error(
      `the vocabulary has ${task.vocabulary} symbols, too many for one-hot inputs (at most ${mostOneHot}): set ` +
        'model.embedding to "tied" or "free", or task.vocabulary to fewer',
    );
  const { sampledSoftmax, batch } = training;
  if (sampledSoftmax === undefined) return;
  if (sampledSoftmax > task.vocabulary)
    throw new Error(
      `training.sampledSoftmax is ${sampledSoftmax}, more than the vocabulary of ${task.vocabulary} symbols`,
    );
  const atMost = Math.min(batch * task.length, task.vocabulary);
  if (sampledSoftmax < atMost)
    throw new Error(
      `training.sampledSoftmax is ${sampledSoftmax}; the symbols of a batch must all be among them, and ` +
        `${batch} windows of ${task.length} timesteps can hold ${atMost} different ones: give at least so many, or a smaller batch or window`,
    );
}
