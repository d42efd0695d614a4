"""What is kept of learning: its curves, and checkpoints with what tells them from each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.model.learning_sheets import LearningSheets
from studio.model.picture import Picture

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Step

_POINTS = 4000
"""Of a curve, before every second one goes."""

_MOST_MARKS = 24
_MOST_BYTES = 512 * 2**20
_EXPLODES = 1e3


@dataclass(frozen=True, eq=False)
class Mark:
    """A checkpoint with what tells it from others.

    Attributes:
        step: after which it was taken.
        loss: of that step.
        seconds: of learning until then.
        picture: what the network made of the last crop.
        checkpoint: what learning goes on from.
        sheets: the rates and pulls that were painted then.
    """

    step: int
    loss: float
    seconds: float
    picture: Picture | None
    checkpoint: Checkpoint
    sheets: LearningSheets

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        state = self.checkpoint.state
        return sum(array.nbytes for array in (*state.tensors.values(), *state.slots.values()))


@dataclass
class Curves:
    """Losses over the steps, thinned out evenly once there are many.

    Attributes:
        steps: numbers of the steps.
        total: the weighted sum at each.
        psnr: in decibels.
        parts: every loss by name.
    """

    steps: list[int] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)
    _every: int = 1

    def add(self, step: Step) -> None:
        """Take in a step."""
        if step.number % self._every:
            return
        self.steps.append(step.number)
        self.total.append(step.loss)
        self.psnr.append(step.psnr)
        for name, value in step.parts.items():
            self.parts.setdefault(name, []).append(value)
        if len(self.steps) > _POINTS:
            self._every *= 2
            for line in self._lines():
                del line[::2]

    def cut(self, step: int) -> None:
        """Forget what came after a step: learning went back to it."""
        kept = sum(number <= step for number in self.steps)
        for line in self._lines():
            del line[kept:]

    def _lines(self) -> list[list[Any]]:
        return [self.steps, self.total, self.psnr, *self.parts.values()]


def thin_out(marks: list[Mark]) -> None:
    """Let checkpoints go where there are many, or where they hold much memory.

    Every second one of the older half goes, so that they stay spread over the whole run; the first and the last stay.
    """
    while len(marks) > _MOST_MARKS or (len(marks) > 2 and sum(mark.nbytes for mark in marks) > _MOST_BYTES):
        del marks[1 : max(2, len(marks) // 2) : 2]


def alarm(step: Step | None) -> str:
    """What is wrong with a step, and what to do; empty where nothing is."""
    if step is not None and step.norm > _EXPLODES:
        return f"Gradients are large (norm {step.norm:.3g}): lower the rate or clip them."
    return ""
