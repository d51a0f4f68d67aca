import { PassThrough } from "node:stream";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { barLine, openProgress, progressText } from "../../../src/cli/progress.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { record } from "./record.ts";

/** A terminal whose output is kept. */
function keepingTerminal(live: boolean): { terminal: Terminal; written: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: live, columns: 100 });
  const chunks: string[] = [];
  stream.on("data", (chunk) => chunks.push(String(chunk)));
  const human = stream as unknown as NodeJS.WriteStream;
  const terminal = {
    human,
    colors: picocolors.createColors(false),
    live,
    say: (line: string) => {
      stream.write(`${line}\n`);
    },
  };
  return { terminal, written: () => chunks.join("") };
}

test("a line has loss, rate, time left and half-life", () => {
  expect(progressText(record)).toBe(
    "loss 0.0823, 51.2 steps/s, 29 s left, gradient halves every 123.4 timesteps",
  );
  expect(progressText({ ...record, loss: null, stepsPerSecond: null, halfLife: null })).toBe("loss –");
});

test("the bar's line fits any terminal, and keeps what matters most", () => {
  for (let columns = 1; columns < 160; columns++)
    expect(barLine("digits-spectral", record, columns).length, `${columns}`).toBeLessThan(columns);
  expect(barLine("digits-spectral", record, 160)).toBe(
    "digits-spectral ██████░░░░░░░░░░░░░░░░░░ 500/2000  loss 0.0823, 51.2 steps/s, 29 s left, half-life 123",
  );
  expect(barLine("digits-spectral", record, 60)).toBe("digits-spectral ██░░░░░░░░ 500/2000  loss 0.0823");
  expect(barLine("a", { ...record, halfLife: -8 }, 160)).toMatch(/, gradient doubles in 8$/);
  expect(barLine("digits-spectral", record, 24)).toBe("██░░░░░░░░ 500/2000");
  expect(barLine("a", { ...record, state: "paused" }, 80)).toMatch(/paused, loss 0.0823$/);
  expect(barLine("a", undefined, 80)).toBe("a ░░░░░░░░░░░░░ 0/…  starting");
});

test("without a terminal, lines come at most every two seconds, and only for new steps", () => {
  const { terminal, written } = keepingTerminal(false);
  let clock = 0;
  const progress = openProgress(terminal, "run", () => clock);
  for (const [time, step] of [
    [0, 0],
    [100, 10],
    [2000, 20],
    [2200, 30],
    [4000, 20],
    [4100, 40],
  ] as const) {
    clock = time;
    progress.update({ ...record, step });
  }
  progress.note("a finding");
  progress.end();
  expect(written().match(/^(step \d+|a finding)/gm)).toEqual(["step 10", "step 30", "a finding"]);
});

test("on a terminal, a bar shows the step and notes stay", async () => {
  const { terminal, written } = keepingTerminal(true);
  const progress = openProgress(terminal, "digits");
  progress.update(record);
  progress.note("a finding");
  progress.end();
  const text = written();
  expect(text).toContain("digits");
  expect(text).toContain("500/2000");
  expect(text).toContain("a finding\n");
  // The cursor comes back.
  expect(text).toContain("\u001b[?25h");
});
