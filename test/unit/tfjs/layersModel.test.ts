/** LayersModels saved by TensorFlow.js: looked into, switched to spectral kernels and back, and loaded again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { singularValues } from "../../../src/spectral/singularValueDecomposition.ts";
import "../../../src/tfjs/index.ts";
import { inspectFile } from "../../../src/trainer/inspect.ts";
import { switchLayersModel } from "../../../src/trainer/layersModelKernels.ts";
import { seedWeights } from "./seededWeights.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-layers-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  await tf.setBackend("cpu");
});

seedWeights();
const at = (...names: string[]) => join(folder, ...names);
// As many inputs as units, so that one kind of layer can stand on another.
const [n, length, d] = [5, 4, 5];

/** Writes what `model.save("file://…")` of tfjs-node writes. */
async function save(model: tf.LayersModel, name: string): Promise<string> {
  const file = at(name, "model.json");
  mkdirSync(at(name), { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { weightData, weightSpecs, modelTopology, format, generatedBy } = artifacts;
      writeFileSync(at(name, "weights.bin"), Buffer.from(weightData as ArrayBuffer));
      const weightsManifest = [{ paths: ["./weights.bin"], weights: weightSpecs }];
      writeFileSync(file, JSON.stringify({ modelTopology, format, generatedBy, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    }),
  );
  return file;
}

async function load(file: string): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(file, "utf8"));
  const [{ paths, weights }] = weightsManifest;
  const bytes = readFileSync(join(file, "..", paths[0]));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData }));
}

const kinds = [
  [
    "SimpleRNN",
    ["W"],
    () => tf.layers.simpleRNN({ units: n, returnSequences: true, inputShape: [length, d] }),
  ],
  [
    "LSTM",
    ["input", "forget", "cell", "output"],
    () => tf.layers.lstm({ units: n, returnSequences: true, inputShape: [length, d] }),
  ],
  [
    "GRU",
    ["update", "reset", "candidate"],
    () =>
      tf.layers.gru({
        units: n,
        returnSequences: true,
        inputShape: [length, d],
        recurrentActivation: "sigmoid",
        recurrentInitializer: "glorotNormal",
      }),
  ],
] as const;

describe.each(kinds)("%s", (className, gates, layer) => {
  const build = () => {
    const [first, second] = [layer(), layer()];
    return tf.sequential({ layers: [first, second, tf.layers.dense({ units: 1 })] });
  };

  it("is looked into gate by gate", async () => {
    const model = build();
    const found = inspectFile(await save(model, `${className}-inspect`));
    expect(found.layersModel).toMatchObject([
      { className, units: n },
      { className, units: n },
    ]);
    const kernel = model.layers[0]!.getWeights()[1]!.arraySync() as number[][];
    for (const [gate, name] of gates.entries()) {
      const block = kernel.flatMap((row) => row.slice(gate * n, (gate + 1) * n));
      const expected = singularValues(Float64Array.from(block), n, n);
      const label = `${model.layers[0]!.name}/recurrent_kernel${gates.length === 1 ? "" : ` [${name}]`}`;
      const { sigma } = found.matrices.find((matrix) => matrix.name === label)!;
      expect(sigma!.max).toBeCloseTo(expected[0]!, 6);
      expect(sigma!.min).toBeCloseTo(expected[n - 1]!, 6);
    }
    expect(found.matrices.some(({ name }) => name.endsWith("/kernel"))).toBe(true);
  });

  it("is switched to spectral and back, and computes the same each time", async () => {
    const model = build();
    const source = await save(model, `${className}-switch`);
    const inputs = tf.randomNormal([3, length, d], 0, 1, "float32", 1);
    const expected = (model.predict(inputs) as tf.Tensor).dataSync();
    const same = async (file: string, what: string) => {
      const found = ((await load(file)).predict(inputs) as tf.Tensor).dataSync();
      for (const [i, value] of expected.entries()) expect(found[i], `${what} ${i}`).toBeCloseTo(value, 4);
    };
    const spectral = at(`${className}-switch`, "spectral.json");
    const answer = switchLayersModel(source, "spectral", { radius: 2 }, spectral);
    expect(answer).toMatchObject({ from: "rnn", to: "spectral", clippedCount: 0 });
    expect(answer.layers).toEqual(model.layers.slice(0, 2).map(({ name }) => name));
    await same(spectral, "spectral");
    const [first] = (await load(spectral)).layers;
    expect(first!.getClassName()).toBe(`Spectral${className === "SimpleRNN" ? "RNN" : className}`);
    const looked = inspectFile(spectral);
    expect(looked.layersModel![0]!.className).toBe(first!.getClassName());
    expect(looked.matrices.filter(({ name }) => name.includes("U diag(σ) Vᵀ"))).toHaveLength(
      2 * gates.length,
    );

    const back = at(`${className}-switch`, "back.json");
    switchLayersModel(spectral, "rnn", {}, back);
    await same(back, "back");
    expect((await load(back)).layers[0]!.getClassName()).toBe(className);
    const [before, after] = [source, back].map((file) => JSON.parse(readFileSync(file, "utf8")));
    expect(after.modelTopology).toEqual(before.modelTopology);
    expect(after.weightsManifest[0].weights).toEqual(before.weightsManifest[0].weights);
  });
});

