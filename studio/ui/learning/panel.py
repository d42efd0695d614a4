"""The learning panel: a lesson is asked for, watched, and gone back in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.errors import StudioError
from studio.learn.goal import Goal
from studio.learn.prepare import Asked, estimate
from studio.model.bends.stages import STAGES
from studio.model.movement.address import Dial
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.views.workspace import Workspace
from studio.runtime.learning.record import Mark, alarm
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import name_control
from studio.ui.kit.scrolled import Anchor, bring_into_sight
from studio.ui.learning.asking import ask_checkpoint
from studio.ui.learning.curves import CurvesView
from studio.ui.learning.lesson_form import LessonForm
from studio.ui.learning.pictures import CheckpointStrip, CropView
from studio.ui.learning.times import TimesView
from studio.ui.learning.until import Until
from studio.ui.learning.watched import WatchedView

_DRAW_EVERY = 250
_RECKON_AFTER = 300
_STATES = {"off": "Learn", "preparing": "Preparing…", "learning": "Pause", "paused": "Go on"}


class LearningPanel(QWidget):
    """A lesson on the open network.

    Args:
        workspace: its selected layer and tensor.
        session: learns.
        telemetry: tells what plays.
        say: shows a sentence to the person.
        worker: draws what is watched, and reckons what a step takes.
    """

    def __init__(
        self,
        workspace: Workspace,
        session: LearningSession,
        telemetry: Telemetry,
        say: Callable[[Message], object],
        worker: Worker,
    ) -> None:
        super().__init__()
        self._workspace, self._session, self._telemetry, self._say = workspace, session, telemetry, say
        self._worker = worker
        self.lesson = LessonForm()
        self.learn = QPushButton("Learn")
        name_control(self.learn, "learn")
        self.learn.setObjectName("primary")
        self.learn.clicked.connect(self.toggle)
        self.step = QPushButton("Step")
        self.step.setToolTip("Take one step, and pause")
        self.step.clicked.connect(self.one_step)
        self.end = QPushButton("End")
        self.end.setToolTip("End the lesson; what was learnt stays, and undo takes it back")
        self.end.clicked.connect(session.end)
        self.until = Until()
        self.status = QLabel("", wordWrap=True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.alarm = QLabel("", wordWrap=True)
        self.alarm.setStyleSheet(f"color: {theme.WARNING};")
        self.alarm.hide()
        self.curves, self.crop, self.strip = CurvesView(), CropView(), CheckpointStrip()
        self.watched, self.times = WatchedView(worker), TimesView()
        self.keep = QPushButton(icon("bookmark-simple"), "Keep")
        self.keep.setToolTip("Take a checkpoint to go back to")
        self.keep.clicked.connect(session.keep)
        self.back = QPushButton("Back to this")
        self.back.setToolTip("Go back to the selected checkpoint, with the optimiser as it was")
        self.back.clicked.connect(self._back)
        self.compare = QPushButton("Compare")
        self.compare.setToolTip(
            "Hold it, or the space bar on it, to see the picture by the selected checkpoint, or by the first"
        )
        self.compare.pressed.connect(lambda: session.compare(self.strip.current or _first(session.checkpoints)))
        self.compare.released.connect(lambda: session.compare(None))
        self.save = QPushButton(icon("floppy-disk"), "Save…")
        self.save.setToolTip("Write how it is now, or the selected checkpoint, to a file: to go on from tomorrow")
        self.save.clicked.connect(self._save)
        self.resume = QPushButton("Go on from a file…")
        self.resume.setToolTip(
            "Begin where a saved checkpoint ended, with its optimiser, random numbers and painted rates"
        )
        self.resume.clicked.connect(self._resume)
        self._lay_out()
        self._timer = QTimer(self, interval=_DRAW_EVERY)
        self._timer.timeout.connect(self._draw)
        self._is_stale = True
        self._need = ""
        self._reckon = QTimer(self, interval=_RECKON_AFTER, singleShot=True)
        self._reckon.timeout.connect(self._say_need)
        self.lesson.turned.connect(self._reckon.start)
        self.lesson.form.changed.connect(lambda _: self._reckon.start())
        session.changed.connect(self._listen)
        workspace.changed.connect(self._watch)
        self.lesson.turned.connect(self._turn)
        self.until.turned.connect(self._turn_end)
        self.strip.chosen.connect(session.restore)
        self.strip.selected.connect(self._hold)
        workspace.document.changed.connect(self._follow)
        self._follow(NetworkChanged())
        self._show_state()

    def _lay_out(self) -> None:
        self.setAutoFillBackground(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE // 2)
        buttons.addWidget(self.learn, 1)
        buttons.addWidget(self.step)
        buttons.addWidget(self.end)
        marks = QGridLayout()
        marks.setSpacing(theme.SPACE // 2)
        for place, button in enumerate((self.keep, self.back, self.compare)):
            marks.addWidget(button, 0, place)
        marks.addWidget(self.save, 1, 0)
        marks.addWidget(self.resume, 1, 1, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addLayout(buttons)
        for part in (self.until, self.status, self.alarm, self.curves, self.crop):
            column.addWidget(part)
        column.addWidget(self.strip)
        column.addLayout(marks)
        column.addWidget(self.watched)
        column.addWidget(self.times)
        column.addWidget(self.lesson)
        Anchor(self.lesson)
        column.addStretch(1)

    # -- what commands call -----------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Begin the lesson, pause it, or go on."""
        if self._session.state == "learning":
            self._session.pause()
        elif self._session.is_open:
            self._session.go_on(self.until.most, self.until.goal)
        else:
            self._begin(self.until.most, self.until.goal)

    def one_step(self) -> None:
        """Take one step, and pause."""
        if self._session.is_open:
            self._session.go_on(1)
        else:
            self._begin(1)

    def dials(self) -> Iterator[Dial]:
        """Its numbers, which may be turned while it learns."""
        yield from self.lesson.dials()
        yield from self.until.dials()

    # -- within -----------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        if path := ask_checkpoint(self, self._workspace.document.path, saves=True):
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Write the selected checkpoint, or how it is now, to a file."""
        self._session.save(path, self.strip.current)

    def _resume(self) -> None:
        if path := ask_checkpoint(self, self._workspace.document.path, saves=False):
            self.resume_from(path)

    def resume_from(self, path: Path) -> None:
        """Open the lesson that a checkpoint was taken in, where that ended; it pauses there."""
        self._begin(0, resume=path)

    def _begin(self, steps: float, goal: Goal | None = None, *, resume: Path | None = None) -> None:
        try:
            asked = self._asked()
        except StudioError as error:
            self._say(Message(str(error), "error", about="lesson"))
            return
        self._session.begin(asked, running=resume is None, steps=steps, goal=goal, resume=resume)
        self._session.watch(self._workspace.tensor or "")

    def _turn(self) -> None:
        if self._session.is_open:
            try:
                asked = self._asked()
            except StudioError as error:
                self._say(Message(str(error), "error", about="lesson"))
                return
            self._session.turn(asked)

    def _turn_end(self) -> None:
        if self._session.goes:
            self._session.go_on(self.until.most, self.until.goal)

    def _say_need(self) -> None:
        """Say beforehand what a step takes of memory, or that there is not as much."""
        if self._session.is_open or not self.isVisible():
            return
        document, said = self._workspace.document, self._has_reckoned
        # What differentiates a network is imported for the first.
        reckon = partial(estimate, document.network, self._asked(), self._session.engine, document.section(STAGES))
        self._worker.do(reckon, said, lambda error: said(str(error)), "Reckoning what a step takes")

    def _has_reckoned(self, need: str) -> None:
        self._need = need
        self._draw()

    def _asked(self) -> Asked:
        playing = self._telemetry[PlayerState].spec or "demo"
        before = self._session.asked if self._session.is_open else None
        return self.lesson.asked(playing, self._workspace.layer, before)

    def _back(self) -> None:
        mark = self.strip.current
        if mark is not None:
            self._session.restore(mark)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self.lesson.ask_of_states(bool(self._workspace.document.graph.states))
            self._reckon.start()

    def _watch(self, field: str) -> None:
        if field in ("layer", "key"):
            self._reckon.start()
            self._session.watch(self._workspace.tensor or "")
        if field == "layer" and self.lesson.goes_by_layer:
            self._turn()

    def _listen(self, what: str) -> None:
        if what == "state":
            self._show_state()
        elif what == "lesson" and self._session.asked is not None:
            self.lesson.show_lesson(self._session.asked)
        elif what == "refused" and self._session.asked is not None:
            self.lesson.show_turned(self._session.asked, self._workspace.layer)
        elif what == "saved":
            self._say(Message("The checkpoint is saved."))
        elif what == "checkpoints":
            self.strip.show_marks(self._session.checkpoints)
            self._show_state()
        self._is_stale = True

    def _show_state(self) -> None:
        session, focused = self._session, QApplication.focusWidget()
        self.learn.setText(_STATES[session.state])
        self.end.setEnabled(session.is_open)
        self.keep.setEnabled(session.is_open and session.step > 0)
        self._hold()
        for shown in (self.strip, self.keep, self.back, self.compare, self.save):
            shown.setVisible(session.is_open)
        self.resume.setVisible(not session.is_open)
        self.crop.setVisible(session.pictures is not None)
        self.watched.setVisible(session.watched is not None)
        self.times.setVisible(bool(session.effort is not None and session.effort.times))
        self.lesson.hold(session.is_open)
        if focused is not None and self.isAncestorOf(focused) and not focused.hasFocus():
            # Qt hands the keyboard to whatever comes next: to a field, or to a button that ends the lesson.
            self.learn.setFocus()
            bring_into_sight(self.learn)
        if session.state == "learning" or self.isVisible():
            self._timer.start()
        self._draw()

    def _hold(self) -> None:
        mark = self.strip.current
        self._session.held = mark.checkpoint if mark is not None else None
        self.back.setEnabled(self._session.is_open and mark is not None)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what has come meanwhile."""
        super().showEvent(event)
        self._is_stale = True
        self._reckon.start()
        self._timer.start()

    def _draw(self) -> None:
        if not self.isVisible():
            self._timer.stop()
            return
        session = self._session
        self.status.setText(self._words())
        said = session.problem or alarm(session.last, session.curves, session.dead)
        self.alarm.setText(said)
        self.alarm.setVisible(bool(said))
        if not self._is_stale:
            return
        self._is_stale = False
        self.curves.show_curves(session.curves)
        times = session.effort.times if session.effort is not None else {}
        for part, there in ((self.crop, session.pictures), (self.watched, session.watched)):
            part.setVisible(there is not None)
        self.times.setVisible(bool(times))
        self.times.show_times(times)
        if session.pictures is not None:
            self.crop.show_pictures(session.pictures)
        if session.watched is not None and session.watched.name == self._workspace.tensor:
            self.watched.show_watched(session.watched)

    def _words(self) -> str:
        session = self._session
        if session.state == "preparing":
            return "Reading the pictures…"
        if session.last is None:
            notes = " ".join((*session.notes, f"It goes on from step {session.step}." * (session.step > 0))).strip()
            return notes or f"The open network learns, from the weights that it has now. {self._need}"
        last, rate = session.last, session.pace.fps(time.monotonic())
        pace = f" · {paced(rate)}" if session.state == "learning" and rate else ""
        part = session.effort.part if session.effort is not None else math.nan
        gets = f" · it gets {part:.0%} of the time" if pace and not math.isnan(part) else ""
        where = f" · {session.seconds:.0f} s on {session.engine}"
        return f"Step {last.number} · loss {last.loss:.4g} · {last.psnr:.1f} dB{pace}{gets}{where}"


def paced(rate: float) -> str:
    """Steps a second in words, or seconds of each where it takes several."""
    return f"{rate:.1f} steps a second" if rate >= 0.5 else f"{1 / rate:.0f} s a step"


def _first(marks: Sequence[Mark]) -> Mark | None:
    return marks[0] if marks else None
