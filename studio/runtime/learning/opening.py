"""How a lesson is opened in the trainer's thread: the engine, its context of OpenGL, and where it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.filters.learning_sheets import LearningSheets
from studio.model.networks.network import Network

if TYPE_CHECKING:
    from studio.engine.gl.driver.device import Device
    from studio.learn.learner import Checkpoint, Learner
    from studio.learn.prepare import Asked


_MOST_WISHES = 8
"""That are kept while a step is taken."""


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


@dataclass(frozen=True, eq=False)
class Resumption:
    """What a lesson goes on from.

    Attributes:
        asked: the lesson.
        checkpoint: weights, which may be left out, what the optimiser remembers, random numbers, painted rates.
    """

    asked: Asked
    checkpoint: Checkpoint

    @classmethod
    def read(cls, path: Path, network: Network, asked: Asked | None = None, *, with_weights: bool = True) -> Resumption:
        """From a file.

        Args:
            path: of the checkpoint.
            network: what it belongs to.
            asked: the lesson, where the file does not say; None refuses such a file.
            with_weights: whether weights are the checkpoint's; else the network's stay.

        Raises:
            StudioError: where it is no checkpoint, or another network's.
        """
        from studio.learn.checkpoint import lesson_of, load_checkpoint

        checkpoint, lesson = load_checkpoint(path, network), lesson_of(path) or asked
        if lesson is None:
            raise StudioError(f"{path} does not say which lesson it belongs to.")
        if not with_weights:
            checkpoint = replace(checkpoint, state=replace(checkpoint.state, tensors={}))
        return cls(lesson, checkpoint)


@dataclass(eq=False)
class Opening:
    """Prepares a learner and moves it to other engines; its methods are called in the trainer's thread.

    Args:
        network: what learns.
        asked: the lesson.
        engine: what it begins on.
        context: what OpenGL is made current by there; None opens one where it is needed.
        resume: what it goes on from, or the file; its lesson takes the place of ``asked``.
        adopt: told that lesson, how many steps there were, and what was painted beside the weights.
        note: told remarks on a lesson that was turned.
        stays: told the lesson that goes on where another was refused.
        stages: bends of activations, which count where the lesson asks for them.
        towards: what painted pulls go towards where what it goes on from does not say.
    """

    network: Network
    asked: Asked
    engine: str
    context: Context | None = None
    resume: Path | Resumption | None = None
    adopt: Callable[[Asked, int, LearningSheets], None] = lambda _asked, _steps, _sheets: None
    note: Callable[[tuple[str, ...]], None] = lambda _notes: None
    stays: Callable[[Asked], None] = lambda _asked: None
    stages: tuple[Stage, ...] = ()
    towards: str = ""
    _device: Device | None = field(default=None, init=False)
    _taught: Asked = field(init=False)
    _wishes: list[tuple[Asked, tuple[Stage, ...]]] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def prepare(self) -> tuple[Learner, tuple[str, ...]]:
        """The learner, and remarks; StudioError for whatever does not fit."""
        from studio.learn.prepare import prepare
        from studio.learn.sheets import sheets_of

        found = self.resume
        if isinstance(found, Path):
            found = Resumption.read(found, self.network, self.asked)
        asked = self._taught = self.asked if found is None else found.asked
        learner, notes = prepare(self.network, asked, self.engine, self._device_for(self.engine), self.stages)
        if found is not None:
            try:
                learner.restore(found.checkpoint)
            except BaseException:
                learner.close()
                raise
            self.adopt(asked, learner.steps, sheets_of(found.checkpoint, self.towards))
        return learner, (*notes, f"A step takes about {learner.need} of memory.")

    @property
    def taught(self) -> Asked:
        """The lesson that is learnt; only what is told of an opened learner may ask."""
        return self._taught

    @property
    def waits(self) -> bool:
        """Whether there are wishes that `turn` has not looked at."""
        with self._lock:
            return bool(self._wishes)

    def wish(self, asked: Asked, stages: tuple[Stage, ...]) -> None:
        """Let the next `turn` go on by other numbers of the lesson, or of its bends; from any thread.

        A hand asks faster than anything can be built: only the newest is, and those before it serve where it does not
        fit.
        """
        with self._lock:
            if self._wishes and self._wishes[-1][0] == asked:
                self._wishes.pop()
            self._wishes = [*self._wishes[1 - _MOST_WISHES :], (asked, stages)]

    def drop_wishes(self) -> None:
        """Nothing that was wished for counts any more; from any thread."""
        with self._lock:
            self._wishes = []

    def turn(self, learner: Learner) -> None:
        """Let it go on by the newest wish that fits; StudioError where one was newer, or none fits."""
        from studio.learn.prepare import turn

        with self._lock:
            wishes, self._wishes = self._wishes, []
        refused: StudioError | None = None
        for asked, stages in reversed(wishes):
            try:
                notes = turn(learner, self._taught, asked, stages)
            except StudioError as error:
                refused = refused or error
                continue
            self._taught, self.stages = asked, stages
            self.note((*notes, f"A step takes about {learner.need} of memory."))
            break
        if refused is not None:
            self.stays(self._taught)
            raise refused

    def move(self, learner: Learner, engine: str, stays: Callable[[str], None]) -> None:
        """Let it go on on another engine, from the same weights, with what the optimiser remembers.

        Args:
            learner: what is moved.
            engine: where to.
            stays: told the name of the engine that it is on where it cannot.
        """
        from studio.learn.prepare import move

        try:
            if learner.backend.name != engine:
                move(learner, self._taught, engine, self._device_for(engine), self.stages)
        except StudioError:
            stays(learner.backend.name)
            raise

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


def written(checkpoint: Checkpoint, path: Path, *, asked: Asked | None) -> None:
    """Write a checkpoint with its lesson."""
    from studio.learn.checkpoint import save_checkpoint

    save_checkpoint(checkpoint, path, asked)
