"""The models of torch_peer.py: each takes our parameters as they are and returns the logits for a batch."""

from collections.abc import Callable
from typing import Any

import geotorch
import torch
import torch_recurrence as recurrence
import torch_reflectors as reflectors
from torch import Tensor, nn
from torch.nn import functional

Tensors = dict[str, Tensor]
Spec = dict[str, Any]
Transition = Callable[["Model"], Tensor]


class Model(nn.Module):
    """Our parameters under their own names, and a head on the last state."""

    def __init__(self, spec: Spec, tensors: Tensors, own: tuple[str, ...]):
        super().__init__()
        self.spec = spec
        for name in own:
            self.register_parameter(name, nn.Parameter(tensors[f"layers.0.{name}"].clone()))
        self.head = nn.Linear(spec["hidden"], spec["outputSize"])
        with torch.no_grad():
            self.head.weight.copy_(tensors["head.W"])
            self.head.bias.copy_(tensors["head.b"])

    def last_state(self, x: Tensor) -> Tensor:
        """x [T, B, d] to h_T [B, n]."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last_state(x))


class Layer(Model):
    """torch.nn.RNN, LSTM or GRU."""

    def __init__(self, spec: Spec, tensors: Tensors):
        super().__init__(spec, tensors, ())
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[spec["cell"]]
        n = spec["hidden"]
        self.layer = kind(spec["inputSize"], n)
        with torch.no_grad():
            self.layer.weight_ih_l0.copy_(tensors["layers.0.M"])
            self.layer.weight_hh_l0.copy_(tensors["layers.0.W"])
            self.layer.bias_ih_l0.copy_(tensors["layers.0.b"])
            # The second bias, which only the candidate of a gru needs, is not trained elsewhere: its gradient is that
            # of the first, and Adam would take every step twice.
            hidden = self.layer.bias_hh_l0
            hidden.zero_()
            if spec["cell"] == "gru":
                hidden[2 * n :] = tensors["layers.0.bHidden"]
                hidden.register_hook(lambda gradient: torch.cat([torch.zeros(2 * n), gradient[2 * n :]]))
            else:
                hidden.requires_grad_(False)

    def last_state(self, x: Tensor) -> Tensor:
        return self.layer(x)[0][-1]


class Dense(Model):
    """h_t = tanh(W h_{t-1} + M x_t + b) with a W that `transition` makes once a step."""

    def __init__(self, spec: Spec, tensors: Tensors, transition: Transition, recur: recurrence.Recurrence):
        own = {"rnn": ("W",), "spectral": ("u", "v", "p"), "orthogonal": ("u",)}[spec["cell"]]
        super().__init__(spec, tensors, (*own, "M", "b"))
        self.transition = transition
        self.recur = recur

    def last_state(self, x: Tensor) -> Tensor:
        return self.recur(x, self.transition(self), self.M, self.b)


class EachTimestep(Model):
    """As the authors of the Spectral-RNN wrote it: every reflector meets the state at every timestep."""

    def __init__(self, spec: Spec, tensors: Tensors):
        own = {"spectral": ("u", "v", "p"), "orthogonal": ("u",)}[spec["cell"]]
        super().__init__(spec, tensors, (*own, "M", "b"))

    def last_state(self, x: Tensor) -> Tensor:
        spectral = self.spec["cell"] == "spectral"
        u = reflectors.unit_rows(self.u)
        v = reflectors.unit_rows(self.v) if spectral else None
        sigma = singular_values(self) if spectral else None
        inputs = functional.linear(x, self.M, self.b)
        h = torch.tanh(inputs[0])
        for a in inputs[1:].unbind():
            if v is not None:
                h = reflectors.Chain.apply(v, h, False) * sigma
            h = torch.tanh(reflectors.Chain.apply(u, h, True) + a)
        return h


class GeoTorch(Model):
    """W as GeoTorch parameterizes it, started at the same matrix. What a step does to it is another thing than ours."""

    def __init__(self, spec: Spec, tensors: Tensors, triv: str):
        super().__init__(spec, tensors, ("M", "b"))
        n = spec["hidden"]
        self.matrix = nn.Linear(n, n, bias=False)
        ours = Dense(spec, tensors, product(reflectors.compact_wy), recurrence.layer_kernel)
        with torch.no_grad():
            start = ours.transition(ours)
            # U and V of few reflectors are orthogonal only as far as float32 goes.
            left, _, right = torch.linalg.svd(start)
        if spec["cell"] == "spectral":
            geotorch.almost_orthogonal(self.matrix, "weight", lam=spec["radius"], triv=triv)
        else:
            geotorch.orthogonal(self.matrix, "weight", triv=triv)
        self.matrix.weight = left @ right

    def last_state(self, x: Tensor) -> Tensor:
        return recurrence.layer_kernel(x, self.matrix.weight, self.M, self.b)


def singular_values(model: Model) -> Tensor:
    """sigma of p, inside the band."""
    return 2 * model.spec["radius"] * (torch.sigmoid(model.p) - 0.5) + model.spec["center"]


def product(multiply: Callable[..., Tensor]) -> Transition:
    """W by a way of multiplying reflectors: multiply(rows, x) is the product times x, absent for the identity."""

    def transition(model: Model) -> Tensor:
        if model.spec["cell"] == "orthogonal":
            return multiply(model.u)
        return multiply(model.u, singular_values(model)[:, None] * multiply(model.v).t())

    return transition


def lapack(rows: Tensor, x: Tensor | None = None) -> Tensor:
    """torch.linalg.householder_product, which makes the whole matrix."""
    q = reflectors.lapack(rows)
    return q if x is None else q @ x


def weights(model: Model) -> Tensor:
    """W as it stands."""
    return model.W


Make = Callable[[Spec, Tensors], Model]


def _dense(transition: Transition, recur: Callable[[], recurrence.Recurrence]) -> Make:
    return lambda spec, tensors: Dense(spec, tensors, transition, recur())


_layer_kernel = lambda: recurrence.layer_kernel  # noqa: E731
_by_hand = lambda: recurrence.by_hand  # noqa: E731

_reflected: dict[str, Make] = {
    "householder_product": _dense(product(lapack), _layer_kernel),
    "householder_product, backward by hand": _dense(product(lapack), _by_hand),
    "compact WY, backward by hand": _dense(product(reflectors.compact_wy), _by_hand),
    "householder_product, torch.compile": _dense(product(lapack), recurrence.compiled),
    "reflectors at each timestep": EachTimestep,
}

MODELS: dict[str, dict[str, Make]] = {
    "rnn": {
        "nn.RNN": Layer,
        "loop, torch.compile": _dense(weights, recurrence.compiled),
        "loop, backward by hand": _dense(weights, _by_hand),
    },
    "spectral": {
        **_reflected,
        "FastH": _dense(product(reflectors.fasth), _layer_kernel),
        "FastH, backward by hand": _dense(product(reflectors.fasth), _by_hand),
        "GeoTorch almost-orthogonal (expm)": lambda spec, tensors: GeoTorch(spec, tensors, "expm"),
        "GeoTorch almost-orthogonal (cayley)": lambda spec, tensors: GeoTorch(spec, tensors, "cayley"),
    },
    "orthogonal": {
        **_reflected,
        "GeoTorch orthogonal (expm)": lambda spec, tensors: GeoTorch(spec, tensors, "expm"),
        "GeoTorch orthogonal (cayley)": lambda spec, tensors: GeoTorch(spec, tensors, "cayley"),
    },
    "lstm": {"nn.LSTM": Layer},
    "gru": {"nn.GRU": Layer},
}
"""By cell: the names of the ways, PyTorch's own first. GeoTorch's train another parameterization of the same matrix."""
