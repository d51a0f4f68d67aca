"""From inputs to the last state of h_t = tanh(W h_{t-1} + M x_t + b) in PyTorch, in the ways that people write it."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Recurrence = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""(x [T, B, d], W [n, n], M [n, d], b [n]) to h_T [B, n]."""


def layer_kernel(x: Tensor, w: Tensor, m: Tensor, b: Tensor) -> Tensor:
    """What torch.nn.RNN calls, with a W that was computed."""
    start = x.new_zeros(1, x.shape[1], w.shape[0])
    weights = [m, w, b, torch.zeros_like(b)]
    return torch._VF.rnn_tanh(x, start, weights, True, 1, 0.0, True, False, False)[0][-1]


LEAK = 0.01
"""Slope of a leaky ReLU below 0."""


class ThroughTime(torch.autograd.Function):
    """The recurrence with its backward pass written by hand: the gradient of W is one product over all timesteps.

    leak: None for tanh; for a leaky ReLU in its place its slope below 0.
    """

    @staticmethod
    def forward(ctx, x: Tensor, w: Tensor, m: Tensor, b: Tensor, leak: float | None) -> Tensor:  # type: ignore[override]
        length, batch, d = x.shape
        states = torch.addmm(b, x.reshape(-1, d), m.t()).view(length, batch, -1)
        transposed = w.t().contiguous()
        for t in range(length):
            a = states[t] if t == 0 else states[t].addmm_(states[t - 1], transposed)
            if leak is None:
                a.tanh_()
            else:
                functional.leaky_relu_(a, leak)
        ctx.save_for_backward(x, w, states)
        ctx.leak = leak
        return states[-1].clone()

    @staticmethod
    def backward(ctx, gradient: Tensor):  # type: ignore[override]
        x, w, states = ctx.saved_tensors
        length, batch, n = states.shape
        before = torch.empty_like(states)
        for t in range(length - 1, -1, -1):
            if ctx.leak is None:
                torch.ops.aten.tanh_backward.grad_input(gradient, states[t], grad_input=before[t])
            else:
                slope = torch.ops.aten.leaky_relu_backward.grad_input
                slope(gradient, states[t], ctx.leak, True, grad_input=before[t])
            if t > 0:
                gradient = before[t] @ w
        flat = before.view(-1, n)
        d_w = flat[batch:].t() @ states.view(-1, n)[:-batch]
        return None, d_w, flat.t() @ x.reshape(length * batch, -1), flat.sum(0), None


def by_hand(x: Tensor, w: Tensor, m: Tensor, b: Tensor) -> Tensor:
    """ThroughTime as a function."""
    return ThroughTime.apply(x, w, m, b, None)


def chunk_length(length: int, most: int = 28) -> int:
    """The largest part of a sequence that is compiled as one: as many timesteps as divide it, at most `most`."""
    return next(size for size in range(most, 0, -1) if length % size == 0)


def compiled() -> Recurrence:
    """A loop over timesteps under torch.compile, unrolled over parts of the sequence; compiled anew for each model."""

    @torch.compile(dynamic=False, mode="max-autotune-no-cudagraphs")
    def part(h: Tensor, a: Tensor, transposed: Tensor) -> Tensor:
        for step in a.unbind():
            h = torch.tanh(step + h @ transposed)
        return h

    def run(x: Tensor, w: Tensor, m: Tensor, b: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[1], w.shape[0])
        inputs = functional.linear(x, m, b)
        transposed = w.t()
        for a in inputs.split(chunk_length(x.shape[0])):
            h = part(h, a, transposed)
        return h

    return run
