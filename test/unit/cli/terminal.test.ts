import picocolors from "picocolors";
import { expect, test } from "vitest";
import { harmless, usesColor } from "../../../src/cli/terminal.ts";

test("colours, line breaks and tabs pass; nothing else drives the terminal", () => {
  const { red, bold } = picocolors.createColors(true);
  const good = `${red("error")}\n\t${bold("σ ≈ 1")}`;
  expect(harmless(good, true)).toBe(good);
  expect(harmless("\u001b[31mred", false)).toBe("\ufffd[31mred");
  expect(harmless("\u001b]0;title\u0007\u001b[2J\u009b31m\r\b", true)).toBe(
    "\ufffd]0;title\ufffd\ufffd[2J\ufffd31m\ufffd\ufffd",
  );
});

test("NO_COLOR wins over FORCE_COLOR, which wins over what the output is", () => {
  expect(usesColor(true, {})).toBe(true);
  expect(usesColor(false, {})).toBe(false);
  expect(usesColor(true, { TERM: "dumb" })).toBe(false);
  expect(usesColor(true, { NO_COLOR: "1", FORCE_COLOR: "1" })).toBe(false);
  expect(usesColor(true, { NO_COLOR: "" })).toBe(true);
  expect(usesColor(false, { FORCE_COLOR: "1" })).toBe(true);
  expect(usesColor(false, { FORCE_COLOR: "0" })).toBe(false);
});
