"""PyTorch's end of the benchmark; see serve.py for the conversation.

usage: torch_peer.py THREADS
"""

import sys
from typing import Any

import torch
from safetensors.torch import load_file
from serve import Job, serve
from torch.nn import functional
from torch_models import MODELS, Model


class Contestant:
    """A model with Adam in its fused form, which is the fastest on a CPU."""

    def __init__(self, model: Model, inputs: torch.Tensor, targets: torch.Tensor, learning_rate: float):
        self.model = model
        self.inputs = inputs
        self.targets = targets
        trained = [value for value in model.parameters() if value.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=learning_rate, fused=True)

    def train_step(self) -> Any:
        """One training step; the loss before it."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.model(self.inputs), self.targets)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def open_contestant(name: str, job: Job) -> Contestant:
    """The model of that name with the parameters and the batch of the job's files."""
    torch.manual_seed(1)
    spec = job["spec"]
    tensors = load_file(job["parameters"])
    batch = load_file(job["batch"])
    # Timesteps first: what torch.nn's layers work on.
    inputs = batch["inputs"].transpose(0, 1).contiguous()
    targets = batch["targets"].to(torch.int64)
    model = MODELS[spec["cell"]][name](spec, tensors)
    return Contestant(model, inputs, targets, job["learningRate"])


def main() -> None:
    """Serves with the number of threads of the command line."""
    torch.set_num_threads(int(sys.argv[1]))
    # The parts of sequences of all models opened for one shape are compiled from one function.
    torch._dynamo.config.recompile_limit = 100
    serve(
        f"PyTorch {torch.__version__}",
        lambda cell: list(MODELS.get(cell, {})),
        open_contestant,
        torch.compiler.reset,
    )


if __name__ == "__main__":
    main()
