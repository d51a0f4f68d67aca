import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as host from "../../../src/engine/fused/descriptor.ts";

/** The constants of the kernels' own copy, by name. */
const kernelConstants = new Map(
  [
    ...readFileSync(new URL("../../../src/kernels/assembly/descriptor.ts", import.meta.url), "utf8").matchAll(
      /export const (\w+): \w+ = (\d+);/g,
    ),
  ].map(([, name, value]) => [name!, Number(value)]),
);

const constantName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

describe("the host's record layout is the kernels'", () => {
  const groups = {
    model: host.model,
    layer: host.layer,
    cells: host.cells,
    flags: host.flags,
    heads: host.heads,
  };
  for (const [group, fields] of Object.entries(groups)) {
    it(group, () => {
      for (const [name, value] of Object.entries(fields)) {
        expect(kernelConstants.get(constantName(name)), name).toBe(value);
      }
    });
  }

  it("activations: those that the kernels treat, and identity for the rest", () => {
    const { identity, ...treated } = host.activations;
    for (const [name, value] of Object.entries(treated)) {
      expect(kernelConstants.get(constantName(name)), name).toBe(value);
    }
    expect(Object.values(treated)).not.toContain(identity);
  });

  it("record sizes", () => {
    expect(kernelConstants.get("LAYER_STRIDE")).toBe(host.layerRecordBytes);
    expect(Math.max(...Object.values(host.model)) * 4).toBeLessThan(host.modelRecordBytes);
    expect(Math.max(...Object.values(host.layer)) * 4).toBeLessThan(host.layerRecordBytes);
  });
});
