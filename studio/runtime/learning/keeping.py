"""Checkpoints of the open lesson: taken, gone back to, looked at, and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalInstance

from studio.model.filters.learning_sheets import LearningSheets
from studio.model.filters.version import Version
from studio.runtime.learning.carrying import Carrying
from studio.runtime.learning.course import Course
from studio.runtime.learning.opening import Opening, written
from studio.runtime.learning.record import Mark
from studio.runtime.learning.steering import Steering
from studio.runtime.learning.trainer import Trainer

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner
    from studio.learn.prepare import Asked


class Keeping(Course):
    """What a `LearningSession` does with checkpoints; belongs to the document's thread."""

    changed: ClassVar[SignalInstance] = Signal(str)  # type: ignore[assignment]

    asked: Asked | None
    problem: str
    carrying: Carrying
    _post: Callable[[Callable[[], None]], None]
    _steering: Steering
    _trainer: Trainer | None
    _opening: Opening | None

    def pause(self) -> None:
        """Take no further steps; everything that was learnt is soon in the document."""
        raise NotImplementedError

    def keep(self) -> None:
        """Take a checkpoint after the step under way."""
        sheets, trainer = self._steering.sheets, self._trainer
        if trainer is None:
            return

        def take(learner: Learner) -> None:
            checkpoint = learner.checkpoint()
            weights = trainer.versions.of(checkpoint.state.tensors)
            self._post(lambda: self._mark(checkpoint, weights, sheets))

        self._steering.send()
        trainer.order(take)

    def hand_out(self, then: Callable[[Checkpoint, Asked], None]) -> None:
        """Hand a checkpoint and the lesson to somebody after the step under way."""
        opening = self._opening
        if self._trainer is None or opening is None:
            return

        def give(learner: Learner) -> None:
            checkpoint, asked = learner.checkpoint(), opening.taught
            self._post(lambda: then(checkpoint, asked))

        self._trainer.order(give)

    def handed_out(self) -> Future[tuple[Checkpoint, Asked]] | None:
        """A checkpoint and its lesson after the step under way, for whom the document's thread does no more work.

        Returns:
            What becomes it; None where no lesson is open.
        """
        opening = self._opening
        if self._trainer is None or opening is None:
            return None
        handed: Future[tuple[Checkpoint, Asked]] = Future()
        self._trainer.order(lambda learner: handed.set_result((learner.checkpoint(), opening.taught)))
        return handed

    def restore(self, mark: Mark) -> None:
        """Go back to a checkpoint, painted rates and pulls too; learning is paused there. Undo takes this back."""
        if self._trainer is None:
            return
        self.compare(None)
        self.pause()
        self.carrying.commit()
        self._steering.set(mark.sheets, f"Rates of step {mark.step}")
        self._trainer.restore(mark.checkpoint)
        self.problem = ""
        self._go_back_to(mark.step)

    def compare(self, mark: Mark | None) -> None:
        """Show the weights of a checkpoint while learning continues; None shows its own again."""
        self.carrying.show(None if mark is None else mark.weights)

    def save(self, path: Path, mark: Mark | None = None) -> None:
        """Write a checkpoint from which learning can continue another day: this one, or the current state."""
        opening = self._opening
        if self._trainer is None or opening is None:
            return

        def save_it(learner: Learner) -> None:
            written(mark.checkpoint if mark else learner.checkpoint(), path, asked=opening.taught)
            self._post(lambda: self.changed.emit("saved"))

        self._trainer.order(save_it)

    def _mark(self, checkpoint: Checkpoint, weights: Mapping[str, Version], sheets: LearningSheets) -> None:
        self._add_mark(checkpoint, weights, sheets)
        self.changed.emit("checkpoints")

    def _go_back_to(self, step: int) -> None:
        self._cut_to(step)
        self.changed.emit("steps")