describe("refuses, naming the file and the place", () => {
  const model = () =>
    tf.sequential({
      layers: [
        tf.layers.simpleRNN({
          units: 3,
          inputShape: [2, 1],
          name: "memory",
          recurrentInitializer: "glorotNormal",
        }),
      ],
    });

  it("singular values outside the band, unless they may be clipped", async () => {
    const file = await save(model(), "outside");
    const out = at("outside", "out.json");
    expect(() => switchLayersModel(file, "spectral", { radius: 0.001 }, out)).toThrow(
      /model\.json: layer "memory": cannot switch to spectral.*singular values lie outside the band/,
    );
    expect(switchLayersModel(file, "spectral", { radius: 0.001, clip: true }, out).clippedCount).toBe(3);
  });

  it("its own file as output, a model with nothing to switch, and a regularized kernel", async () => {
    const file = await save(model(), "own");
    expect(() => switchLayersModel(file, "spectral", {}, file)).toThrow(
      "would be replaced by its own switch",
    );
    expect(() => switchLayersModel(file, "rnn", {}, at("x.json"))).toThrow("has no layer to switch");
    const regularized = tf.sequential({
      layers: [
        tf.layers.simpleRNN({ units: 3, inputShape: [2, 1], name: "kept", recurrentRegularizer: "l1l2" }),
      ],
    });
    const other = await save(regularized, "regularized");
    expect(() => switchLayersModel(other, "spectral", { radius: 2 }, at("x.json"))).toThrow(
      /layer "kept" has a recurrent_regularizer/,
    );
  });

  it.each([
    ["{", "is not JSON"],
    ["{}", "is not a LayersModel of TensorFlow.js: modelTopology"],
    [
      '{"modelTopology": {}, "weightsManifest": [{"paths": ["../secret.bin"], "weights": []}]}',
      "outside of its own folder",
    ],
    [
      '{"modelTopology": {}, "weightsManifest": [{"paths": ["/etc/passwd"], "weights": []}]}',
      "outside of its own folder",
    ],
    ['{"modelTopology": {}, "weightsManifest": [{"paths": ["absent.bin"], "weights": []}]}', "absent.bin"],
    [
      '{"modelTopology": {}, "weightsManifest": [{"paths": ["four.bin"], "weights": [{"name": "w", "shape": [2], "dtype": "float32"}]}]}',
      'four.bin has 4 bytes; weight "w" ends at 8',
    ],
    [
      '{"modelTopology": {}, "weightsManifest": [{"paths": ["four.bin"], "weights": []}]}',
      "4 bytes more than its weights need",
    ],
    [
      '{"modelTopology": {}, "weightsManifest": [{"paths": ["four.bin"], "weights": [{"name": "w", "shape": [4], "dtype": "float32", "quantization": {"dtype": "uint8"}}]}]}',
      'weight "w" is quantized to uint8',
    ],
    [
      '{"modelTopology": {"class_name": "LSTM", "config": {"name": "a", "units": 1}}, "weightsManifest": []}',
      'layer "a" has no weight "recurrent_kernel"',
    ],
    [
      '{"modelTopology": {"class_name": "SpectralRNN", "config": {"name": "a", "units": 2, "reflectors": [3, 1], "radius": 1, "center": 1}}, "weightsManifest": []}',
      'layer "a" has reflectors [3,1]',
    ],
  ])("%s", (text, message) => {
    mkdirSync(at("damaged"), { recursive: true });
    writeFileSync(at("damaged", "four.bin"), Buffer.alloc(4));
    writeFileSync(at("damaged", "model.json"), text);
    expect(() => inspectFile(at("damaged", "model.json"))).toThrow(message);
    expect(() => inspectFile(at("damaged", "model.json"))).toThrow("damaged");
  });
});
