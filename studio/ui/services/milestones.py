"""What is remembered of each state of the history: what it looked like, what was touched, what a person calls it."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from studio.model.documents.document import Document
from studio.model.documents.history import Command
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged, WeightsChanged
from studio.model.networks.layout import Rect, around, kernel_grid
from studio.model.networks.picture import Picture
from studio.runtime.services.worker import Post
from studio.ui.kit.images import image_of

SIDE = 48
"""Pixels of the longer side of a thumbnail, at least; at most twice as many."""

_REST = 350
"""Milliseconds without another item after which the picture is that of the newest."""

_LONGEST = 40


class Milestones(QObject):
    """Follows the history. What it remembers of an item goes with the item.

    ``changed`` comes when more is known of a state, or one is called something else.

    Args:
        document: whose history it is.
        snapshot: brings the next output, in any thread.
        post: carries calls to this thread.
    """

    changed = Signal()

    def __init__(self, document: Document, snapshot: Callable[[Callable[[Picture], None]], object], post: Post) -> None:
        super().__init__()
        self._document, self._snapshot, self._post = document, snapshot, post
        self._pushed = document.history.pushed
        self._reach: dict[str, Rect] = {}
        self._touched: WeakKeyDictionary[Command, str] = WeakKeyDictionary()
        self._pictures: WeakKeyDictionary[Command, QImage] = WeakKeyDictionary()
        self._names: WeakKeyDictionary[Command, str] = WeakKeyDictionary()
        self._opened: QImage | None = None
        self._soon = QTimer(self, singleShot=True, interval=_REST)
        self._soon.timeout.connect(self._look)
        document.changed.connect(self._follow)

    def see_opened(self) -> None:
        """There is a picture of something: what was opened is looked at, unless that is known, or no more there."""
        if self._opened is None and self._document.history.position == 0 and not self._soon.isActive():
            self._soon.start()

    def picture(self, position: int) -> QImage | None:
        """What came out when so many items were done; None where nobody has looked."""
        if self._is_opened(position):
            return self._opened
        command = self._at(position)
        return None if command is None else self._pictures.get(command)

    def touched(self, position: int) -> str:
        """Where the last of so many items has changed weights, as in "rows 3 to 5, columns 8 to 11"."""
        command = self._at(position)
        return "" if command is None else self._touched.get(command, "")

    def name(self, position: int) -> str:
        """What a person calls the state after so many items; empty for no name."""
        command = self._at(position)
        return "" if command is None else self._names.get(command, "")

    def can_name(self, position: int) -> bool:
        """Whether there is such a state: what was opened has the preset's name."""
        return self._at(position) is not None

    def call(self, position: int, name: str) -> None:
        """Give the state after so many items a name; an empty one takes it away."""
        command, name = self._at(position), " ".join(name.split())[:_LONGEST]
        if command is None:
            return
        if name:
            self._names[command] = name
        else:
            self._names.pop(command, None)
        self.changed.emit()

    @property
    def named(self) -> list[tuple[int, str]]:
        """The states that have a name, and it, in the order in which they were made."""
        found = ((position, self.name(position)) for position in range(1, len(self._document.history) + 1))
        return [(position, name) for position, name in found if name] if self._names else []

    # -- within -----------------------------------------------------------------------------------------------------

    def _at(self, position: int) -> Command | None:
        history = self._document.history
        return history.command(position - 1) if 1 <= position <= len(history) else None

    def _follow(self, change: Change) -> None:
        history = self._document.history
        if isinstance(change, WeightsChanged):
            before = self._reach.get(change.tensor, change.rect)
            self._reach[change.tensor] = around([before, change.rect]) or change.rect
        elif isinstance(change, NetworkChanged):
            self._reach.clear()
        elif isinstance(change, HistoryChanged):
            reach, self._reach = self._reach, {}
            if history.pushed != self._pushed:
                self._pushed = history.pushed
                command = self._at(history.position)
                if command is not None and (text := self._words(reach)):
                    self._touched[command] = text
                self._soon.start()
            elif self._at(history.position) is not None and self.picture(history.position) is None:
                # It was left before anybody had looked.
                self._soon.start()

    def _words(self, reach: dict[str, Rect]) -> str:
        if len(reach) != 1:
            return f"{len(reach)} tensors" if reach else ""
        [(tensor, rect)] = reach.items()
        if tensor not in self._document.graph.tensor_shapes:
            return ""
        shape = self._document.tensor(tensor).shape
        rows, columns, kh, kw = kernel_grid(shape)
        down = _range("row", rect.y // kh, (rect.y + rect.height - 1) // kh, rows)
        across = _range(
            "channel" if len(shape) == 1 else "column", rect.x // kw, (rect.x + rect.width - 1) // kw, columns
        )
        return ", ".join(filter(None, (down, across))) or "all of it"

    def _look(self) -> None:
        history = self._document.history
        position, pushed = history.position, history.pushed

        def take(picture: Picture) -> None:
            small = _small(picture)
            self._post(lambda: self._keep(position, pushed, small))

        if self._at(position) is not None or self._is_opened(position):
            self._snapshot(take)

    def _is_opened(self, position: int) -> bool:
        return position == 0 and not self._document.history.has_forgotten

    def _keep(self, position: int, pushed: int, small: Picture) -> None:
        """Unless another item has come meanwhile: then it is its picture, or none."""
        history = self._document.history
        command = self._at(position)
        if (history.position, history.pushed) != (position, pushed):
            return
        if command is not None:
            self._pictures[command] = image_of(small)
        elif self._is_opened(position):
            self._opened = image_of(small)
        self.changed.emit()


def _range(what: str, first: int, last: int, count: int) -> str:
    """In words; nothing where it is all of them."""
    if last - first + 1 >= count:
        return ""
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"


def _small(picture: Picture) -> Picture:
    """Every so many pixels: it is made in the thread that draws."""
    step = max(1, max(picture.shape[:2]) // SIDE)
    return np.ascontiguousarray(picture[::step, ::step])
