"""How far a lesson has come: what its steps came to, what is looked at, and checkpoints to go back to."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.filters.learning_sheets import LearningSheets
from studio.model.filters.version import Version
from studio.runtime.learning.look import Effort, Pictures, Watched
from studio.runtime.learning.record import Curves, Mark, thin_out
from studio.runtime.live.pace import Pace

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Step


class Course:
    """Belongs to the document's thread.

    Attributes:
        curves: losses so far.
        last: the last step; None before the first.
        step: how many have been taken.
        pace: when steps came, and what they took.
        pictures: of the last crop: shown, made before, made now, wanted.
        watched: how the tensor moves that is looked at.
        effort: where the time goes; None before that was looked at.
        dead: by layer, how many of its channels give nothing but zeros, and how many there are.
        checkpoints: those that are kept, by time.
        held: the one that is selected, which does not make room for others; None for none.
        seconds: learnt so far.
    """

    def __init__(self) -> None:
        self._begin_course()

    def _begin_course(self) -> None:
        self.curves, self.pace = Curves(), Pace()
        self.last: Step | None = None
        self.step, self.seconds = 0, 0.0
        self.pictures: Pictures | None = None
        self.watched: Watched | None = None
        self.effort: Effort | None = None
        self.dead: Mapping[str, tuple[int, int]] = {}
        self.checkpoints: list[Mark] = []
        self.held: Checkpoint | None = None

    def _add_steps(self, steps: Sequence[Step]) -> None:
        now = time.monotonic()
        for step in steps:
            self.curves.add(step)
            self.seconds += step.seconds
            self.pace.add(now - step.seconds, now)
        self.last, self.step = steps[-1], steps[-1].number

    def _cut_to(self, step: int) -> None:
        """Learning went back to a step: forget what came after it."""
        self.curves.cut(step)
        self.last, self.step = None, step
        self.pictures = self.watched = None
        self.dead = {}

    def _add_mark(self, checkpoint: Checkpoint, weights: Mapping[str, Version], sheets: LearningSheets) -> None:
        picture = self.pictures[2] if self.pictures is not None else None
        loss = self.last.loss if self.last is not None else math.nan
        self.checkpoints.append(Mark(checkpoint.state.steps, loss, self.seconds, picture, checkpoint, weights, sheets))
        thin_out(self.checkpoints, self.held)
