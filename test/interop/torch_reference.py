"""Checks the double-precision reference of test/reference/ against PyTorch: same weights, same numbers.

usage: torch_reference.py CASES.json   (written by torchReference.ts)

rnn (tanh, relu), lstm and gru run through torch.nn's own modules; leakyRelu, identity, spectral and orthogonal through
a loop over timesteps. Gradients are automatic differentiation's throughout, those of the reflectors included.
"""

import json
import sys

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)
TOLERANCE = 1e-9

ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leakyRelu": lambda a: functional.leaky_relu(a, 0.01),
    "identity": lambda a: a,
}


def reflectors(rows):
    """H(row 0) H(row 1) ...; row i acts on the coordinates from i on; a zero row is the identity."""
    count, n = rows.shape
    product = torch.eye(n)
    for i in range(count):
        mask = torch.zeros(n)
        mask[i:] = 1
        u = rows[i] * mask
        if i == n - 1:  # A sign, not trained.
            u = u.detach()
        square = u @ u
        if square.item() == 0:
            continue
        product = product @ (torch.eye(n) - 2 * torch.outer(u, u) / square)
    return product


def transition(spec, p, layer):
    at = f"layers.{layer}."
    if spec["cell"] == "spectral":
        sigma = 2 * spec["radius"] * (torch.sigmoid(p[at + "p"]) - 0.5) + spec["center"]
        return reflectors(p[at + "u"]) @ torch.diag(sigma) @ reflectors(p[at + "v"]).T
    if spec["cell"] == "orthogonal":
        return reflectors(p[at + "u"])
    return p[at + "W"]


def loop(spec, p, layer, x):
    """The states, one tensor for each timestep so that each keeps its own gradient."""
    at = f"layers.{layer}."
    W = transition(spec, p, layer)
    h = torch.zeros(x.shape[0], spec["hidden"])
    states = []
    for t in range(x.shape[1]):
        a = h @ W.T + x[:, t] @ p[at + "M"].T + p[at + "b"]
        h = ACTIVATIONS[spec["activation"]](a)
        h.retain_grad()
        states.append(h)
    return states


def torch_module(spec, p, layer, x):
    """The same layer as a module of torch.nn, its weights replaced by ours so that gradients reach them."""
    cell, n, at = spec["cell"], spec["hidden"], f"layers.{layer}."
    d = x.shape[2]
    if cell == "lstm":
        module = nn.LSTM(d, n, batch_first=True)
    elif cell == "gru":
        module = nn.GRU(d, n, batch_first=True)
    else:
        module = nn.RNN(d, n, nonlinearity=spec["activation"], batch_first=True)
    # The modules have a second bias. Only the gru's candidate needs one.
    b_hidden = torch.zeros_like(p[at + "b"])
    if cell == "gru":
        b_hidden = torch.cat([b_hidden[: 2 * n], p[at + "bHidden"]])
    weights = {
        "weight_ih_l0": p[at + "M"],
        "weight_hh_l0": p[at + "W"],
        "bias_ih_l0": p[at + "b"],
        "bias_hh_l0": b_hidden,
    }
    return torch.func.functional_call(module, weights, (x,))[0]


def loss_and_outputs(spec, p, inputs, targets, use_modules):
    x = inputs
    states = []
    for layer in range(spec["layers"]):
        if use_modules:
            x = torch_module(spec, p, layer, x)
        else:
            states.append(loop(spec, p, layer, x))
            x = torch.stack(states[-1], dim=1)
    read = x if spec["head"] == "classifyEach" else x[:, -1]
    outputs = read @ p["head.W"].T + p["head.b"]
    if spec["head"] == "regressLast":
        return functional.mse_loss(outputs, targets), outputs, states
    flat = outputs.reshape(-1, spec["outputSize"])
    return functional.cross_entropy(flat, targets.reshape(-1)), outputs, states


class Check:
    def __init__(self):
        self.worst = 0.0
        self.count = 0

    def __call__(self, found, expected, what):
        found = torch.as_tensor(found, dtype=torch.float64).detach().reshape(-1)
        expected = torch.as_tensor(expected, dtype=torch.float64).reshape(-1)
        assert found.shape == expected.shape, f"{what}: {found.shape} values; expected {expected.shape}"
        scale = max(expected.abs().max().item(), 1e-3)
        error = (found - expected).abs().max().item() / scale
        self.worst = max(self.worst, error)
        self.count += 1
        assert error < TOLERANCE, f"{what}: off by {error:.2e} of the largest value"


