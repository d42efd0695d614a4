"""What is remembered from one start to the next: recent files, how it was left, the window's layout, recording."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QMainWindow

from studio.errors import StudioError
from studio.model.performances.cue import MOST, Cue, Cues
from studio.model.views.camera_setup import CameraSetup, is_camera, setup_given
from studio.ui.services.choices import ControlChoice, FadingChoice, Hand, LastSession, OutputChoice, RecordingChoice

R = TypeVar("R", LastSession, RecordingChoice, Hand, FadingChoice, ControlChoice, OutputChoice)

RECENT = 10
"""So many of each kind are remembered."""

FILMS = 200
"""Of so many films the cue points are remembered."""

LAYOUT = 2
"""Counts up when docks change such that an older layout must not be restored."""


class Session:
    """Settings that are kept on disk.

    Args:
        settings: where; those of the application unless told otherwise.
    """

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings if settings is not None else QSettings()

    @property
    def problem(self) -> str:
        """Why nothing is remembered, in a sentence; empty where all is well."""
        if self._settings.isWritable():
            return ""
        return f"Favourites, recent files and the layout cannot be kept: {self._settings.fileName()} cannot be written."

    @property
    def presets(self) -> list[str]:
        """Folders of presets, newest first; those that are gone are left out."""
        return self._recent("presets")

    @property
    def networks(self) -> list[str]:
        """Folders of networks, newest first."""
        return self._recent("networks")

    @property
    def sources(self) -> list[str]:
        """Paths of films, pictures and folders, newest first."""
        return self._recent("sources")

    def note_preset(self, path: Path | str) -> None:
        """A preset was opened or saved."""
        self._note("presets", path)

    def note_network(self, path: Path | str) -> None:
        """A network was opened."""
        self._note("networks", path)

    def note_source(self, spec: str) -> None:
        """A source is playing; only those with a path are remembered."""
        if spec and spec != "demo" and not is_camera(spec) and _exists(spec):
            self._note("sources", spec)

    @property
    def last(self) -> LastSession | None:
        """How the studio was left; None at the first start, or where what was open is gone."""
        found = self._record("last", LastSession)
        return found if found is not None and _exists(found.opened) else None

    def remember(self, last: LastSession) -> None:
        """Note how the studio is left."""
        self._settings.setValue("last", json.dumps(asdict(last)))

    @property
    def favourites(self) -> dict[int, Path]:
        """Presets by their keys, 1 to 9; those that are gone are left out."""
        return {key: path for key, path in self._favourites().items() if _exists(str(path))}

    def set_favourite(self, path: Path, number: int | None) -> None:
        """Give a preset a key, which another may lose; None takes its own away.

        One that is gone keeps its key: it may lie on a disk that is not there just now.
        """
        self._settings.sync()  # another studio may have given keys since
        kept = {key: str(other) for key, other in self._favourites().items() if other != path and key != number}
        if number is not None:
            kept[number] = str(path)
        self._settings.setValue("favourites", json.dumps(kept))
        self._settings.sync()

    def cues(self, film: str) -> Cues:
        """The cue points of a film, by time."""
        found = self._json("cues")
        stored = found.get(_absolute(film)) if isinstance(found, dict) else None
        pairs = [each for each in stored if _is_cue(each)] if isinstance(stored, list) else []
        return tuple(sorted((Cue(float(time), name) for time, name in pairs), key=lambda cue: cue.time))[:MOST]

    def set_cues(self, film: str, cues: Cues) -> None:
        """Keep them; of many films those that were worked on last."""
        found = self._json("cues")
        kept = {key: value for key, value in found.items() if key != _absolute(film)} if isinstance(found, dict) else {}
        if cues:
            kept[_absolute(film)] = [[cue.time, cue.name] for cue in cues]
        self._settings.setValue("cues", json.dumps(dict(list(kept.items())[-FILMS:])))

    def camera(self, number: int) -> CameraSetup:
        """What is asked of a camera, by its number."""
        found = self._json("cameras")
        spec = found.get(str(number)) if isinstance(found, dict) else None
        try:
            setup = setup_given(str(spec)) if is_camera(str(spec)) else CameraSetup(number)
        except StudioError:
            return CameraSetup(number)
        return setup if setup.number == number else CameraSetup(number)

    def set_camera(self, setup: CameraSetup) -> None:
        """Ask this of it whenever it is played."""
        found = self._json("cameras")
        kept = found if isinstance(found, dict) else {}
        self._settings.setValue("cameras", json.dumps(kept | {str(setup.number): setup.spec}))

    @property
    def brushes(self) -> list[object] | None:
        """The person's brushes, each as it was given; None where none were ever kept."""
        found = self._json("brushes")
        return found if isinstance(found, list) else None

    @brushes.setter
    def brushes(self, brushes: Sequence[object]) -> None:
        self._settings.setValue("brushes", json.dumps(brushes))

    @property
    def followed(self) -> frozenset[str]:
        """The hints that have been followed, by name."""
        found = self._json("hints")
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()

    def note_followed(self, name: str) -> None:
        """A hint has been followed, and is not given again."""
        self._settings.sync()
        self._settings.setValue("hints", json.dumps(sorted(self.followed | {name})))

    @property
    def tries_large(self) -> bool:
        """Whether the preset under the mouse plays in the large picture."""
        return self._json("tries_large") is not False

    @tries_large.setter
    def tries_large(self, wanted: bool) -> None:
        self._settings.setValue("tries_large", json.dumps(wanted))

    @property
    def hand(self) -> Hand:
        """How the tools were left."""
        return self._record("hand", Hand) or Hand()

    @hand.setter
    def hand(self, hand: Hand) -> None:
        self._settings.setValue("hand", json.dumps(asdict(hand)))

    @property
    def recording(self) -> RecordingChoice:
        """How to record."""
        return self._record("recording", RecordingChoice) or RecordingChoice()

    @recording.setter
    def recording(self, choice: RecordingChoice) -> None:
        self._settings.setValue("recording", json.dumps(asdict(choice)))

    @property
    def fading(self) -> FadingChoice:
        """How presets follow one another."""
        return self._record("fading", FadingChoice) or FadingChoice()

    @fading.setter
    def fading(self, choice: FadingChoice) -> None:
        self._settings.setValue("fading", json.dumps(asdict(choice)))

    @property
    def output(self) -> OutputChoice:
        """How the output window was left."""
        return self._record("output", OutputChoice) or OutputChoice()

    @output.setter
    def output(self, choice: OutputChoice) -> None:
        self._settings.setValue("output", json.dumps(asdict(choice)))

    @property
    def control(self) -> ControlChoice:
        """How controllers are reached."""
        return self._record("control", ControlChoice) or ControlChoice()

    @control.setter
    def control(self, choice: ControlChoice) -> None:
        self._settings.setValue("control", json.dumps(asdict(choice)))

    def keep_window(self, window: QMainWindow, layout: QByteArray | None = None) -> None:
        """Note where the window and its docks are.

        Args:
            window: the studio's.
            layout: of its docks and bars, as `QMainWindow.saveState` gives it with `LAYOUT`; None for as they are now.
        """
        self._settings.setValue("window/geometry", window.saveGeometry())
        self._settings.setValue("window/state", window.saveState(LAYOUT) if layout is None else layout)

    def restore_window(self, window: QMainWindow) -> bool:
        """Put the window and its docks where they were; False where nothing is known that fits."""
        geometry, state = self._settings.value("window/geometry"), self._settings.value("window/state")
        if not isinstance(geometry, QByteArray) or not isinstance(state, QByteArray):
            return False
        is_restored = window.restoreGeometry(geometry) and window.restoreState(state, LAYOUT)
        # It may have been closed in full screen.
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)
        return is_restored

    def _favourites(self) -> dict[int, Path]:
        found = self._json("favourites")
        pairs = found.items() if isinstance(found, dict) else ()
        return {int(key): Path(path) for key, path in pairs if re.fullmatch("[1-9]", key) and isinstance(path, str)}

    def _recent(self, kind: str) -> list[str]:
        return [path for path in self._noted(kind) if _exists(path)][:RECENT]

    def _noted(self, kind: str) -> list[str]:
        found = self._json(f"recent/{kind}")
        return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []

    def _note(self, kind: str, path: Path | str) -> None:
        """Put it first. Those that are gone just now, with a disk perhaps, are remembered for a while longer."""
        self._settings.sync()
        newest = str(Path(path).absolute())
        others = [other for other in self._noted(kind) if other != newest]
        self._settings.setValue(f"recent/{kind}", json.dumps([newest, *others][: 3 * RECENT]))

    def _record(self, key: str, kind: type[R]) -> R | None:
        """A record, each field of the wrong type as it is by default; None where nothing is stored."""
        found = self._json(key)
        if not isinstance(found, dict):
            return None
        known: dict[str, Any] = {
            field.name: found[field.name]
            for field in fields(kind)
            if isinstance(found.get(field.name), type(field.default))
        }
        return kind(**known)

    def _json(self, key: str) -> object:
        try:
            return json.loads(str(self._settings.value(key, "null")))
        except (ValueError, RecursionError):
            return None


def _absolute(film: str) -> str:
    """How a film is known: by its whole path, where it has one."""
    return str(Path(film).absolute()) if _exists(film) else film


def _is_cue(stored: object) -> bool:
    match stored:
        case [int() | float() as time, str()]:
            return math.isfinite(time) and time >= 0
    return False


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
