/** `events.jsonl`: what happened in a run, one event a line. */
import { z } from "zod";
import { describeIssues } from "./describeIssues.ts";
import { findingSchema } from "./findingSchema.ts";
import { appendJsonLine, JsonLinesTail } from "./jsonLines.ts";
import { numberSchema } from "./jsonNumbers.ts";
import type { RunEvent } from "./run.ts";
import { runFile } from "./runDirectory.ts";

const common = { time: z.iso.datetime(), step: z.int().min(0) };

const eventSchema: z.ZodType<RunEvent> = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.enum(["started", "paused", "continued", "stopped", "finished"]) }),
  z.object({ ...common, type: z.literal("resumed"), checkpoint: z.string() }),
  z.object({ ...common, type: z.literal("finding"), finding: findingSchema }),
  z.object({ ...common, type: z.literal("cleared"), rule: z.string() }),
  z.object({ ...common, type: z.literal("evaluation"), loss: numberSchema, metric: numberSchema }),
  z.object({ ...common, type: z.literal("checkpoint"), file: z.string(), requested: z.boolean() }),
  z.object({
    ...common,
    type: z.literal("switch"),
    from: z.string(),
    to: z.string(),
    checkpoint: z.string(),
    band: z.object({ center: z.number(), radius: z.number() }).nullable().default(null),
    sigma: z.tuple([numberSchema, numberSchema]),
    clipped: numberSchema,
    clippedCount: z.int().min(0),
    functionChange: numberSchema,
  }),
  z.object({ ...common, type: z.literal("refused"), command: z.string(), reason: z.string() }),
  z.object({ ...common, type: z.literal("error"), message: z.string() }),
]);

/**
 * Appends an event. Numbers that are not finite are written as strings.
 *
 * @throws SystemFailure.
 */
export function appendEvent(runDirectory: string, event: RunEvent): void {
  appendJsonLine(runFile(runDirectory, "events"), event);
}

export interface Events {
  readonly events: readonly RunEvent[];
  /** One sentence for each line that is damaged or of a kind that this version does not know. */
  readonly problems: readonly string[];
  /** The file was replaced by a shorter one: these are all its events, anew. */
  readonly reset: boolean;
}

/** Reads events as they are added. */
export class EventsTail {
  readonly #lines: JsonLinesTail;
  readonly #file: string;

  constructor(runDirectory: string) {
    this.#file = runFile(runDirectory, "events");
    this.#lines = new JsonLinesTail(this.#file);
  }

  /** Events since the last look; a torn last line waits until it is complete. */
  poll(): Events {
    const { values, problems, reset } = this.#lines.poll();
    const events: RunEvent[] = [];
    const allProblems = [...problems];
    for (const value of values) {
      const result = eventSchema.safeParse(value);
      if (result.success) events.push(result.data);
      else allProblems.push(`${this.#file}: a line is not an event: ${describeIssues(result.error)}`);
    }
    return { events, problems: allProblems, reset };
  }
}

/** Every event of a run; a run without the file has none. */
export function readEvents(runDirectory: string): Events {
  return new EventsTail(runDirectory).poll();
}

/**
 * The events of what a run is now: without those of steps that a resume from an earlier checkpoint took back.
 *
 * @param events in the order of the file.
 */
export function standingEvents(events: readonly RunEvent[]): RunEvent[] {
  let standing: RunEvent[] = [];
  for (const event of events) {
    if (event.type === "resumed" || event.type === "started")
      standing = standing.filter(({ step }) => step <= event.step);
    standing.push(event);
  }
  return standing;
}
