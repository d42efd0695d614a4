"""Hands that do one thing after another, at random and by seed: what tests with hundreds of actions share."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import ClassVar

from PySide6.QtWidgets import QApplication
from whole_window import WholeWindow

from studio.control.quantised import switches_of
from studio.ui.performance.stage_hand import StageHand


class RestlessHands:
    """What any hand does in the window; those of a test add their own.

    Attributes:
        ways: what is done, each with how often beside the others.
        done: the names of what has been done.
    """

    engines: ClassVar[Sequence[str]] = ("torch", "torch", "gl")

    def __init__(self, whole: WholeWindow, seed: int) -> None:
        self.whole = whole
        self.rng = random.Random(seed)
        self.done: list[str] = []
        self.ways: list[tuple[int, Callable[[], None]]] = []

    def act(self) -> None:
        way = self.rng.choices([way for _, way in self.ways], [weight for weight, _ in self.ways])[0]
        self.done.append(way.__name__)
        way()
        QApplication.processEvents()

    def undo_or_redo(self) -> None:
        self.whole.command(self.rng.choice(["edit.undo", "edit.undo", "edit.redo"]))

    def travel(self) -> None:
        self.whole.document.go(self.rng.randrange(len(self.whole.document.history.labels) + 1))

    def compare(self) -> None:
        self.whole.workspace.comparison = self.rng.choice([None, None, "*", "enc"])

    def engine(self) -> None:
        self.whole.workspace.engine = self.rng.choice(self.engines)


def come_to_rest(whole: WholeWindow) -> None:
    """Until nothing is on its way to the document: what plays, fades or waits for its beat would go on changing it."""
    parts = whole.studio.parts
    # What is being read is opened, or played, when that is done.
    whole.until(lambda: not parts.loader.opening)
    if StageHand in whole.context:
        hand = whole.context[StageHand]
        whole.until(lambda: not hand._is_reading)
        if hand.plays:
            hand.toggle_play()
    parts.fades.stop()
    switches_of(whole.document).forget()
    whole.until(lambda: not parts.editing.is_active)
    whole.document.finish_gesture()
