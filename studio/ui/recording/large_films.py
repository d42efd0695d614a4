"""The film that plays, rendered from its start to its end beside the window, enlarged where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.io.sinks import suffix_of
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.recorder import free_path
from studio.runtime.live.report import Message
from studio.runtime.render.aside import Film, Rendered, Rendering
from studio.runtime.services.failures import told
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import name_control
from studio.ui.recording.large_stills import LARGER, LARGER_TIP
from studio.ui.services.parts import Parts

_NAME = "{preset} {date} {time}"
_TIP = "The whole film, from its start, with its rate and its sound; the window keeps running meanwhile"


class LargeFilms(QWidget):
    """Chooses how films are enlarged, renders one at a time, and says how far it is.

    Args:
        parts: of the studio.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts
        self._rendering: Rendering | None = None
        self.way = QComboBox()
        self.way.setAccessibleName("Size of rendered films")
        self.way.setToolTip(LARGER_TIP)
        self.way.setMinimumWidth(60)
        for value, text in LARGER.items():
            self.way.addItem(text, value)
        self.way.setCurrentIndex(max(0, self.way.findData(parts.session.recording.film)))
        self.way.activated.connect(self._choose)
        self.button = QPushButton()
        name_control(self.button, "render")
        self.button.clicked.connect(self.toggle)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setAccessibleName("State of the rendering")
        label = QLabel("Films")
        label.setStyleSheet(f"color: {theme.FAINT};")
        label.setBuddy(self.way)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(label)
        row.addWidget(self.way, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(row)
        whole.addWidget(self.button)
        whole.addWidget(self.facts)
        self._show("")

    @property
    def renders(self) -> bool:
        """Whether a film is being rendered."""
        return self._rendering is not None

    def toggle(self) -> None:
        """Render the film that plays, or stop what is being rendered; what there is of it is kept."""
        if self._rendering is not None:
            self._rendering.stop()
            self._show("Stopping; what is rendered so far is kept.")
            return
        try:
            film = self._film()
        except StudioError as error:
            self._parts.messages.say(Message(str(error), "warning"))
            return
        post = self._parts.post
        rendering = Rendering(film, lambda done, total: post(partial(self._tell, film, done, total)))
        self._rendering = rendering
        self._parts.renderer.do(rendering.run, self._rendered, self._failed, f"Rendering {film.path.name}", writes=True)
        self._show(f"Rendering {film.path.name}{_ways(film)}: it begins.")

    def _film(self) -> Film:
        """What there is to render now.

        Raises:
            StudioError: where what plays has no end, or is no film.
        """
        parts, state, choice = self._parts, self._parts.telemetry[PlayerState], self._parts.session.recording
        if not state.spec or state.info is None:
            raise StudioError("Nothing plays; open a film, then render it.")
        if state.info.fps is None:
            raise StudioError("A picture plays, which is no film; save a still of it, which can be enlarged, too.")
        if state.is_camera or state.duration is None:
            raise StudioError("What plays has no end, so it cannot be rendered as a whole; record it instead.")
        times, how = choice.film_enlarged
        when = datetime.now().astimezone()
        name = f"{_NAME} x{times}" if times > 1 else f"{_NAME} whole"
        path = free_path(choice.path, name, parts.document.name, suffix_of(choice.codec), when)
        size, engine = parts.workspace.size, parts.workspace.engine
        return Film(parts.document.preset(), state.spec, path, choice.codec, size, engine, times, how)

    def _tell(self, film: Film, done: int, total: int | None) -> None:
        if self._rendering is not None:
            part = f"{done} of {total} frames ({100 * done // total} %)" if total else f"{done} frames"
            self._show(f"{film.path.name}{_ways(film)}: {part}")

    def _rendered(self, rendered: Rendered) -> None:
        self._rendering = None
        how = " ".join(rendered.notes)
        what = "Wrote" if rendered.whole else "Stopped; the beginning is in"
        self._parts.messages.say(Message(f"{what} {rendered.path}. {how}".strip()))
        self._show(f"{what} {rendered.path.name}. {how}".strip())

    def _failed(self, error: StudioError) -> None:
        self._rendering = None
        self._parts.messages.say(told(error))
        self._show("")

    def _choose(self) -> None:
        session = self._parts.session
        session.recording = replace(session.recording, film=self.way.currentData())

    def _show(self, text: str) -> None:
        self.facts.setText(text)
        self.facts.setVisible(bool(text))
        renders = self.renders
        self.button.setText("Stop rendering" if renders else "Render the whole film")
        self.button.setIcon(icon("stop-fill" if renders else "film-strip"))
        self.button.setToolTip("What is rendered so far is kept" if renders else _TIP)
        self.way.setEnabled(not renders)


def _ways(film: Film) -> str:
    return f", {film.times} times by the {film.how}" if film.times > 1 else ""
