"""What a learning thread tells the document's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.model.filters.version import Version
from studio.runtime.learning.look import Effort, Pictures, Watched

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Step


@dataclass(frozen=True, eq=False)
class Told:
    """What a trainer tells, in its own thread; each field as far as there is something new.

    Attributes:
        prepared: whether this is the first, before any step.
        notes: remarks on what was not taken as asked.
        steps: what was learnt since the last.
        rests: whether no further steps are wanted, so that these are the last.
        weights: tensors as they are now, by name; None where they are not told this time.
        edits: how many edits the weights have in them, see `Trainer.replace`.
        pictures: of the last crop: what was shown, what the network made of it before and makes now, what was wanted.
        watched: the tensor that is looked at.
        effort: where the time goes.
        dead: by layer, how many of its channels give nothing but zeros, and how many there are.
        checkpoint: what was asked for.
        step: the one after which it goes on, where it went back.
        problem: why it does not go on; empty while it does.
        details: the traceback of a defect.
        ended: whether it has closed.
        refused: why an order was not carried out; it goes on as before.
        returns: how often it had gone back to a checkpoint when this was so.
    """

    prepared: bool = False
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    rests: bool = False
    weights: Mapping[str, Version] | None = None
    edits: int = 0
    pictures: Pictures | None = None
    watched: Watched | None = None
    effort: Effort | None = None
    dead: Mapping[str, tuple[int, int]] | None = None
    checkpoint: Checkpoint | None = None
    step: int | None = None
    problem: str = ""
    details: str = ""
    ended: bool = False
    refused: str = ""
    returns: int = 0

    def behind(self, earlier: Told | None) -> Told:
        """The same, with the weights of an earlier one that waits still, of tensors that have not been told since.

        Where a hand has done something in between, all are told anew, and those of before are none any more.
        """
        if earlier is None or earlier.edits != self.edits:
            return self
        return replace(self, weights={**(earlier.weights or {}), **(self.weights or {})})
