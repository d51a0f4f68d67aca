/**
 * A Spectral-RNN trained in plain TensorFlow.js on the adding problem, and its run recorded for Sigmascope.
 *
 *   node examples/tensorflowjs.mjs [STEPS]
 *
 * Then open the run in VS Code (Sigmascope: Open Diagnostics) or look at it with `sigmascope show last`.
 *
 * With @tensorflow/tfjs-node in place of @tensorflow/tfjs it is faster.
 */
import * as tf from "@tensorflow/tfjs";
import { recordRun, SpectralRNN } from "sigmascope/tfjs";

const steps = Number(process.argv[2] ?? 300);
const [length, batchSize] = [50, 32];

/** Two numbers a timestep: a random one, and a mark at two places. Sought: the sum of the marked. */
function addingProblem(count) {
  const inputs = new Float32Array(count * length * 2);
  const targets = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    for (let t = 0; t < length; t++) inputs[(i * length + t) * 2] = Math.random();
    for (const half of [0, 1]) {
      const t = Math.floor(((half + Math.random()) * length) / 2);
      inputs[(i * length + t) * 2 + 1] = 1;
      targets[i] += inputs[(i * length + t) * 2];
    }
  }
  return [tf.tensor3d(inputs, [count, length, 2]), tf.tensor2d(targets, [count, 1])];
}

const model = tf.sequential({
  name: "adding-tensorflowjs",
  layers: [
    // Singular values of the recurrent kernel stay inside 1 ± 0.05.
    new SpectralRNN({ units: 32, reflectors: 8, radius: 0.05, inputShape: [length, 2] }),
    tf.layers.dense({ units: 1 }),
  ],
});
model.compile({ optimizer: tf.train.adam(0.005), loss: "meanSquaredError" });

const callback = recordRun(model, {
  baseline: { loss: 1 / 6, metric: 1 / 6, reason: "the variance of the sum of two uniform numbers" },
});
const [inputs, targets] = addingProblem(steps * batchSize);
await model.fit(inputs, targets, { batchSize, epochs: 1, callbacks: [callback], verbose: 0 });
console.log(`recorded in ${callback.directory}`);
