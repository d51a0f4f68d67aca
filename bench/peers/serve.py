"""The peers' end of the benchmark: JSON lines on standard input and output, one answer to each request.

Requests are {"op": "list", "cell": ...}, {"op": "open", ...}, {"op": "turn", "milliseconds": ...} and {"op": "close"}.
What goes wrong is answered as {"error": ...}; the conversation goes on.
"""

import gc
import json
import os
import statistics
import sys
import time
from typing import Any, Callable, Protocol, TextIO

CHECKED_STEPS = 3
"""Losses that `open` answers beside that of the weights as they came: one after each of so many training steps."""


class Contestant(Protocol):
    """A model with its optimizer."""

    def train_step(self) -> Any:
        """One forward and backward pass and one update; the loss before it, ready to be read with float()."""


Job = dict[str, Any]
Open = Callable[[str, Job], Contestant]


def first_losses(contestant: Contestant, slowest_ms: float) -> Job:
    """Trains the first steps: their losses, and how long the last of them took."""
    losses: list[float] = []
    ms = 0.0
    for _ in range(CHECKED_STEPS + 1):
        start = time.perf_counter()
        losses.append(float(contestant.train_step()))
        ms = (time.perf_counter() - start) * 1000
        # The first step may have compiled.
        if len(losses) > 1 and ms > slowest_ms:
            return {"losses": losses, "ms": ms, "slow": True}
    return {"losses": losses, "ms": ms, "slow": False}


def turn(contestant: Contestant, milliseconds: float) -> Job:
    """Whole training steps for about so long, at least one: their median time, and processor time of all threads."""
    times: list[float] = []
    cpu = time.process_time()
    begin = time.perf_counter()
    while not times or (time.perf_counter() - begin) * 1000 < milliseconds:
        start = time.perf_counter()
        # As a training loop does that records its loss.
        float(contestant.train_step())
        times.append((time.perf_counter() - start) * 1000)
    return {"ms": statistics.median(times), "steps": len(times), "cpuMs": (time.process_time() - cpu) * 1000}


def own_channel() -> TextIO:
    """Standard output for answers alone: whatever else prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def serve(
    version: str, names: Callable[[str], list[str]], open_contestant: Open, forget: Callable[[], None] = lambda: None
) -> None:
    """Answers until standard input ends.

    names(cell) lists what `open` takes for that cell, the framework's own layer first; forget() drops what was
    compiled for contestants that are closed.
    """
    channel = own_channel()
    contestants: dict[str, Contestant] = {}

    def answer(request: Job) -> Job:
        op = request["op"]
        if op == "list":
            return {"version": version, "names": names(request["cell"])}
        if op == "open":
            contestant = open_contestant(request["name"], request["job"])
            result = first_losses(contestant, request["slowestMs"])
            contestants[request["name"]] = contestant
            return result
        if op == "turn":
            return turn(contestants[request["name"]], request["milliseconds"])
        if op == "close":
            contestants.clear()
            forget()
            gc.collect()
            return {}
        raise ValueError(f"unknown request {op}")

    for line in sys.stdin:
        try:
            result = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - any failure of a peer is an answer.
            result = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        channel.write(json.dumps(result) + "\n")
        channel.flush()
