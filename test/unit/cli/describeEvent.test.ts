import picocolors from "picocolors";
import { expect, test } from "vitest";
import { describeEvent } from "../../../src/cli/describeEvent.ts";
import type { RunEvent } from "../../../src/runs/run.ts";

const at = { time: "2026-11-23T08:15:02.000Z", step: 120 };
const plain = (event: RunEvent) => describeEvent(event, "accuracy", picocolors.createColors(false));

test("every kind of event has a line", () => {
  expect(plain({ ...at, type: "evaluation", loss: 0.2, metric: 0.951 })).toBe(
    "step 120: test loss 0.2, test accuracy 95.1 %",
  );
  expect(
    describeEvent(
      { ...at, type: "evaluation", loss: 0.2, metric: 0.2 },
      "mean squared error",
      picocolors.createColors(false),
    ),
  ).toBe("step 120: test mean squared error 0.2");
  expect(
    plain({
      ...at,
      type: "switch",
      from: "rnn",
      to: "spectral",
      checkpoint: "x",
      band: null,
      sigma: [0.2, 1.7],
      clipped: 0.65,
      clippedCount: 3,
      functionChange: 0.01,
    }),
  ).toBe(
    "step 120: switched from rnn to spectral: singular values 0.2 … 1.7, 3 clipped, by up to 0.65; outputs changed by 0.01 relative",
  );
  expect(plain({ ...at, type: "refused", command: "switch", reason: "no" })).toBe(
    "step 120: refused to switch: no",
  );
  expect(plain({ ...at, type: "cleared", rule: "vanishing-gradient" })).toBe(
    "step 120: vanishing-gradient has gone",
  );
});

test("text from a run directory cannot drive the terminal", () => {
  expect(plain({ ...at, type: "error", message: "\u001b]0;title\u0007" })).toBe(
    "step 120: error: \ufffd]0;title\ufffd",
  );
});
