import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena, createSharedMemory } from "../../../src/engine/fused/memory.ts";

describe("arena", () => {
  it("gives zeroed blocks on 64-byte boundaries that never overlap, and takes all of them back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 5000 }), release: fc.boolean() }), {
          maxLength: 60,
        }),
        (steps) => {
          const arena = new Arena(createSharedMemory(), 100);
          const live: { start: number; bytes: number }[] = [];
          for (const { bytes, release } of steps) {
            const start = arena.allocate(bytes);
            expect(start % 64).toBe(0);
            expect(start).toBeGreaterThanOrEqual(100);
            for (const other of live) {
              const apart = start + bytes <= other.start || other.start + other.bytes <= start;
              expect(apart).toBe(true);
            }
            const floats = arena.floats.subarray(start / 4, start / 4 + (bytes >> 2));
            expect(floats.every((value) => value === 0)).toBe(true);
            floats.fill(7);
            live.push({ start, bytes });
            if (release) {
              const block = live.splice(bytes % live.length, 1)[0]!;
              arena.release(block.start, block.bytes);
            }
          }
          for (const block of live) arena.release(block.start, block.bytes);
          // All free again: the next block starts where the first did.
          expect(arena.allocate(64)).toBe(128);
        },
      ),
      { seed: 5, numRuns: 40 },
    );
  });

  it("grows, and keeps what was written", () => {
    const arena = new Arena(createSharedMemory(), 0);
    const first = arena.allocate(64);
    arena.floats[first / 4] = 42;
    arena.allocate(8 * 2 ** 20);
    expect(arena.floats[first / 4]).toBe(42);
    expect(arena.memory.buffer.byteLength).toBeGreaterThan(8 * 2 ** 20);
  });

  it("says how much memory was asked for when there is not that much", () => {
    const arena = new Arena(createSharedMemory(), 0);
    expect(() => arena.allocate(5 * 2 ** 30)).toThrow(/needs 5120 MiB of memory/);
  });
});
