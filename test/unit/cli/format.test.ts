import { describe, expect, test } from "vitest";
import {
  formatDuration,
  formatHalfLife,
  formatMetric,
  formatNumber,
  formatSigma,
  formatTable,
  wrap,
} from "../../../src/cli/format.ts";

test.each([
  [0.166666, "0.1667"],
  [12.3456, "12.35"],
  [1234.56, "1235"],
  [1.234e-7, "1.2e-7"],
  [-3.2e9, "-3.2e+9"],
  [0, "0"],
  [Number.NaN, "not a number"],
  [Number.POSITIVE_INFINITY, "∞"],
  [Number.NEGATIVE_INFINITY, "−∞"],
  [null, "–"],
])("formatNumber(%s) is %s", (value, text) => expect(formatNumber(value)).toBe(text));

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [59.6, "1 min 0 s"],
  [12.4, "12 s"],
  [185, "3 min 5 s"],
  [7620, "2 h 7 min"],
  [583_560, "6 d 18 h"],
  [Number.POSITIVE_INFINITY, "–"],
])("formatDuration(%s) is %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("metrics are written by their name", () => {
  expect(formatMetric(0.9567, "accuracy")).toBe("95.7 %");
  expect(formatMetric(0.16666, "mean squared error")).toBe("0.1667");
  expect(formatMetric(null, "accuracy")).toBe("–");
});

test.each([
  [12.345, "halves every 12.35 timesteps"],
  [-8, "doubles every 8 timesteps"],
  ["Infinity", "steady"],
  ["-Infinity", "steady"],
  ["NaN", "no fit"],
  [null, "–"],
] as const)("formatHalfLife(%s) is %s", (written, text) => expect(formatHalfLife(written)).toBe(text));

test("formatSigma", () => {
  expect(formatSigma([0.95, 1.05])).toBe("0.95 … 1.05");
  expect(formatSigma(null)).toBe("–");
});

describe("formatTable", () => {
  test("numbers stand right, words left, and no line ends in blanks", () => {
    const rows = [
      ["σ̂", "7", ""],
      ["long name", "1234", "x"],
    ];
    expect(formatTable(["name", "steps", "note"], rows)).toBe(
      ["name       steps  note", "σ̂              7", "long name   1234  x"].join("\n"),
    );
  });
});

test("wrap breaks between words, and colours take no place", () => {
  expect(wrap("one two three four", 10)).toBe("one two\n  three\n  four");
  expect(wrap("\u001b[31mone\u001b[39m two", 10)).toBe("\u001b[31mone\u001b[39m two");
});
