/** The first layer of a resnet has nothing around it, and a band around 1 whatever the blocks' center. */
import type { Experiment } from "../experiment/schema.ts";

/** @param transition name of a matrix in the telemetry. */
export function hasOwnBand({ net }: Pick<Experiment["model"], "net">, transition: string): boolean {
  return net === "resnet" && transition === "layer 1";
}
