"""The source bar: what is played, where it is, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from studio.control.window import POSITION, SPEED
from studio.errors import StudioError
from studio.io.sources.base import rate_text
from studio.io.sources.camera import list_cameras
from studio.io.sources.latent import WORD, path_given
from studio.model.views.camera_setup import is_camera
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.session import LiveSession
from studio.runtime.live.sound_out import SoundOut
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import show_icon, tool_button
from studio.ui.kit.clock import clock
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.reached import name_control
from studio.ui.kit.spins import DecimalSpin
from studio.ui.kit.steady import SteadyLabel
from studio.ui.services.cues import FilmCues
from studio.ui.services.session import Session
from studio.ui.source.cue_menu import CueMenu
from studio.ui.source.seek_bar import SeekBar
from studio.ui.source.source_menu import SourceMenu

_NARROW = 760
_NAME_WIDTH, _LEAST_NAME = 180, 30
"""Pixels in letters of 12 pixels; with less there is no name, only the icon."""
_GAPS = 3
"""Between groups of controls, as wide as what lies between two of them."""
_SETTLES = 0.3
"""Seconds in which reports still tell of the speed before."""


class Transport(QWidget):
    """One row of controls, which show what the player reports.

    Args:
        live: plays.
        telemetry: tells what is playing.
        session: remembers what was played.
        worker: for work that may block.
        cues: the film's cue points.
        find_cameras: numbers of cameras.
    """

    def __init__(
        self,
        live: LiveSession,
        telemetry: Telemetry,
        session: Session,
        worker: Worker,
        cues: FilmCues,
        find_cameras: Callable[[], list[int]] = list_cameras,
    ) -> None:
        super().__init__()
        self.setAccessibleName("Source")
        self._live = live
        self._telemetry = telemetry
        self._session = session
        self._shown = self._name = ""
        self._has_time = self._is_fast = False
        self._runs: bool | None = None
        self._speed_set = float("-inf")
        self._more: list[QWidget] = []
        self.menu = SourceMenu(self.play, session, worker, find_cameras, self)
        self.source = tool_button("film-strip", "What is played: click to choose", "Source")
        self.source.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.source.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.source.setMenu(self.menu)
        self.back = tool_button(
            "caret-left", "One frame back, while paused (,)", "Previous frame", lambda: self.step(-1)
        )
        self.play_button = tool_button("pause-fill", "Pause (Space)", "Pause", self.toggle)
        name_control(self.play_button, "play")
        self.forth = tool_button("caret-right", "One frame on, while paused (.)", "Next frame", lambda: self.step(1))
        self.loop = tool_button("repeat", "Begin again at the end", "Loop")
        self.loop.setCheckable(True)
        self.seek = SeekBar(cues)
        self.cue_menu = CueMenu(cues, self)
        self.cues = tool_button("map-pin", "Cue points: places in the film to jump to (J sets one)", "Cue points")
        self.cues.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.cues.setMenu(self.cue_menu)
        self.cues.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.seek.asked.connect(self.cue_menu.popup)
        self.place = SteadyLabel()
        self.place.setAccessibleName("Position and length")
        self.speed = DecimalSpin()
        self.speed.setRange(SPEED.lo, SPEED.hi)
        self.speed.setSingleStep(0.1)
        self.speed.setDecimals(2)
        self.speed.setSuffix(" ×")
        self.speed.setValue(1.0)
        self.speed.setKeyboardTracking(False)
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip(f"Speed, {SPEED.lo:g} to {SPEED.hi:g} times")
        self.speed.setFixedWidth(theme.room(self.speed.font(), 84))
        give_address(self.speed, "/source/speed")
        self.reset = tool_button(
            "arrow-counter-clockwise", "Back to the source's own speed", "Reset speed", lambda: self.speed.setValue(1.0)
        )
        self.sound = tool_button("speaker-high", "The film is heard: click to mute it", "Sound")
        self.sound.setCheckable(True)
        self.sound.setChecked(True)
        self.sound.hide()
        self._has_sound = False
        self.status = ElidedLabel()
        self.facts = QLabel()
        self.facts.setAccessibleName("Size and rate of the source")
        self.facts.setStyleSheet(f"color: {theme.FAINT};")
        give_address(self.seek, POSITION.address)
        give_address(self.speed, SPEED.address)
        self._lay_out()
        self.loop.clicked.connect(lambda on: live.set_loop(on))
        self.seek.sought.connect(live.seek)
        self.speed.valueChanged.connect(self._set_speed)
        # Back to the commands' keys, which a field for numbers would swallow.
        self.speed.lineEdit().returnPressed.connect(self.speed.clearFocus)
        telemetry.on(PlayerState, self._show)
        self._show(telemetry[PlayerState])

    def add(self, widget: QWidget) -> None:
        """Show something more of the time, where there is room for it."""
        self._more.append(widget)
        self._row.insertWidget(self._row.indexOf(self.status), widget)
        self._fit()

    # -- what commands call ---------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Pause, or go on; what has ended begins again."""
        state = self._telemetry[PlayerState]
        self._live.pause(state.playing and not state.ended)

    def step(self, by: int) -> None:
        """So many frames on, or back; while paused."""
        self._live.player.step(by)

    def play(self, spec: str) -> None:
        """Play something else."""
        self._live.play(spec)

    def set_sound(self, out: SoundOut) -> None:
        """Let the button mute what plays the film's sound."""

        def mute(on: bool) -> None:
            out.muted = not on
            show_icon(self.sound, "speaker-high" if on else "speaker-slash")
            self.sound.setToolTip("The film is heard: click to mute it" if on else "Muted: click to hear the film")

        self.sound.toggled.connect(mute)

    def cannot_sound(self, why: str) -> None:
        """Nothing can be heard on this computer."""
        self.sound.setChecked(False)
        self.sound.setEnabled(False)
        self.sound.setToolTip(why)

    # -- within ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, 4, theme.SPACE, 4)
        row.setSpacing(theme.SPACE // 2)
        for widget in (self.source, self.back, self.play_button, self.forth, self.loop):
            row.addWidget(widget)
        row.addSpacing(row.spacing())
        row.addWidget(self.seek, 4)
        row.addWidget(self.cues)
        row.addWidget(self.place)
        row.addSpacing(row.spacing())
        row.addWidget(self.speed)
        row.addWidget(self.reset)
        row.addWidget(self.sound)
        row.addSpacing(row.spacing())
        row.addWidget(self.status, 1)
        # Takes what is left where neither a seek bar nor a state does: what there is would be spread over the bar.
        row.addStretch()
        row.addWidget(self.facts)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """What stays where there is least room: the source, playing, and the place in it."""
        kept = (self._bare_source, self.play_button.minimumSizeHint().width(), self.seek.minimumWidth())
        wide = sum(width + theme.SPACE for width in kept) + theme.SPACE
        return QSize(min(wide, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    @property
    def _bare_source(self) -> int:
        """How wide the button of the source is without its name."""
        name = self.source.fontMetrics().horizontalAdvance(self.source.text())
        return self.source.minimumSizeHint().width() - name

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Where there is little room the facts go first, then what keys and menus can do as well."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # All is reckoned before anything is shown: what is shown and hidden again has the window laid out for ever.
        width, has_time = self.width(), self._has_time
        shown: dict[QWidget, bool] = {
            self.source: True,
            self.play_button: True,
            self.facts: width >= _NARROW,
            self.seek: has_time,
            self.loop: has_time,
            self.place: has_time,
            # Where there is nothing to say the way through the film has its room.
            self.status: bool(self.status.whole),
            self.speed: has_time and width >= _NARROW - 180,
            self.sound: self._has_sound and width >= _NARROW - 180,
            self.reset: has_time and self._is_fast and width >= _NARROW - 180,
            **dict.fromkeys((self.back, self.forth, self.cues), has_time and width >= _NARROW - 280),
            **dict.fromkeys(self._more, width >= _NARROW - 80),
        }
        font = self.source.font()
        full = theme.room(font, _NAME_WIDTH if width >= _NARROW else _NAME_WIDTH // 2)
        room = min(full, self.source.fontMetrics().horizontalAdvance(self._name) + 2)
        for widget in (self.loop, self.place):
            shown[widget] &= self._needed(shown) + room <= width
        left = min(room, width - self._needed(shown))
        self._name_source(left if left >= min(room, theme.room(font, _LEAST_NAME)) else 0)
        for control, is_shown in shown.items():
            control.setVisible(is_shown)

    def _needed(self, shown: Mapping[QWidget, bool]) -> int:
        """The least width of those that are to be shown, without the source's name."""
        wide = [_least(widget) for widget, is_shown in shown.items() if is_shown and widget is not self.source]
        margins = self._row.contentsMargins()
        gaps = (len(wide) + _GAPS) * self._row.spacing()
        return self._bare_source + sum(wide) + gaps + margins.left() + margins.right()

    def _name_source(self, room: int) -> None:
        """Write the name on its button, as much as there is room for; where there is none, only the icon is there."""
        name = self.source.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room) if room else ""
        self.source.setText(name)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if name else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.source.setToolButtonStyle(style)

    def _show(self, state: PlayerState) -> None:
        name = _name(state.spec or state.opening) or ("No source" if state.problem else "Opening…")
        if state.spec != self._shown:
            self._shown = state.spec
            self._session.note_source(state.spec)
            self.source.setToolTip(f"{state.spec or name}\nClick to choose what is played")
        is_still = state.info is not None and state.info.fps is None
        show_icon(self.source, "camera" if state.is_camera else "image" if is_still else "film-strip")
        has_time = state.duration is not None and not state.is_camera and not is_still
        runs = state.playing and not state.ended
        self.play_button.setEnabled(state.info is not None and not is_still)
        if runs is not self._runs:
            self._runs = runs
            show_icon(self.play_button, "pause-fill" if runs else "play-fill")
            self.play_button.setToolTip("Pause (Space)" if runs else "Play (Space)")
            self.play_button.setAccessibleName("Pause" if runs else "Play")
        shown = has_time, state.speed != 1.0, name, has_time and state.sound is not None
        if shown != (self._has_time, self._is_fast, self._name, self._has_sound):
            self._has_time, self._is_fast, self._name, self._has_sound = shown
            self._fit()
        for widget in (self.back, self.forth):
            widget.setEnabled(not state.playing)
        self.loop.setChecked(state.loop)
        if has_time and state.duration is not None:
            self.seek.show_place(state.position, state.duration)
            # A walk goes on after its seconds.
            past = state.position > state.duration + 0.5
            self.place.setText(clock(state.position) if past else f"{clock(state.position)} / {clock(state.duration)}")
            if self._row.minimumSize().width() > self.width():
                self._fit()  # an hour takes more room than a minute
        rests = not self.speed.lineEdit().isModified() and time.monotonic() - self._speed_set > _SETTLES
        # Even the same number again would have the field drawn anew.
        if rests and abs(self.speed.value() - state.speed) >= 0.005:
            with QSignalBlocker(self.speed):
                self.speed.setValue(state.speed)
        self._say(*_status(state))
        info = state.info
        rate = f" · {rate_text(info.fps)}" if info is not None and info.fps else ""
        self.facts.setText(f"{info.size}{rate}" if info is not None else "")

    def _set_speed(self, speed: float) -> None:
        self._speed_set = time.monotonic()
        self._live.set_speed(speed)

    def _say(self, text: str, colour: str) -> None:
        if text != self.status.whole:
            was_said = bool(self.status.whole)
            self.status.say(text)
            if was_said != bool(text):
                self._fit()
            self.status.setToolTip(text or "State of the source")
        if self.status.property("colour") != colour:
            self.status.setProperty("colour", colour)
            self.status.setStyleSheet(f"color: {colour};")


def _least(widget: QWidget) -> int:
    """The least width of a control, whether it is shown or not."""
    return widget.minimumWidth() or widget.minimumSizeHint().width()


def _status(state: PlayerState) -> tuple[str, str]:
    """What is to be said of the source, and in which colour."""
    if state.opening:
        return f"Opening {_name(state.opening)}…", theme.FAINT
    if state.status.startswith("lost"):
        return f"Camera {state.status}", theme.WARNING
    if state.warning:
        return state.warning, theme.WARNING
    if state.ended:
        return "Ended", theme.FAINT
    if state.is_camera:
        return "Live" if state.playing else "Frozen", theme.FAINT
    return "", theme.FAINT


def _name(spec: str) -> str:
    if spec == "demo":
        return "Demo clip"
    if is_camera(spec):
        number = spec.partition(":")[2].partition(",")[0]
        return f"Camera {int(number) + 1}" if number.isdecimal() else "Camera"
    if spec.partition(":")[0] == WORD:
        return _path_name(spec)
    return Path(spec).name


def _path_name(spec: str) -> str:
    """How vectors move, as in "Loop · seed 6824"; what the preset says of it is not in the name."""
    try:
        path = path_given(spec)
    except StudioError:
        return spec
    if path is None:
        return "Generator"
    to = f" to {path.to}" if path.kind == "between" else ""
    return f"{path.kind.capitalize()} · seed {path.seed}{to}"
