/** The spectral layers in plain TensorFlow.js: what they compute, learn, save and refuse. */
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { singularValues } from "../../../src/spectral/singularValueDecomposition.ts";
import { SpectralGRU, SpectralLSTM, SpectralRNN } from "../../../src/tfjs/index.ts";
import { expectValues } from "../engine/agreement.ts";
import { seedWeights } from "./seededWeights.ts";

seedWeights();
beforeAll(async () => {
  await tf.setBackend("cpu");
});

const kinds = [
  { name: "SpectralRNN", Layer: SpectralRNN, plain: tf.layers.simpleRNN, gates: 1, args: {} },
  { name: "SpectralLSTM", Layer: SpectralLSTM, plain: tf.layers.lstm, gates: 4, args: {} },
  {
    name: "SpectralGRU",
    Layer: SpectralGRU,
    plain: tf.layers.gru,
    gates: 3,
    args: { recurrentActivation: "hardSigmoid" },
  },
] as const;

const [batch, length, d, n] = [3, 5, 2, 4];

function build(kind: (typeof kinds)[number], options: object = {}) {
  const layer = new kind.Layer({
    units: n,
    reflectors: [3, 2],
    radius: 0.3,
    returnSequences: true,
    inputShape: [length, d],
    ...kind.args,
    ...options,
  } as never);
  const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
  return { layer, model };
}

/** Moves every p, so that σ lie anywhere in the band. */
function moveP(layer: InstanceType<(typeof kinds)[number]["Layer"]>) {
  const weights = layer.getWeights();
  const moved = weights.map((weight) =>
    weight.rank === 2 && weight.shape[0] === layer.getWeights()[3]!.shape[0] && weight.shape[1] === n
      ? tf.randomNormal(weight.shape, 0, 1, "float32", 5)
      : weight,
  );
  layer.setWeights(moved);
}

/** The gates' blocks of a kernel as matrices W. */
function blocks(kernel: tf.Tensor2D, gates: number): Float64Array[] {
  const values = kernel.dataSync();
  return Array.from({ length: gates }, (_, gate) => {
    const w = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) w[j * n + i] = values[i * gates * n + gate * n + j]!;
    return w;
  });
}

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  tf.disposeVariables();
});

