/** The library as its users get it: the built bundle and its types. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { openRun } from "../../../src/runs/store.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "sigmascope-library-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = promisify(execFile);

it("the example trains in plain TensorFlow.js, and its run can be opened", async () => {
  const { stdout } = await run(process.execPath, [resolve("examples/tensorflowjs.mjs"), "20"], {
    cwd: folder,
  });
  const directory = /recorded in (.*)/.exec(stdout)![1]!;
  expect(directory.startsWith(join(folder, ".sigmascope", "runs"))).toBe(true);
  const { record, state, rows, problems } = await openRun(directory);
  expect(problems).toEqual([]);
  expect(state).toBe("finished");
  expect(record).toMatchObject({ step: 20, steps: 20, length: 50, cell: "spectral" });
  expect(rows).toHaveLength(20);
  expect(rows[0]!.layers[0]!.gradientNorm.p50).toHaveLength(50);
  expect(rows[0]!.layers[0]!.singularValues.W).toHaveLength(32);
});

it("its types fit TensorFlow.js's, and tell a wrong argument", async () => {
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(resolve("."), join(modules, "sigmascope"));
  for (const name of ["@tensorflow", "@types", "@webgpu"])
    symlinkSync(resolve("node_modules", name), join(modules, name));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "ES2022",
        module: "NodeNext",
        types: ["node"],
        skipLibCheck: true,
      },
      include: ["consumer.mts"],
    }),
  );
  const consumer = (reflectors: string) => `
import * as tf from "@tensorflow/tfjs";
import { recordRun, SpectralGRU, SpectralLSTM, SpectralRNN } from "sigmascope/tfjs";
const model = tf.sequential({
  layers: [
    new SpectralRNN({ units: 4, reflectors: ${reflectors}, radius: 0.1, returnSequences: true, inputShape: [3, 2] }),
    new SpectralLSTM({ units: 4, reflectors: 2, returnSequences: true }),
    new SpectralGRU({ units: 4, recurrentActivation: "sigmoid" }),
  ],
});
const callback = recordRun(model, { layers: ["a"], cadence: "auto" });
export const history = model.fit(tf.ones([1, 3, 2]), tf.ones([1, 4]), { callbacks: [callback] });
export const where: string | undefined = callback.directory;
`;
  const tsc = () => run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", folder]);
  writeFileSync(join(folder, "consumer.mts"), consumer("[2, 3]"));
  await tsc();
  writeFileSync(join(folder, "consumer.mts"), consumer('"many"'));
  await expect(tsc()).rejects.toMatchObject({ stdout: expect.stringMatching(/consumer\.mts\(6,/) });
});
