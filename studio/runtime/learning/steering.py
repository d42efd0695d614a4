"""Painted rates and pulls on their way from the document to what learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.model.document import Document
from studio.model.learning_sheets import LEARNING_SHEETS, LearningSheets
from studio.runtime.learning.trainer import Trainer

if TYPE_CHECKING:
    from studio.learn.learner import Learner


class Steering:
    """Sends what has changed, between two steps; belongs to the document's thread.

    Args:
        document: whose sheets they are.
        post: has a callable called in the document's thread, soon.
    """

    def __init__(self, document: Document, post: Callable[[Callable[[], None]], None]) -> None:
        self._document, self._post = document, post
        self._trainer: Trainer | None = None
        self._sent = LearningSheets()
        self._is_due = False

    @property
    def sheets(self) -> LearningSheets:
        """What is painted."""
        return self._document.section(LEARNING_SHEETS)

    def begin(self, trainer: Trainer) -> None:
        """Send everything to a learner that knows nothing of it yet."""
        self._trainer, self._sent = trainer, LearningSheets()
        self.send()

    def soon(self) -> None:
        """Something was painted: dabs follow each other faster than steps, and the last one counts."""
        if not self._is_due:
            self._is_due = True
            self._post(self.send)

    def send(self) -> None:
        """Send what has changed since the last time."""
        self._is_due = False
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
