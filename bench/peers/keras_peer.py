"""TensorFlow's end of the benchmark, through Keras; see serve.py for the conversation.

usage: keras_peer.py THREADS
"""

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file
from serve import Job, serve

LAYERS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}

WAYS: dict[str, dict[str, bool]] = {
    "": {"jit_compile": False, "unroll": False},
    ", jit_compile": {"jit_compile": True, "unroll": False},
    ", unrolled": {"jit_compile": False, "unroll": True},
}
"""What follows the layer's name: how the training step is traced and whether the loop over timesteps is."""


def names(cell: str) -> list[str]:
    """The ways of a cell."""
    return [LAYERS[cell].__name__ + way for way in WAYS] if cell in LAYERS else []


def layer_weights(cell: str, n: int, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Our parameters as Keras keeps them: transposed, and a gru's gates as update, reset, candidate."""

    def columns(name: str) -> np.ndarray:
        values = tensors[f"layers.0.{name}"]
        if cell == "gru":
            reset, update, candidate = np.split(values, 3)
            values = np.concatenate([update, reset, candidate])
        return values.T

    bias = columns("b")
    if cell == "gru":
        hidden = np.zeros(3 * n, np.float32)
        hidden[2 * n :] = tensors["layers.0.bHidden"]
        bias = np.stack([bias, hidden])
    return [columns("M"), columns("W"), bias]


class Contestant:
    """A Keras layer with a head, and Adam."""

    def __init__(self, job: Job, jit_compile: bool, unroll: bool):
        spec = job["spec"]
        cell, n = spec["cell"], spec["hidden"]
        tensors = load_file(job["parameters"])
        batch = load_file(job["batch"])
        inputs = tf.constant(batch["inputs"])
        targets = tf.constant(batch["targets"].astype(np.int64))
        layer = LAYERS[cell](n, unroll=unroll)
        head = keras.layers.Dense(spec["outputSize"])
        model = keras.Sequential([keras.Input(inputs.shape[1:]), layer, head])
        layer.set_weights(layer_weights(cell, n, tensors))
        head.set_weights([tensors["head.W"].T, tensors["head.b"]])
        optimizer = keras.optimizers.Adam(job["learningRate"], epsilon=1e-8)
        optimizer.build(model.trainable_variables)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits

        @tf.function(jit_compile=jit_compile)
        def train_step() -> tf.Tensor:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(cross_entropy(targets, model(inputs, training=True)))
            gradients = tape.gradient(loss, model.trainable_variables)
            if cell == "gru":
                gradients = [fixed_half(gradient) if gradient.shape == (2, 3 * n) else gradient for gradient in gradients]
            optimizer.apply(gradients, model.trainable_variables)
            return loss

        def fixed_half(gradient: tf.Tensor) -> tf.Tensor:
            """Of the second bias the candidate's alone is trained: that of a gate would take every step twice."""
            mask = np.ones((2, 3 * n), np.float32)
            mask[1, : 2 * n] = 0
            return gradient * mask

        self._train_step = train_step

    def train_step(self) -> Any:
        """One training step; the loss before it."""
        return self._train_step()


def open_contestant(name: str, job: Job) -> Contestant:
    """The layer of that name with the parameters and the batch of the job's files."""
    layer = LAYERS[job["spec"]["cell"]].__name__
    return Contestant(job, **WAYS[name[len(layer) :]])


def main() -> None:
    """Serves with the number of threads of the command line."""
    threads = int(sys.argv[1])
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    serve(f"TensorFlow {tf.__version__}, Keras {keras.__version__}", names, open_contestant, keras.backend.clear_session)


if __name__ == "__main__":
    main()
