/** The metric of a task from what an engine gives. */
import type { Task } from "./task.ts";

/**
 * Language models are told by their cross-entropy, in bits or as a perplexity; the engine's metric (their accuracy)
 * has no part in it.
 *
 * @param result mean loss in nats, and the engine's own metric.
 */
export function taskMetric(
  { metricName }: Pick<Task, "metricName">,
  { loss, metric }: { readonly loss: number; readonly metric: number },
): number {
  if (metricName === "bits per character") return loss / Math.LN2;
  if (metricName === "perplexity") return Math.exp(loss);
  return metric;
}
