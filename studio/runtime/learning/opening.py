"""How a lesson is opened in the trainer's thread: the engine, its context of OpenGL, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studio.model.learning_sheets import LearningSheets
from studio.model.network import Network

if TYPE_CHECKING:
    from studio.engine.gl.device import Device
    from studio.learn.learner import Learner
    from studio.learn.prepare import Asked


class Context(Protocol):
    """A context of OpenGL that a window made for another thread."""

    def open(self) -> Device:
        """The device of the calling thread, current there from now on."""

    def close(self) -> None:
        """Give it up, in the thread that opened it."""


class Contexts:
    """Contexts for lessons, of which one may still be ending while the next begins; belongs to the window's thread.

    Args:
        make: makes one; None where learners open their own.
    """

    def __init__(self, make: Callable[[], Context] | None = None) -> None:
        self._make = make
        self._free: list[Context] = []

    def take(self) -> Context | None:
        """One that nobody uses."""
        if self._make is None:
            return None
        return self._free.pop() if self._free else self._make()

    def give_back(self, context: Context | None) -> None:
        """Nobody uses it any more."""
        if context is not None:
            self._free.append(context)


@dataclass(eq=False)
class Opening:
    """Prepares a learner and moves it to other engines; its methods are called in the trainer's thread.

    Args:
        network: what learns.
        asked: the lesson.
        engine: what it begins on.
        context: what OpenGL is made current by there; None opens one where it is needed.
        resume: the checkpoint's file that it goes on from.
        adopt: told how many steps that has, and what was painted beside its weights.
    """

    network: Network
    asked: Asked
    engine: str
    context: Context | None = None
    resume: Path | None = None
    adopt: Callable[[int, LearningSheets], None] = lambda _steps, _sheets: None
    _device: Device | None = field(default=None, init=False)

    def prepare(self) -> tuple[Learner, tuple[str, ...]]:
        """The learner, and remarks; StudioError for whatever does not fit."""
        from studio.learn.prepare import prepare
        from studio.runtime.learning.steering import resumed

        learner, notes = prepare(self.network, self.asked, self.engine, self._device_for(self.engine))
        if self.resume is not None:
            sheets = resumed(learner, self.resume)
            self.adopt(learner.steps, sheets)
        return learner, (*notes, f"A step takes about {learner.need} of memory.")

    def move(self, learner: Learner, asked: Asked, engine: str) -> None:
        """Let it go on on another engine, from the same weights, with what the optimiser remembers."""
        from studio.learn.prepare import move

        if learner.backend.name != engine:
            move(learner, asked, engine, self._device_for(engine))

    def close(self) -> None:
        """Give the context up, once the learner is closed."""
        if self._device is not None and self.context is not None:
            self._device.context.gc()
            self._device = None
            self.context.close()

    def _device_for(self, engine: str) -> Device | None:
        if self.context is None or not engine.startswith("gl"):
            return None
        if self._device is None:
            self._device = self.context.open()
        return self._device
