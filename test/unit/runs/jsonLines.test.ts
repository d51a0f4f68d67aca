import { appendFileSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { appendEvent, EventsTail, readEvents, standingEvents } from "../../../src/runs/events.ts";
import { appendJsonLine, JsonLinesTail, readJsonLines } from "../../../src/runs/jsonLines.ts";
import type { RunEvent } from "../../../src/runs/run.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.jsonl`);
const time = "2026-11-23T08:15:02.000Z";

test("any values are read back, at once or as they come", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }), (values) => {
      const file = newFile();
      const tail = new JsonLinesTail(file);
      const followed: unknown[] = [];
      for (const value of values) {
        appendJsonLine(file, value, { sync: false });
        followed.push(...tail.poll().values);
      }
      // JSON has no −0.
      const expected: unknown = JSON.parse(JSON.stringify(values));
      expect(readJsonLines(file)).toEqual({ values: expected, problems: [], reset: false });
      expect(followed).toEqual(expected);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test("a torn last line waits until it is whole, at every byte", () => {
  const whole = Buffer.from('{"a":"é"}\n{"b":2}\n');
  const file = newFile();
  writeFileSync(file, "");
  const tail = new JsonLinesTail(file);
  const followed: unknown[] = [];
  for (let i = 0; i < whole.length; i++) {
    appendFileSync(file, whole.subarray(i, i + 1));
    const { values, problems } = tail.poll();
    followed.push(...values);
    expect(problems).toEqual([]);
  }
  expect(followed).toEqual([{ a: "é" }, { b: 2 }]);
  expect(tail.offset).toBe(whole.length);
});

test("a line that a killed writer left torn is closed by the next, and skipped", () => {
  const file = newFile();
  appendJsonLine(file, { a: 1 });
  appendFileSync(file, '{"b":');
  appendJsonLine(file, { c: 3 });
  const { values, problems } = readJsonLines(file);
  expect(values).toEqual([{ a: 1 }, { c: 3 }]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${file}: the line at byte 8 is not JSON`);
});

test("a file that became shorter is read anew", () => {
  const file = newFile();
  writeFileSync(file, "1\n2\n3\n");
  const tail = new JsonLinesTail(file);
  expect(tail.poll().values).toEqual([1, 2, 3]);
  expect(tail.poll()).toEqual({ values: [], problems: [], reset: false });
  writeFileSync(file, "4\n");
  expect(tail.poll()).toEqual({ values: [4], problems: [], reset: true });
});

test("random bytes never stop a reader", () => {
  const file = newFile();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      writeFileSync(file, bytes);
      const { values, problems } = readJsonLines(file);
      const lines = bytes.filter((byte) => byte === 0x0a).length;
      expect(values.length + problems.length).toBeLessThanOrEqual(lines);
    }),
    { numRuns: 200, seed: 2 },
  );
});

test("every kind of event is read as it was written", () => {
  const finding = {
    rule: "vanishing-gradient",
    severity: "warning",
    title: "t",
    evidence: "e",
    sinceStep: 3,
    timestep: null,
    layer: 0,
    property: ["model"],
    remedy: { text: "r", edits: [{ path: ["model", "cell"], value: "spectral" }] },
  } as const;
  const at = { time, step: 3 };
  const events: RunEvent[] = [
    { ...at, type: "started" },
    { ...at, type: "resumed", checkpoint: "c" },
    { ...at, type: "finding", finding },
    { ...at, type: "cleared", rule: "non-finite" },
    { ...at, type: "evaluation", loss: Number.NaN, metric: Number.NEGATIVE_INFINITY },
    { ...at, type: "checkpoint", file: "f", requested: true },
    {
      ...at,
      type: "switch",
      from: "rnn",
      to: "spectral",
      checkpoint: "c",
      band: null,
      sigma: [0.5, 1.5],
      clipped: 0.1,
      clippedCount: 2,
      functionChange: 1e-6,
    },
    { ...at, type: "refused", command: "switch", reason: "no" },
    { ...at, type: "error", message: "two\nlines" },
  ];
  for (const event of events) appendEvent(folder, event);
  const tail = new EventsTail(folder);
  expect(tail.poll()).toEqual({ events, problems: [], reset: false });
  appendFileSync(join(folder, "events.jsonl"), `{"type":"dance","time":"${time}","step":1}\nnonsense\n`);
  appendEvent(folder, { ...at, type: "finished" });
  const { events: more, problems } = tail.poll();
  expect(more).toEqual([{ ...at, type: "finished" }]);
  expect(problems).toHaveLength(2);
  expect(readEvents(folder).events).toHaveLength(events.length + 1);
});

test.runIf(existsSync("/dev/full"))("a full disk is named in the error", () => {
  const file = newFile();
  symlinkSync("/dev/full", file);
  expect(() => appendJsonLine(file, 1)).toThrow(`cannot write ${file}: the disk is full (ENOSPC)`);
});

test("a resume from an earlier checkpoint takes back what came after it", () => {
  const at = (step: number, type: "evaluation" | "started" | "resumed"): RunEvent =>
    type === "evaluation"
      ? { type, time, step, loss: step, metric: 0 }
      : type === "resumed"
        ? { type, time, step, checkpoint: `checkpoints/step-${step}.safetensors` }
        : { type, time, step };
  const first = [at(0, "started"), at(10, "evaluation"), at(20, "evaluation")];
  expect(standingEvents(first)).toEqual(first);
  const resumed = [...first, at(10, "resumed"), at(15, "evaluation")];
  expect(standingEvents(resumed).map(({ step }) => step)).toEqual([0, 10, 10, 15]);
  expect(standingEvents([...resumed, at(0, "started")]).map(({ step }) => step)).toEqual([0, 0]);
});
