/** TensorFlow.js's operations, whichever package they come from: the bundled one, or the user's tfjs-node. */
import type * as core from "@tensorflow/tfjs-core";

/** The namespace of operations. It is passed on, not imported, since a native one brings its own. */
export type Tensorflow = typeof core;

export type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
