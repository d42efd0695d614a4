"""Sentences for the person, at the foot of the window: the newest is shown, a click lists what was said before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.runtime.live.report import Message, Messages, Problems
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import give_room, name_control
from studio.ui.services.message_details import MessageDetails

NOTE_SECONDS = 6.0
"""So long a note is shown; warnings three times as long, notes with buttons five times."""

_LOG = 200

_LONGEST = 1200
"""Letters of a sentence that are shown."""

_LONG = re.compile(r"\S{24}(?=\S)")
_ICONS = {
    "note": ("info", theme.FAINT),
    "warning": ("warning", theme.WARNING),
    "error": ("warning-circle", theme.DANGER),
}

Action = tuple[str, Callable[[], None]]


@dataclass(frozen=True, eq=False)
class _Entry:
    message: Message
    when: datetime
    actions: tuple[Action, ...]


class MessageBar(QWidget):
    """One sentence. Notes and warnings go by themselves; errors, and warnings that ask something, stay until answered.

    It never takes the keyboard from where it is; its buttons are reached with Tab.
    """

    changed = Signal()
    """Another sentence is shown, or none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        give_room(self, "messages")
        self.setObjectName("messages")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._log: list[_Entry] = []
        self._open: list[_Entry] = []
        self._problems: dict[str, Message] = {}
        self._line = _Line(self)
        self._line.clicked.connect(self.show_log)
        self._icon = QLabel()
        self._more = tool_button("", "Messages that are still open: click to list them", "More messages", self.show_log)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.SPACE // 2)
        name_control(self._more, "more")
        self._close = tool_button("x", "Dismiss this message", "Dismiss", self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, 2, 4, 2)
        row.setSpacing(theme.SPACE)
        for widget in (self._icon, self._line):
            row.addWidget(widget, 1 if widget is self._line else 0)
        row.addLayout(self._buttons)
        row.addWidget(self._more)
        row.addWidget(self._close)
        self._popup: MessageLog | None = None
        self.details: MessageDetails | None = None
        """The newest window with details, which closes by itself."""
        self._show_newest()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty where none is."""
        return _sentence(self._open[-1].message.text) if self._open else ""

    @property
    def log(self) -> tuple[Message, ...]:
        """What was said, oldest first."""
        return tuple(entry.message for entry in self._log)

    def follow(self, telemetry: Telemetry) -> None:
        """Show what the render thread says, and its problems for as long as they last."""
        telemetry.on(Messages, self._take)
        telemetry.on(Problems, self._take_problems)

    def _take(self, said: Messages) -> None:
        for message in said.messages:
            self.say(message)

    def _take_problems(self, problems: Problems) -> None:
        before, self._problems = self._problems, dict(problems.by_cause)
        for cause, message in before.items():
            if self._problems.get(cause) != message:
                self.take_back(message)
        for cause, message in self._problems.items():
            if before.get(cause) != message:
                self.say(message)

    def note(self, text: str) -> None:
        """Show a sentence for a few seconds."""
        self.say(Message(text))

    def say(self, message: Message, actions: Sequence[Action] = ()) -> None:
        """Show a sentence, with buttons; pressing one of them dismisses it.

        A sentence that is open already is only brought up; an error takes the place of the one before.
        """
        message = _readable(message)
        entry = _Entry(message, datetime.now().astimezone(), tuple(actions))
        same = [old for old in self._open if old.message == message]
        standing = [_readable(problem) for problem in self._problems.values()]
        superseded = [old for old in self._open if _is_error(old) and _is_error(entry) and old.message not in standing]
        self._open = [old for old in self._open if old not in same and old not in superseded]
        self._open.append(entry)
        if not same:
            self._log = [*self._log[1 - _LOG :], entry]
        seconds = {"note": NOTE_SECONDS, "warning": 3 * NOTE_SECONDS, "error": 0.0}[message.kind]
        if actions:
            seconds = 5 * NOTE_SECONDS if message.kind == "note" else 0.0
        if seconds:
            QTimer.singleShot(round(seconds * 1000), self, lambda: self._drop(entry))
        self._show_newest()
        QAccessible.updateAccessibility(QAccessibleEvent(self._line, QAccessible.Event.Alert))

    def dismiss(self) -> None:
        """Let the sentence that is shown go."""
        if self._open:
            self._drop(self._open[-1])

    def take_back(self, message: Message) -> None:
        """Let a sentence go that is no longer true, wherever it stands among those that are open."""
        message = _readable(message)
        self._open = [entry for entry in self._open if entry.message != message]
        self._show_newest()

    def settle(self, about: str) -> None:
        """Let what was said of a failure go once the same has succeeded; see `Message.about`."""
        left = [entry for entry in self._open if entry.message.about != about]
        if len(left) < len(self._open):
            self._open = left
            self._show_newest()

    def show_log(self) -> None:
        """List what was said, newest first."""
        self._popup = MessageLog(self._log, self)
        self._popup.show_above(self)

    def _drop(self, entry: _Entry) -> None:
        if entry in self._open:
            self._open.remove(entry)
            self._show_newest()

    def _show_newest(self) -> None:
        entry = self._open[-1] if self._open else None
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._line.show_message(self.text)
        self._icon.setVisible(entry is not None)
        self._close.setVisible(entry is not None)
        self._more.setVisible(len(self._open) > 1)
        self._more.setText(f"+{len(self._open) - 1}")
        self._more.setAccessibleName(f"{len(self._open) - 1} more messages")
        if entry is not None:
            self._show(entry)
        self.changed.emit()

    def _show(self, entry: _Entry) -> None:
        name, colour = _ICONS[entry.message.kind]
        self._icon.setPixmap(icon(name, colour).pixmap(QSize(16, 16)))
        self._icon.setAccessibleName(entry.message.kind)
        for label, act in entry.actions:
            button = tool_button("", label, label, partial(self._answer, entry, act))
            button.setText(label)
            self._buttons.addWidget(button)
        if entry.message.details:
            button = tool_button("", "What led to it, for whoever is to mend it", "Details", self.show_details)
            button.setText("Details")
            self._buttons.addWidget(button)

    def show_details(self) -> None:
        """Show what stands behind the sentence that is shown, to be copied by one click."""
        if self._open and self._open[-1].message.details:
            self.details = MessageDetails(self._open[-1].message, self.window())
            self.details.show()

    def _answer(self, entry: _Entry, act: Callable[[], None]) -> None:
        self._drop(entry)
        act()


class MessageLog(QFrame):
    """A list of messages that goes with a click beside it or Escape."""

    def __init__(self, entries: Sequence[_Entry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName("Earlier messages, newest first")
        self.list.setSelectionMode(QListWidget.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setIconSize(QSize(16, 16))
        for entry in reversed(entries):
            name, colour = _ICONS[entry.message.kind]
            self.list.addItem(
                QListWidgetItem(icon(name, colour), f"{entry.when:%H:%M:%S}   {_sentence(entry.message.text)}")
            )
        if not entries:
            self.list.addItem("No messages yet.")
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.addWidget(self.list)

    def show_above(self, bar: QWidget) -> None:
        """Stand on the bar, as wide as reads well."""
        height, width = min(24 * (self.list.count() + 1), 320), min(max(bar.width(), 360), 720)
        self.resize(width, max(height, 80))
        self.move(bar.mapToGlobal(QPoint(0, -self.height() - 2)))
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)


class _Line(QLabel):
    """A sentence, whole, that lists the others when it is clicked."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_message(self, text: str) -> None:
        self.setToolTip("Click for earlier messages")
        self.setAccessibleName(text)
        # A word as long as a path may have to be broken.
        self.setText(_LONG.sub("\\g<0>\u200b", text))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()


def _readable(message: Message) -> Message:
    """In one line, and no longer than one reads; all of it stays among the details."""
    text = " ".join(message.text.splitlines())
    if len(text) > _LONGEST:
        details = message.details or message.text
        return replace(message, text=f"{text[:_LONGEST].rsplit(' ', 1)[0]} …", details=details)
    return replace(message, text=text)


def _is_error(entry: _Entry) -> bool:
    return entry.message.kind == "error" and not entry.actions


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a path or a name such as h264."""
    return text[:1].upper() + text[1:] if text.partition(" ")[0].isalpha() else text
