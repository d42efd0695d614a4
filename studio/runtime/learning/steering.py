"""Painted rates and pulls on their way from the document to what learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheets
from studio.runtime.learning.trainer import Trainer

if TYPE_CHECKING:
    from studio.learn.learner import Learner


class Soon:
    """Has something done soon, once however often it is asked for until then: moves of a hand are faster than steps.

    Args:
        post: has a callable called in the document's thread, soon.
        act: what is done.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None], act: Callable[[], None]) -> None:
        self._post, self._act = post, act
        self._is_due = False

    def __call__(self) -> None:
        """Ask for it."""
        if not self._is_due:
            self._is_due = True
            self._post(self._now)

    def _now(self) -> None:
        self._is_due = False
        self._act()


class Steering:
    """Sends what has changed, between two steps; belongs to the document's thread.

    Args:
        document: whose sheets they are.
        post: has a callable called in the document's thread, soon.

    Attributes:
        soon: has `send` called; something was painted.
    """

    def __init__(self, document: Document, post: Callable[[Callable[[], None]], None]) -> None:
        self._document = document
        self.soon = Soon(post, self.send)
        self._trainer: Trainer | None = None
        self._sent = LearningSheets()

    @property
    def sheets(self) -> LearningSheets:
        """What is painted."""
        return self._document.section(LEARNING_SHEETS)

    def begin(self, trainer: Trainer) -> None:
        """Send everything to a learner that knows nothing of it yet."""
        self._trainer, self._sent = trainer, LearningSheets()
        self.send()

    def send(self) -> None:
        """Send what has changed since the last time."""
        sheets, before, network = self.sheets, self._sent, self._document.network
        if self._trainer is None or sheets is before:
            return

        def steer_it(learner: Learner) -> None:
            from studio.learn.sheets import steer

            steer(learner, sheets, before, network)

        self._sent = sheets
        self._trainer.order(steer_it)

    def set(self, sheets: LearningSheets, label: str) -> None:
        """Let these be what is painted, as an item of the history where that is something else."""
        self._document.set_section(LEARNING_SHEETS, sheets, label)
        self.send()
