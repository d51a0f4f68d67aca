import fc from "fast-check";
import { expect, test } from "vitest";
import { Columns } from "../../../src/detail/columns.ts";
import { answerLines } from "../../../src/detail/lines.ts";
import { rowOf } from "../runs/rows.ts";

const shape = { layers: 1, transitions: ["W"], parameters: ["head.b"] };

function columnsOf(losses: readonly number[], gap = 1): Columns {
  const columns = new Columns(shape);
  losses.forEach((loss, i) => {
    columns.add({ ...rowOf(1 + gap * i, { of: shape }), loss });
  });
  return columns;
}

const lossOf = (columns: Columns, steps: readonly [number, number] | null, width: number) => {
  const all = columns.steps.values;
  const recorded = all.length === 0 ? null : ([all[0]!, all.at(-1)!] as const);
  const { lines } = answerLines(columns, recorded, { kind: "lines", steps, width });
  return lines.find(({ column }) => column.name === "loss");
};

test("few rows are all there, every column of them", () => {
  const columns = columnsOf([3, 1, 2]);
  expect([...lossOf(columns, null, 800)!.value]).toEqual([3, 1, 2]);
  const { lines, rowCount } = answerLines(columns, [1, 3], { kind: "lines", steps: null, width: 800 });
  expect(rowCount).toBe(3);
  const names = lines.map(({ column }) => column.name);
  for (const name of [
    "metric",
    "gradientNorm",
    "halfLife",
    "reach",
    "saturation",
    "sigmaLow",
    "sigmaHigh",
    "updateRatio",
  ])
    expect(names).toContain(name);
  expect(lossOf(columnsOf([]), null, 800)).toBeUndefined();
  expect([...lossOf(columnsOf([5]), null, 800)!.value]).toEqual([5]);
});

test("columns of which the same rows are kept share their steps", () => {
  const { lines } = answerLines(columnsOf([3, 1, 2]), [1, 3], { kind: "lines", steps: null, width: 800 });
  const of = (name: string) => lines.find(({ column }) => column.name === name)!.step;
  expect(of("loss")).toBe(of("metric"));
  const gaps = answerLines(columnsOf(Array.from({ length: 90 }, (_, i) => Math.sin(40 * i))), [1, 90], {
    kind: "lines",
    steps: null,
    width: 3,
  });
  const [loss, rate] = ["loss", "learningRate"].map(
    (name) => gaps.lines.find(({ column }) => column.name === name)!,
  );
  expect(loss!.step).not.toEqual(rate!.step);
  expect(loss!.step.length).toBe(loss!.value.length);
});

test("of many rows each pixel keeps its first, smallest, largest and last, in order", () => {
  const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN));
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 50, maxLength: 400 }),
      fc.integer({ min: 2, max: 9 }),
      (losses, width) => {
        const kept = lossOf(columnsOf(losses), null, width)!;
        const wanted = Float32Array.from(losses);
        expect([...kept.step]).toEqual([...kept.step].sort((a, b) => a - b));
        expect(new Set(kept.step).size).toBe(kept.step.length);
        kept.step.forEach((step, i) => {
          expect(kept.value[i]).toBe(wanted[step - 1]);
        });
        const scale = width / (losses.length - 1);
        for (let pixel = 0; pixel <= width; pixel++) {
          const here = [...wanted].filter(
            (_, i) => Math.floor(i * scale) === pixel && !Number.isNaN(wanted[i]!),
          );
          const shown = [...kept.value].filter(
            (shownValue, i) => Math.floor((kept.step[i]! - 1) * scale) === pixel && !Number.isNaN(shownValue),
          );
          if (here.length === 0) continue;
          expect(shown).toEqual(
            expect.arrayContaining([here[0], here.at(-1), Math.min(...here), Math.max(...here)]),
          );
          if (here.length > 4) expect(shown.length).toBeLessThanOrEqual(5);
        }
      },
    ),
    { seed: 3, numRuns: 60 },
  );
});

test("a part is asked for: one row on either side comes along", () => {
  const columns = columnsOf(
    Array.from({ length: 100 }, (_, i) => i),
    10,
  );
  expect([...lossOf(columns, [205, 245], 800)!.step]).toEqual([201, 211, 221, 231, 241, 251, 261]);
  expect([...lossOf(columns, [5000, 6000], 800)!.step]).toEqual([991]);
});

test("singular values that few rows measured are a line without gaps; a loss that is no number is a gap", () => {
  const columns = columnsOf(Array.from({ length: 12 }, (_, i) => (i === 4 ? Number.NaN : i)));
  const { lines } = answerLines(columns, [1, 12], { kind: "lines", steps: null, width: 800 });
  const sigma = lines.find(({ column }) => column.name === "sigmaHigh")!;
  expect([...sigma.step]).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
  expect(lossOf(columns, null, 800)!.value[4]).toBeNaN();
});
