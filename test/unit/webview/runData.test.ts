/** When a page asks for numbers: at once for what a person does, after a rest for what a run does, one at a time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DetailRequest, RunNews } from "../../../src/protocol/details.ts";
import { RunData, type Wants } from "../../../webview/diagnostics/data.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const none: Wants = {
  lines: undefined,
  heatMap: undefined,
  moment: undefined,
  hovered: undefined,
  spectra: undefined,
  table: undefined,
};
const news = (revision: number) => ({ revision }) as RunNews;
const momentAt = (step: number): Wants => ({ ...none, moment: { kind: "moment", step, layer: 0 } });

/** Answers are given when a test says so. */
function made() {
  const asked: DetailRequest[] = [];
  let settle: (() => void) | undefined;
  const data = new RunData(
    (request) => {
      asked.push(request);
      return new Promise((resolve) => {
        settle = () => resolve({ kind: request.kind } as never);
      });
    },
    () => {},
  );
  const answer = async () => {
    settle?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  const steps = () => asked.flatMap((request) => ("step" in request ? [request.step] : []));
  return { data, asked, steps, answer };
}

test("a cursor that is moved is followed at once, by the newest place only, never two questions at a time", async () => {
  const { data, steps, answer } = made();
  for (const step of [1, 2, 3]) data.want(momentAt(step), news(1), false);
  expect(steps()).toEqual([1]);
  await answer();
  expect(steps()).toEqual([1, 3]);
  await answer();
  data.want(momentAt(3), news(1), false);
  expect(steps()).toEqual([1, 3]);
});

test("the newest step is followed after a rest, however often it moves", async () => {
  const { data, steps, answer } = made();
  data.want(momentAt(1), news(1), true);
  await answer();
  for (let i = 2; i <= 11; i++) {
    data.want(momentAt(i), news(i), true);
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(steps()).toEqual([1]);
  await vi.advanceTimersByTimeAsync(100);
  expect(steps()).toEqual([1, 11]);
});

test("news without rows asks for nothing; what is no longer wanted is not asked for after its rest", async () => {
  const { data, asked, answer } = made();
  const lines: Wants = { ...none, lines: { kind: "lines", steps: null, width: 100 } };
  data.want(lines, news(1), true);
  await answer();
  expect(data.current.lines).toBeDefined();
  data.want(lines, news(1), true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(1);
  data.want(lines, news(2), true);
  expect(asked).toHaveLength(2);
  await answer();
  data.want(lines, news(3), true);
  data.want(none, news(3), true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(2);
  // What was answered stays, and is asked for again when it is wanted again.
  expect(data.current.lines).toBeDefined();
  data.want(lines, news(3), true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(3);
});
