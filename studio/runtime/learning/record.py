"""What is kept of learning: its curves, and checkpoints with what tells them from each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from studio.model.filters.learning_sheets import LearningSheets
from studio.model.filters.version import Version
from studio.model.networks.picture import Picture

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Step

_POINTS = 4000
"""Of a curve, before every second one goes."""

_MOST_MARKS = 24
_MOST_BYTES = 512 * 2**20
_EXPLODES = 1e3
_FEW, _RISES = 10, 4.0
"""Losses that are compared by their mean, and so many times the least is an alarm."""
_DEAD = 0.5
"""Part of a layer's channels."""


@dataclass(frozen=True, eq=False)
class Mark:
    """A checkpoint with what tells it from others.

    Attributes:
        step: after which it was taken.
        loss: of that step; NaN at the beginning.
        seconds: of learning until then.
        picture: what the network made of the last crop.
        checkpoint: what learning goes on from.
        weights: it, as the document can take it.
        sheets: the rates and pulls that were painted then.
    """

    step: int
    loss: float
    seconds: float
    picture: Picture | None
    checkpoint: Checkpoint
    weights: Mapping[str, Version]
    sheets: LearningSheets

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        state, lesson = self.checkpoint.state, self.checkpoint.remembered
        return sum(array.nbytes for array in (*state.tensors.values(), *state.slots.values(), *lesson.values()))


@dataclass
class Curves:
    """Losses over the steps, thinned out evenly once there are many.

    Attributes:
        steps: numbers of the steps.
        total: the weighted sum at each.
        psnr: in decibels.
        parts: every loss by name; NaN where it did not count.
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
        for name in self.parts.keys() | step.parts.keys():
            # A loss that counts for a part of the run alone has gaps before and behind it.
            line = self.parts.setdefault(name, [math.nan] * (len(self.steps) - 1))
            line.append(step.parts.get(name, math.nan))
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


def picture_start(marks: list[Mark], picture: Picture) -> bool:
    """Give the first checkpoint its picture, which is known once there has been a crop; whether it had none."""
    if not marks or marks[0].picture is not None:
        return False
    marks[0] = replace(marks[0], picture=picture)
    return True


def thin_out(marks: list[Mark], held: Checkpoint | None = None) -> None:
    """Let checkpoints go where there are many, or where they hold much memory.

    Every second one of the older half goes, so that they stay spread over the whole run; the first, the last and the
    one that is held stay.
    """
    while len(marks) > _MOST_MARKS or sum(mark.nbytes for mark in marks) > _MOST_BYTES:
        spare = [mark for mark in marks[1:-1] if mark.checkpoint is not held]
        if not spare:
            break
        goes = spare[: max(1, len(marks) // 2 - 1) : 2]
        marks[:] = [mark for mark in marks if mark not in goes]


def alarm(step: Step | None, curves: Curves, dead: Mapping[str, tuple[int, int]]) -> str:
    """What goes wrong, and what to do; empty where nothing does.

    Args:
        step: the last one.
        curves: losses so far.
        dead: by layer, how many of its channels give nothing but zeros, and how many there are.
    """
    if step is not None and step.norm > _EXPLODES:
        return f"Gradients are large (norm {step.norm:.3g}): lower the rate, or clip them."
    if step is not None and step.norm == 0:
        return "All gradients are zero, and nothing is learnt any more: go back to a checkpoint, and lower the rate."
    recent = curves.total[-_FEW:]
    if len(curves.total) >= 2 * _FEW:
        means = [sum(curves.total[k : k + _FEW]) / _FEW for k in range(0, len(curves.total) - _FEW + 1, _FEW)]
        now, least = sum(recent) / _FEW, min(means)
        if now > _RISES * least > 0:
            return f"The loss is {now / least:.3g} times its least: lower the rate, or go back to a checkpoint."
    for layer, (count, channels) in dead.items():
        if count >= _DEAD * channels:
            return (
                f"{count} of {channels} channels of {layer} give nothing but zeros, and so learn nothing: lower the "
                "rate, go back to a checkpoint, or give their filters other weights (Edits > Reinitialise)."
            )
    return ""
