/** Where a cell holds the singular values of its matrices. */
import type { Experiment } from "../experiment/schema.ts";

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export interface AllowedBand extends Bounds {
  /** Of the first layer, where it has others: nothing goes around that of a resnet, and its band lies around 1. */
  readonly first?: Bounds;
}

type Model = Pick<Experiment["model"], "net" | "center" | "radius"> & { readonly cell: string };

/** Singular values are shown by their size: a band that reaches below 0 begins at 0. @returns null: nothing holds them. */
export function allowedBand({ net, cell, center, radius }: Model): AllowedBand | null {
  if (cell === "orthogonal") return { low: 1, high: 1 };
  if (cell !== "spectral") return null;
  const around = (middle: number): Bounds => ({ low: Math.max(0, middle - radius), high: middle + radius });
  return net === "resnet" && center !== 1 ? { ...around(center), first: around(1) } : around(center);
}