for (const kind of kinds)
  describe(kind.name, () => {
    it("computes what the layer of TensorFlow.js computes with the kernel that it stands for", () => {
      const { layer, model } = build(kind);
      moveP(layer);
      const inputs = tf.randomNormal([batch, length, d], 0, 1, "float32", 1);
      const plain = kind.plain({
        units: n,
        returnSequences: true,
        inputShape: [length, d],
        ...kind.args,
      } as never);
      tf.sequential({ layers: [plain] });
      const [kernel, , , , bias] = layer.getWeights();
      plain.setWeights([kernel!, layer.factors.kernel(), bias!]);
      const found = (layer.apply(inputs) as tf.Tensor).dataSync();
      expectValues(found, (plain.apply(inputs) as tf.Tensor).dataSync(), "states");
      expect(model.predict(inputs)).toBeDefined();
    });

    it("has its singular values inside the band, and starts at its middle", () => {
      const { layer } = build(kind);
      for (const w of blocks(layer.factors.kernel(), kind.gates))
        expectValues(singularValues(w, n, n), [1, 1, 1, 1], "σ at the start");
      moveP(layer);
      for (const w of blocks(layer.factors.kernel(), kind.gates))
        for (const sigma of singularValues(w, n, n)) expect(Math.abs(sigma - 1)).toBeLessThan(0.3);
    });

    it("starts near the kernel of an initializer", () => {
      const { layer } = build(kind, {
        reflectors: n,
        radius: 1.5,
        recurrentInitializer: tf.initializers.glorotNormal({ seed: 4 }),
      });
      const expected = tf.initializers.glorotNormal({ seed: 4 }).apply([n, kind.gates * n]);
      expectValues(layer.factors.kernel().dataSync(), expected.dataSync(), "kernel", 1e-5);
    });

    it("learns, with gradients in every weight, and stays inside its band", async () => {
      const { layer, model } = build(kind, { returnSequences: false });
      const inputs = tf.randomNormal([32, length, d], 0, 1, "float32", 2) as tf.Tensor3D;
      const targets = tf.reshape(tf.mean(inputs, [1, 2]), [32, 1]);
      model.compile({ optimizer: tf.train.adam(0.02), loss: "meanSquaredError" });
      const before = layer.getWeights().map((weight) => weight.dataSync().slice());
      const history = await model.fit(inputs, targets, {
        epochs: 30,
        batchSize: 16,
        shuffle: false,
        verbose: 0,
      });
      const losses = history.history.loss as number[];
      expect(losses.at(-1)!).toBeLessThan(losses[0]! / 3);
      for (const [i, weight] of layer.getWeights().entries())
        expect(weight.dataSync(), `weight ${i}`).not.toEqual(before[i]);
      for (const w of blocks(layer.factors.kernel(), kind.gates))
        for (const sigma of singularValues(w, n, n)) expect(Math.abs(sigma - 1)).toBeLessThan(0.3);
    });

    it("is saved and loaded as itself", async () => {
      const { layer, model } = build(kind);
      moveP(layer);
      let artifacts: tf.io.ModelArtifacts | undefined;
      await model.save(
        tf.io.withSaveHandler(async (saved) => {
          artifacts = saved;
          return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
        }),
      );
      const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts!));
      const again = loaded.layers[0] as typeof layer;
      expect(again).toBeInstanceOf(kind.Layer);
      expect(again.getConfig()).toMatchObject({ reflectors: [3, 2], radius: 0.3, center: 1, units: n });
      const inputs = tf.randomNormal([batch, length, d], 0, 1, "float32", 3);
      expectValues(
        (loaded.predict(inputs) as tf.Tensor).dataSync(),
        (model.predict(inputs) as tf.Tensor).dataSync(),
        "predictions of the loaded model",
      );
    });

    it("leaks nothing while it predicts and trains", async () => {
      const { model } = build(kind, { returnSequences: false });
      const inputs = tf.ones([4, length, d]);
      const targets = tf.zeros([4, 1]);
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const step = async () => {
        await model
          .trainOnBatch(inputs, targets)
          .then((losses) => tf.dispose(losses as unknown as tf.Tensor));
        tf.dispose(model.predict(inputs));
      };
      await step();
      const { numTensors } = tf.memory();
      for (let i = 0; i < 20; i++) await step();
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(numTensors).toBeGreaterThan(tensors);
    });

    it.each([
      [{ reflectors: 0 }, "reflectors is 0; allowed: a whole number from 1 to units (4), or two"],
      [{ reflectors: [2, 5] }, "reflectors is [2,5]"],
      [{ reflectors: 2.5 }, "reflectors is 2.5"],
      [{ radius: 0 }, "radius is 0; allowed: a number above 0"],
      [{ radius: Number.NaN }, "radius is NaN"],
      [{ center: -1 }, "center is -1; allowed: a number from 0 on"],
      [{ seed: 1.5 }, "seed is 1.5"],
      [{ recurrentConstraint: "nonNeg" }, "neither recurrentRegularizer nor recurrentConstraint applies"],
    ])("refuses %j", (options, message) => {
      expect(() => build(kind, options)).toThrow(`${kind.name}: `);
      expect(() => build(kind, options)).toThrow(message);
    });
  });

it("one unit, one timestep, one sequence", () => {
  for (const { Layer, args } of kinds) {
    const layer = new Layer({ units: 1, ...args } as never);
    const outputs = layer.apply(tf.ones([1, 1, 1])) as tf.Tensor;
    expect(outputs.shape).toEqual([1, 1]);
    expect(Number.isFinite(outputs.dataSync()[0])).toBe(true);
  }
});
