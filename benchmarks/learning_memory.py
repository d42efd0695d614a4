"""What a document that learns holds in memory over ten thousand steps, with a hand in it.

    python -m benchmarks.learning_memory
    python -m benchmarks.learning_memory --engine gl --steps 2000

A new autoencoder learns the demo film as it does in the window, by a thread of its own. Every 50 steps a stroke goes
into a tensor, every 150 a checkpoint is kept, every 400 a stroke is undone and done again, every 1000 it goes back to
a checkpoint. Undo and checkpoints, which are bounded and the person's own, are told apart.

    --engine torch   torch, gl or gl-fragment
    --steps 10000    how many
    --every 500      steps between two lines
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from benchmarks.memory import resident
from studio.learn.networks import parse_new
from studio.learn.prepare import Asked
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.runtime.learning.session import LearningSession
from studio.runtime.services import memory

NETWORK, SIZE, BATCH = "autoencoder,width=8,seed=1", 32, 4
STROKE, KEEP, UNDO, BACK = 50, 150, 400, 1000
"""Steps from one to the next."""

PATIENCE = 600.0
"""Seconds within which something must happen."""


class Held(NamedTuple):
    """What was held after so many steps, in MB: by the process, of that by undo and by checkpoints."""

    steps: int
    all: float
    undo: float
    checkpoints: float

    @property
    def rest(self) -> float:
        """What is neither."""
        return self.all - self.undo - self.checkpoints


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Memory while a network learns.")
    parser.add_argument("--engine", default="torch", choices=("torch", "gl", "gl-fragment"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=500)
    asked = parser.parse_args()
    memory.bound()
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}, engine {asked.engine}", flush=True)
    curve = list[Held]()
    for held in course(asked.engine, asked.steps, asked.every):
        print(
            f"{held.steps:6d} steps  {held.all:7.1f} MB, {held.undo:6.1f} of them undo, "
            f"{held.checkpoints:6.1f} checkpoints, {held.rest:6.1f} the rest",
            flush=True,
        )
        curve.append(held)
    rest = [held.rest for held in curve[1:]]
    print(
        f"The rest: {rest[0]:.1f} MB after {curve[1].steps} steps, {max(rest):.1f} at most, {rest[-1]:.1f} in the end"
    )


def course(engine: str, steps: int, every: int, source: str = "demo") -> Iterator[Held]:
    """Learn for so many steps, with a hand in it; tells every so many what is held."""
    document = Document(Preset("new", parse_new(NETWORK).make(), {}))
    calls: deque[Callable[[], None]] = deque()
    problems = list[str]()
    session = LearningSession(document, calls.append, lambda text, _: problems.append(text))

    def until(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert not problems, problems
            assert time.monotonic() < end, "it takes too long"
            while calls:
                calls.popleft()()
            time.sleep(0.001)

    rng, tensors = np.random.default_rng(0), [name for name in document.network.tensors if name.endswith("weight")]
    session.begin(Asked(source=source, size=SIZE, batch=BATCH, rate=1e-3), engine, running=False)
    until(lambda: session.state == "paused")
    # Steps are counted here: going back to a checkpoint takes the session's number back.
    for done in range(STROKE, steps + 1, STROKE):
        wanted = session.step + STROKE
        session.go_on(STROKE)
        until(lambda wanted=wanted: session.step >= wanted and session.state == "paused")  # type: ignore[misc]
        rect = Rect(int(rng.integers(4)), int(rng.integers(4)), 4, 4)
        document.apply("Paint", tensors[done // STROKE % len(tensors)], Patch(rect, np.full((4, 4), 0.1, np.float32)))
        if done % UNDO == 0:
            document.undo()
            document.redo()
        if done % KEEP == 0:
            session.keep()
        if done % BACK == 0:
            session.restore(session.checkpoints[-1])
        if done % every == 0:
            gc.collect()
            memory.trim()
            marks = sum(mark.nbytes for mark in session.checkpoints)
            yield Held(done, resident(), document.history.nbytes / 1e6, marks / 1e6)
    session.end()
    until(lambda: session.rests)


if __name__ == "__main__":
    main()
