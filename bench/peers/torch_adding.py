"""The adding problem with a Spectral-RNN in PyTorch, as a researcher would train it from a script.

usage: torch_adding.py EXPERIMENT.json PARAMETERS.safetensors SEED THREADS

Starts from the parameters given and makes its own data. Prints `step S: test mean squared error E` after each evaluation, as our
command does, and records nothing else.
"""

import json
import math
import sys
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from torch_recurrence import LEAK, ThroughTime
from torch_reflectors import compact_wy


def sequences(random: np.random.Generator, count: int, length: int) -> tuple[Tensor, Tensor]:
    """Inputs [T, count, 2]: a number in [0, 1) and a marker; targets [count, 1]: the sum of the two marked numbers."""
    numbers = random.random((count, length), dtype=np.float32)
    half = length // 2
    first = random.integers(0, half, count)
    second = random.integers(half, length, count)
    rows = np.arange(count)
    markers = np.zeros_like(numbers)
    markers[rows, first] = markers[rows, second] = 1
    inputs = np.stack([numbers.T, markers.T], axis=2)
    targets = numbers[rows, first] + numbers[rows, second]
    return torch.from_numpy(np.ascontiguousarray(inputs)), torch.from_numpy(targets[:, None])


class SpectralRnn(nn.Module):
    """h_t = phi(W h_{t-1} + M x_t + b) with W = U diag(sigma) V^t; a number from the last state."""

    def __init__(self, radius: float, tensors: dict[str, Tensor]):
        super().__init__()
        self.radius = radius
        self.u, self.v, self.p, self.m, self.b = (nn.Parameter(tensors[f"layers.0.{name}"]) for name in "uvpMb")
        self.head = nn.Linear(self.b.shape[0], 1)
        self.head.weight = nn.Parameter(tensors["head.W"])
        self.head.bias = nn.Parameter(tensors["head.b"])

    def forward(self, x: Tensor) -> Tensor:
        sigma = 1 + 2 * self.radius * (torch.sigmoid(self.p) - 0.5)
        w = compact_wy(self.u, sigma[:, None] * compact_wy(self.v).t())
        return self.head(ThroughTime.apply(x, w, self.m, self.b, LEAK))


def mean_squared_error(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """On the whole test set."""
    with torch.no_grad():
        return functional.mse_loss(model(inputs), targets).item()


def train(experiment: dict[str, Any], tensors: dict[str, Tensor], seed: int) -> None:
    """All steps of the experiment."""
    settings = experiment["training"]
    length = experiment["task"]["length"]
    random = np.random.default_rng(seed)
    test = sequences(random, experiment["task"]["testSize"], length)
    model = SpectralRnn(experiment["model"]["radius"], tensors)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["learningRate"], fused=True)
    for step in range(1, settings["steps"] + 1):
        decay = settings["learningRateDecay"] ** ((step - 1) / settings["decaySteps"])
        optimizer.param_groups[0]["lr"] = settings["learningRate"] * decay
        inputs, targets = sequences(random, settings["batch"], length)
        optimizer.zero_grad(set_to_none=True)
        loss = functional.mse_loss(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings["clipNorm"])
        optimizer.step()
        if not math.isfinite(loss.item()):
            raise FloatingPointError(f"the loss of step {step} is {loss.item()}")
        if step % settings["evaluateEvery"] == 0:
            print(f"step {step}: test mean squared error {mean_squared_error(model, *test):.4g}", flush=True)


def main() -> None:
    """Trains with the command line's experiment, seed and number of threads."""
    path, parameters, seed, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    with open(path, encoding="utf-8") as file:
        train(json.load(file), load_file(parameters), int(seed))


if __name__ == "__main__":
    main()
