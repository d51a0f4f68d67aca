import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.ts";

/** Drawn once and written down: a change here changes every experiment's data. */
const pinned = {
  numbers: [0.5800935255088172, 0.9310265305190442, -2.2945591469818285, -0.7054151495681883],
  below: [2, 3, 6, 3, 3, 6],
  permutation: [3, 5, 4, 6, 7, 0, 1, 2],
  signs: [-1, -1, -1, -1, -1, -1],
};

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uniform());

describe("Random", () => {
  it("gives the same numbers for the same seed and labels, on every platform", () => {
    const random = new Random(1, "adding", "train");
    expect([random.uniform(), random.uniform(), random.normal(), random.normal()]).toEqual(pinned.numbers);
    expect(Array.from({ length: 6 }, () => random.below(10))).toEqual(pinned.below);
    expect([...random.permutation(8)]).toEqual(pinned.permutation);
    expect(Array.from({ length: 6 }, () => random.sign())).toEqual(pinned.signs);
  });

  it("fills an array with the numbers that it would give one by one, and goes on after them", () => {
    const random = new Random(5, "filled");
    const values = new Float32Array(30).fill(7);
    random.fillUniform(values, 2, 3, 9);
    random.fillUniform(values, 0, 1, 0);
    const after = [random.uniform(), random.below(1000), random.normal()];
    const single = new Random(5, "filled");
    const expected = new Float32Array(30).fill(7);
    for (let i = 0; i < 9; i++) expected[2 + 3 * i] = single.uniform();
    expect(values).toEqual(expected);
    expect(after).toEqual([single.uniform(), single.below(1000), single.normal()]);
  });

  it("keeps streams apart by seed and by every label, its order and its type", () => {
    const streams = [
      new Random(1),
      new Random(2),
      new Random(-1),
      new Random(2 ** 32 + 1),
      new Random(1, "ab", "c"),
      new Random(1, "a", "bc"),
      new Random(1, "c", "ab"),
      new Random(1, "1"),
      new Random(1, 1),
      new Random(1, 1, 1),
      new Random(1, ""),
      new Random(0),
    ];
    const first = new Set(streams.map((random) => random.uniform()));
    expect(first.size).toBe(streams.length);
  });

  it("does not correlate the streams of neighbouring seeds", () => {
    const a = draw(new Random(7, "x"), 20_000);
    const b = draw(new Random(8, "x"), 20_000);
    let product = 0;
    for (let i = 0; i < a.length; i++) product += (a[i]! - 0.5) * (b[i]! - 0.5);
    // Standard error of the correlation is 1/√20000 = 0.007.
    expect(Math.abs((product / a.length) * 12)).toBeLessThan(0.03);
  });

  it("is uniform in [0, 1)", () => {
    const values = draw(new Random(3), 100_000);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    const bins = new Array<number>(10).fill(0);
    for (const value of values) bins[Math.floor(value * 10)]! += 1;
    // χ² with 9 degrees of freedom: 27.9 is its 0.999 quantile.
    expect(bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });

  it("is standard normal: moments and tails", () => {
    const random = new Random(4);
    const count = 200_000;
    let [mean, square, fourth, beyond2] = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const x = random.normal();
      mean += x / count;
      square += (x * x) / count;
      fourth += x ** 4 / count;
      if (Math.abs(x) > 2) beyond2 += 1 / count;
    }
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(square).toBeCloseTo(1, 1);
    expect(Math.abs(fourth - 3)).toBeLessThan(0.1);
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(0.002);
  });

  it("draws integers below k without bias, k = 1 included", () => {
    const random = new Random(5);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]! += 1;
    // χ² with 5 degrees of freedom: 20.5 is its 0.999 quantile.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5);
    expect(random.below(1)).toBe(0);
    expect(random.below(4294967296)).toBeGreaterThanOrEqual(0);
  });

  it("permutes: every number once, every order of three equally likely", () => {
    const random = new Random(6);
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(random.permutation(0)).toHaveLength(0);
    const orders = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.permutation(3).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    let chiSquare = 0;
    for (const count of orders.values()) chiSquare += (count - 2000) ** 2 / 2000;
    expect(chiSquare).toBeLessThan(20.5);
  });

  it("draws both signs alike", () => {
    const random = new Random(9);
    let sum = 0;
    for (let i = 0; i < 40_000; i++) sum += random.sign();
    // Standard deviation of the sum: 200.
    expect(Math.abs(sum)).toBeLessThan(700);
  });

  it("refuses what is not an integer seed or a possible range", () => {
    expect(() => new Random(0.5)).toThrow("a random seed is a safe integer, not 0.5");
    expect(() => new Random(Number.NaN)).toThrow("not NaN");
    expect(() => new Random(1).below(0)).toThrow("an integer from 1 to 4294967296, not 0");
    expect(() => new Random(1).below(2.5)).toThrow("not 2.5");
  });
});
