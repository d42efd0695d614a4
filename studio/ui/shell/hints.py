"""Three hints for the first minute, one at a time; each goes for ever when it has been followed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.model.networks.changes import Change, HistoryChanged
from studio.ui.filters import FilterEditor
from studio.ui.filters.rulers import TOP
from studio.ui.kit import theme
from studio.ui.kit.command import Context
from studio.ui.services.session import Session
from studio.ui.viewport.widget import Viewport

_MARGIN = 10
_NEAR = 24
"""Pixels of the mouse from a hint at which it goes to the other end, so that nothing need be painted under it."""


@dataclass(frozen=True)
class Hint:
    """Attributes:
    name: under which it is remembered.
    text: what it says.
    over: the widget that it lies on.
    """

    name: str
    text: str
    over: type[QWidget]


HINTS = (
    Hint("paint", "Press here and draw: these are the network's filters, and the picture follows.", FilterEditor),
    Hint("pick", "Click a place: the filters that are strongest there are selected.", Viewport),
    Hint("stage", "W makes the filters large, and the picture small.", FilterEditor),
)


class Hints(QObject):
    """Shows the first hint that has not been followed yet.

    Args:
        context: the window's; a stroke, a click and a swap are seen there.
        session: remembers which were followed.
    """

    def __init__(self, context: Context, session: Session) -> None:
        super().__init__(context.window)
        self._context = context
        self._session = session
        self._label: QLabel | None = None
        self._shown: Hint | None = None
        self._on: QWidget | None = None
        self._is_above = False
        context.document.changed.connect(self._follow)
        context.workspace.changed.connect(self._listen)
        context[Viewport].picked.connect(lambda _: self.followed("pick"))
        self._show()

    @property
    def text(self) -> str:
        """What is said now."""
        return self._shown.text if self._shown is not None else ""

    def followed(self, name: str) -> None:
        """A hint has been followed, whether it was shown or not."""
        if name not in self._session.followed:
            self._session.note_followed(name)
            self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Along with what it lies on, and out of the way of the mouse."""
        del watched
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        elif isinstance(event, QMouseEvent) and self._label is not None and self._on is not None:
            near = self._label.geometry().adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR)
            if near.contains(event.position().toPoint()):
                self._is_above = event.position().y() > self._on.height() / 2
                self._place()
        return False

    def _follow(self, change: Change) -> None:
        labels = self._context.document.history.labels
        if isinstance(change, HistoryChanged) and labels and " on " in labels[-1]:
            self.followed("paint")

    def _listen(self, field: str) -> None:
        if field == "stage" and self._context.workspace.stage:
            self.followed("stage")
        elif field == "masking" and self._label is not None:
            self._label.setVisible(self._is_true)

    @property
    def _is_true(self) -> bool:
        """Whether what is said holds now: while a mask is painted, a click on the picture paints."""
        return self._shown is None or self._shown.name != "pick" or not self._context.workspace.masking

    def _show(self) -> None:
        done = self._session.followed
        self._shown = next((hint for hint in HINTS if hint.name not in done), None)
        if self._on is not None:
            self._on.removeEventFilter(self)
        if self._label is not None:
            self._label.deleteLater()
            self._label = self._on = None
        if self._shown is None:
            return
        widget: QWidget = self._context[self._shown.over]
        # Messages lie at the lower end of the picture.
        self._is_above = isinstance(widget, Viewport)
        self._on = widget.sheet if isinstance(widget, FilterEditor) else widget
        self._on.installEventFilter(self)
        self._label = QLabel(self._shown.text, self._on)
        self._label.setObjectName("hint")
        self._label.setWordWrap(True)
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label.setStyleSheet(
            f"background: {theme.RAISED}; border: 1px solid {theme.ACCENT}; border-radius: 6px;"
            f" color: {theme.TEXT}; padding: 6px 10px;"
        )
        self._label.setVisible(self._is_true)
        self._place()

    def _place(self) -> None:
        if self._label is None or self._on is None:
            return
        width = min(340, max(80, self._on.width() - 2 * _MARGIN))
        height = self._label.heightForWidth(width)
        top = _MARGIN + TOP if self._is_above else self._on.height() - height - _MARGIN
        self._label.setGeometry((self._on.width() - width) // 2, top, width, height)
