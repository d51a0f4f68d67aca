/** Numbers that JSON has no words for: written as the strings "NaN", "Infinity" and "-Infinity". */
import { z } from "zod";

const nonFiniteSchema = z.enum(["NaN", "Infinity", "-Infinity"]);

/** A number, or one of the three strings, which becomes the number it names. */
export const numberSchema = z.union([z.number(), nonFiniteSchema.transform(Number)]);

/** One of the three strings, kept as it is, or a number. */
export const numberOrNameSchema = z.union([z.number(), nonFiniteSchema]);

/** JSON text of a value; numbers that are not finite become strings instead of null. */
export function toJson(value: unknown, indentation?: number): string {
  const replacer = (_key: string, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  return JSON.stringify(value, replacer, indentation);
}
