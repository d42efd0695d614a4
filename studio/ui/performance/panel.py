"""The panel of performances: a row of buttons, and the timeline."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QFileDialog, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.io.performances import SUFFIX, load_performance, save_performance
from studio.model.documents.document import Document
from studio.model.performances.performance import Performance
from studio.model.performances.score import Score
from studio.runtime.live.report import Message
from studio.runtime.live.taking import Performing
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.buttons import show_icon, tool_button
from studio.ui.kit.clock import clock
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.flow import Flow
from studio.ui.kit.folders import folder_for, note_chosen, own
from studio.ui.kit.keys import keyed
from studio.ui.performance.stage_hand import StageHand
from studio.ui.performance.timeline import Timeline

_LEAST = 190
"""Pixels of its height, so that a few curves are seen."""

_FILES = f"Performances (*{SUFFIX})"


class PerformancePanel(QWidget):
    """Records, plays and edits performances.

    Args:
        document: what they are played on.
        score: the one that is open.
        hand: starts and stops.
        telemetry: tells how long the one is that is recorded.
        worker: reads and writes files.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        score: Score,
        hand: StageHand,
        telemetry: Telemetry,
        worker: Worker,
        say: Callable[[Message], object],
    ) -> None:
        super().__init__()
        self._document, self._score, self._hand, self._worker, self._say = document, score, hand, worker, say
        self._telemetry = telemetry
        self.setAutoFillBackground(True)
        self.setMinimumHeight(_LEAST)
        self.timeline = Timeline(document, score)
        self._make(hand, score)
        self._lay_out()
        self.timeline.hovered.connect(self.said.say)
        score.changed.connect(self._show)
        hand.changed.connect(self._show)
        telemetry.on(Performing, self._show)
        self._show()

    def _make(self, hand: StageHand, score: Score) -> None:
        self.record = tool_button("record-fill", "", "Record a performance", hand.toggle_record)
        self.play = tool_button("play", "", "Play the performance", hand.toggle_play)
        tip = "Overdub: play it and record it anew, with what you turn meanwhile (Ctrl+Shift+Space)"
        self.overdub = tool_button("plus-circle", tip, "Overdub", hand.overdub)
        self.trim = tool_button("crop", "Keep the chosen part alone", "Trim", score.trim)
        self.cut = tool_button("scissors", "Cut the chosen part out", "Cut out", score.cut)
        self.undo = tool_button("arrow-u-up-left", "Take the last edit back", "Undo the edit", score.undo)
        self.redo = tool_button("arrow-u-up-right", "Do it again", "Redo the edit", score.redo)
        self.open = tool_button("folder-open", "Open a performance", "Open a performance", self.ask_open)
        self.save = tool_button("floppy-disk", "Save the performance", "Save the performance", self.ask_save)
        tip = "Copy the command that renders it, at twice the size"
        self.copy = tool_button("terminal-window", tip, "Copy the command", self.copy_command)
        self.said, self.name = ElidedLabel(), ElidedLabel()
        self.said.setStyleSheet(f"color: {theme.FAINT};")

    @property
    def buttons(self) -> tuple[QToolButton, ...]:
        """All of them, from the left."""
        found = self.record, self.play, self.overdub, self.trim, self.cut, self.undo, self.redo
        return (*found, self.open, self.save, self.copy)

    def _lay_out(self) -> None:
        buttons = QWidget()
        flow = Flow(buttons)
        for button in self.buttons:
            flow.addWidget(button)
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(buttons, 10)
        row.addWidget(self.name, 6)
        row.addWidget(self.said, 8)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setAccessibleName("Timeline, scrolled by arrow keys")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.timeline)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(row)
        whole.addWidget(scroll, 1)

    # -- what commands call -----------------------------------------------------------------------------------------

    def reveal(self) -> None:
        """Be seen."""
        dock = self.parentWidget()
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        if dock is not None:
            dock.show()
            dock.raise_()

    def ask_open(self) -> None:
        """Let the person choose a file."""
        dialog = self._dialog("Open a performance")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open_file(Path(path)))
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Open a performance; what is wrong with it is said, and what was open stays open."""
        self._worker.do(
            lambda: load_performance(path),
            lambda performance: self._opened(performance, path),
            self._fail,
            f"Reading {path}",
        )

    def ask_save(self) -> None:
        """Let the person choose where to write it."""
        dialog = self._dialog("Save the performance")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        if self._score.path is not None:
            dialog.selectFile(self._score.path.name)
        dialog.fileSelected.connect(lambda path: self.save_file(Path(path)))
        dialog.open()

    def save_file(self, path: Path) -> None:
        """Write it there; the dialog has asked where something stands."""
        performance = self._score.performance
        if performance is None:
            return

        def saved(_: object) -> None:
            if self._score.performance is performance:
                self._score.mark_saved(path)
            self._say(Message(f"Wrote {path}"))

        self._worker.do(lambda: save_performance(performance, path), saved, self._fail, f"Writing {path}", writes=True)

    def copy_command(self) -> None:
        """Put the command that renders it on the clipboard."""
        performance, path = self._score.performance, self._score.path
        if performance is None or path is None or self._score.unsaved:
            self._say(Message("Save the performance first; the command reads it from its file.", "warning"))
            return
        size = performance.take.size
        larger = ("--size", str(2 * int(size))) if size.isdecimal() else ()
        source = performance.take.source or "SOURCE"
        words = ("studio", "render", source, f"{path.stem}.mp4", "--performance", str(path), *larger)
        QGuiApplication.clipboard().setText(shlex.join(words))
        self._say(Message(f"Copied: {shlex.join(words)}"))

    # -- within -----------------------------------------------------------------------------------------------------

    def _dialog(self, title: str) -> QFileDialog:
        beside = (self._score.path, own(self._document.path))
        dialog = QFileDialog(self, title, folder_for("performance", *beside), _FILES)
        dialog.fileSelected.connect(partial(note_chosen, "performance"))
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _fail(self, error: StudioError) -> None:
        self._say(Message(str(error), "error"))

    def _opened(self, performance: Performance, path: Path) -> None:
        if performance.note:
            self._say(Message(performance.note, "warning"))
        self._score.open(performance, path)

    def _show(self, _: object = None) -> None:
        performance, records = self._score.performance, self._hand.records
        show_icon(self.record, "stop" if records else "record-fill")
        self.record.setToolTip("End the performance and its film (Shift+R)" if records else _RECORD)
        show_icon(self.play, "stop" if self._hand.plays else "play")
        plays = "Stop" if self._hand.plays else "Play it again from the line"
        self.play.setToolTip(keyed(f"{plays} (Ctrl+Space)"))
        has = performance is not None
        for button in (self.play, self.save, self.copy):
            button.setEnabled(has)
        self.overdub.setEnabled(has and not records)
        for button in (self.trim, self.cut):
            button.setEnabled(self._score.selection is not None)
        self.undo.setEnabled(self._score.can_undo)
        self.redo.setEnabled(self._score.can_redo)
        if records:
            self.name.say(f"Recording {clock(self._telemetry[Performing].seconds)}")
        elif performance is not None:
            name = self._score.path.stem if self._score.path is not None else performance.preset
            self.name.say(f"{name}{'*' if self._score.unsaved else ''}", f"  {performance.seconds:.1f} s")
        else:
            self.name.say("")


_RECORD = "Record a performance and its film: they begin together (Shift+R)"
