import { expect, test } from "vitest";
import { thresholdsFrom, thresholdsVariable } from "../../../src/diagnostics/thresholds.ts";

const from = (text: string) => thresholdsFrom({ [thresholdsVariable]: text });

test("thresholds come from the environment", () => {
  expect(thresholdsFrom({})).toEqual({});
  expect(from("")).toEqual({});
  expect(from('{"reachRaise": 0.4}')).toEqual({ reachRaise: 0.4 });
});

test.each(["{", "[]", "1", "null", '{"reachRaise": 2}', '{"reachRaise": "0.4"}', '{"reechRaise": 0.4}'])(
  "%s is refused, and the variable named",
  (text) => {
    expect(() => from(text)).toThrow(thresholdsVariable);
  },
);