def decays(name):
    return name.endswith((".W", ".M"))


def train(spec, p, inputs, targets, training, use_modules):
    """PyTorch's optimizers, with the weight decay of those that have no decoupled one left at 0."""
    s = training["settings"]
    lr = training["learningRate"]
    if s["optimizer"] == "adam":
        groups = [
            {"params": [v for k, v in p.items() if decays(k)], "weight_decay": s["weightDecay"]},
            {"params": [v for k, v in p.items() if not decays(k)], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8)
    elif s["optimizer"] == "rmsprop":
        optimizer = torch.optim.RMSprop(p.values(), lr=lr, alpha=0.99, eps=1e-8)
    else:
        optimizer = torch.optim.SGD(p.values(), lr=lr, momentum=s["momentum"])
    for _ in range(training["steps"]):
        optimizer.zero_grad()
        loss_and_outputs(spec, p, inputs, targets, use_modules)[0].backward()
        for value in p.values():
            if value.grad is None:
                value.grad = torch.zeros_like(value)
        if s["clipNorm"] is not None:
            # By hand: torch's own adds 1e-6 to the norm.
            norm = torch.sqrt(sum((v.grad**2).sum() for v in p.values()))
            if norm > s["clipNorm"]:
                for value in p.values():
                    value.grad *= s["clipNorm"] / norm
        optimizer.step()


def run(case, check):
    spec, batch, expected = case["spec"], case["batch"], case["expected"]
    n = spec["hidden"]
    size, length = batch["size"], batch["length"]
    inputs = torch.tensor(batch["inputs"], dtype=torch.float64).reshape(size, length, spec["inputSize"])
    shape = {"classifyLast": (size,), "regressLast": (size, spec["outputSize"]), "classifyEach": (size, length)}
    kind = torch.float64 if spec["head"] == "regressLast" else torch.int64
    targets = torch.tensor(batch["targets"], dtype=kind).reshape(shape[spec["head"]])

    def parameters():
        result = {}
        for name, values in case["parameters"].items():
            tensor = torch.tensor(values, dtype=torch.float64)
            if name.endswith((".u", ".v", ".W")):
                tensor = tensor.reshape(-1, n)
            elif name.endswith(".M"):
                tensor = tensor.reshape(-1, spec["inputSize"] if name == "layers.0.M" else n)
            result[name] = tensor.requires_grad_()
        return result

    dense = spec["cell"] in ("lstm", "gru") or (spec["cell"] == "rnn" and spec["activation"] in ("tanh", "relu"))
    ways = ([True] if dense else []) + ([False] if spec["cell"] not in ("lstm", "gru") else [])
    for use_modules in ways:
        p = parameters()
        loss, outputs, states = loss_and_outputs(spec, p, inputs, targets, use_modules)
        loss.backward()
        check(loss, expected["loss"], "loss")
        check(outputs, expected["outputs"], "outputs")
        for name, values in expected["gradients"].items():
            found = p[name].grad if p[name].grad is not None else torch.zeros_like(p[name])
            check(found, values, f"gradient of {name}")
        for layer, ours in enumerate(states):
            norms = [h.grad.norm(dim=1) * size if h.grad is not None else torch.zeros(size) for h in ours]
            check(torch.stack(norms), case["stateGradientNorms"][layer], f"state gradients of layer {layer}")
        for layer in range(spec["layers"]):
            found = transition(spec, p, layer)
            check(found, torch.tensor(case["transitions"][layer]), f"transition matrix {layer}")
        p = parameters()
        train(spec, p, inputs, targets, case["training"], use_modules)
        for name, values in case["training"]["parameters"].items():
            check(p[name], values, f"{name} after {case['training']['steps']} steps")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    check = Check()
    failures = 0
    for case in cases:
        spec = case["spec"]
        try:
            run(case, check)
        except AssertionError as error:
            failures += 1
            print(f"{spec['cell']} {spec['activation']} {spec['head']} × {spec['layers']}, n = {spec['hidden']}: {error}")
    print(
        f"PyTorch {torch.__version__}: {len(cases) - failures} of {len(cases)} models agree; "
        f"{check.count} tensors compared, worst relative difference {check.worst:.1e}"
    )
    sys.exit(1 if failures else 0)


main()
