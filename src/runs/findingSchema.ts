/** Findings as they stand in `run.json` and `events.jsonl`. */
import { z } from "zod";
import { type Finding, ruleNames } from "../diagnostics/finding.ts";

export const findingSchema: z.ZodType<Finding> = z.object({
  rule: z.enum(ruleNames),
  severity: z.enum(["error", "warning", "information"]),
  title: z.string(),
  evidence: z.string(),
  sinceStep: z.number(),
  timestep: z.number().nullable(),
  layer: z.number().nullable(),
  property: z.array(z.string()),
  remedy: z.object({
    text: z.string(),
    edits: z.array(
      z.object({
        path: z.array(z.string()),
        value: z.union([z.string(), z.number(), z.boolean()]),
      }),
    ),
  }),
});
