"""What is remembered from one start to the next: recent files, how it was left, the window's layout, recording."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_args

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths, Qt
from PySide6.QtWidgets import QMainWindow

from studio.model.framing import Fit, Framing, Quarters

RECENT = 10
"""So many of each kind are remembered."""

LAYOUT = 2
"""Counts up when docks change such that an older layout must not be restored."""


@dataclass(frozen=True)
class LastSession:
    """How the studio was left.

    Attributes:
        opened: the preset's or the network's folder.
        source: what was playing: "demo", "camera:0", a path.
        size: as `LiveSession.work_at` takes it.
        engine: as `LiveSession.choose_engine` takes it.
        view: the kind of view.
        view_name: its layer or tensor; empty for others.
    """

    opened: str = ""
    source: str = "demo"
    size: str = "256"
    engine: str = "auto"
    view: str = "output"
    view_name: str = ""


@dataclass(frozen=True)
class Hand:
    """How the tools were left, whatever was open; they are as they were at the next start.

    Attributes:
        colours: of values.
        scaling: whether each tile has a scale of its own.
        protected: whether painting keeps to the selection.
        stands: whether a stroke holds the picture.
        brush: its settings as JSON.
        brush_unit: what its radius counts.
        row_order: of the filter sheet.
        kernel_scaling: whether each kernel of the sheet has a scale of its own.
    """

    colours: str = "signed"
    scaling: str = "tile"
    protected: bool = True
    stands: bool = False
    brush: str = ""
    brush_unit: str = "screen"
    row_order: str = "index"
    kernel_scaling: str = "all"


@dataclass(frozen=True)
class RecordingChoice:
    """How to record, chosen once.

    Attributes:
        codec: a name out of `studio.io.sinks.codecs`.
        rate: frames per second, as a fraction: "25", "30000/1001".
        folder: where recordings go; empty for the system's folder of films.
        shown: record what is shown rather than the output.
        size: "1920x1080", width and height; empty takes pictures as they come.
        still: how stills are enlarged, "2 restorer" or "4 network"; empty for as they are.
    """

    codec: str = "h264"
    rate: str = "25"
    folder: str = ""
    shown: bool = False
    size: str = ""
    still: str = ""

    @property
    def enlarged(self) -> tuple[int, str]:
        """How many times stills are enlarged, and by what; 1 where what was stored is nothing that is offered."""
        found = re.fullmatch(r"([24]) (restorer|network)", self.still)
        return (int(found[1]), found[2]) if found else (1, "restorer")

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height; None as they come, and where what was stored is no size."""
        found = re.fullmatch(r"([1-9]\d{1,3})x([1-9]\d{1,3})", self.size)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def fps(self) -> Fraction:
        """The rate; 25 where what was stored is none."""
        try:
            found = Fraction(self.rate)
        except (ValueError, ZeroDivisionError):
            return Fraction(25)
        return found if found > 0 else Fraction(25)

    @property
    def path(self) -> Path:
        """The folder, or the system's of films where it is gone."""
        chosen = Path(self.folder)
        if self.folder and chosen.is_dir():
            return chosen
        movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        return Path(movies) if movies and Path(movies).is_dir() else Path.home()


@dataclass(frozen=True)
class FadingChoice:
    """How presets and snapshots follow one another.

    Attributes:
        beats: that a fade takes; 0 cuts.
        easing: how it goes, one of `studio.modulators.keyframes.Easing`.
        quantum: when it begins: "at once", "beat" or "bar".
    """

    beats: float = 4.0
    easing: str = "in and out"
    quantum: str = "at once"


@dataclass(frozen=True)
class ControlChoice:
    """How controllers are reached, whatever is open; what the command line asks for comes before it.

    Attributes:
        midi: whether MIDI ports are heard.
        lights: whether controllers are told where numbers are.
        osc: UDP port that OSC is heard at; empty for none.
        sends: host and port that OSC is sent to; empty for none.
        mappings: a person's own mappings, as JSON holds those of a preset.
    """

    midi: bool = False
    lights: bool = True
    osc: str = ""
    sends: str = ""
    mappings: str = "[]"


@dataclass(frozen=True)
class OutputChoice:
    """How the output window was left.

    Attributes:
        screen: name of the screen that it fills.
        fit: see `studio.model.framing.Framing`.
        quarters: likewise.
        mirrored: likewise.
        flipped: likewise.
    """

    screen: str = ""
    fit: str = "fit"
    quarters: int = 0
    mirrored: bool = False
    flipped: bool = False

    @property
    def framing(self) -> Framing:
        """How the picture lay in it; as by default where what was stored is nothing known."""
        fits: dict[str, Fit] = {fit: fit for fit in get_args(Fit)}
        quarters: dict[int, Quarters] = {each: each for each in get_args(Quarters)}
        return Framing(fits.get(self.fit, "fit"), quarters.get(self.quarters, 0), self.mirrored, self.flipped)


R = TypeVar("R", LastSession, RecordingChoice, Hand, FadingChoice, ControlChoice, OutputChoice)


class Session:
    """Settings that are kept on disk.

    Args:
        settings: where; those of the application unless told otherwise.
    """

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings if settings is not None else QSettings()

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
        if spec and not re.fullmatch(r"demo|camera(:\d+)?", spec) and _exists(spec):
            self._note("sources", spec)

    @property
    def last(self) -> LastSession | None:
        """How the studio was left; None at the first start, or where what was open is gone."""
        found = self._record("last", LastSession)
        return found if found is not None and Path(found.opened).exists() else None

    def remember(self, last: LastSession) -> None:
        """Note how the studio is left."""
        self._settings.setValue("last", json.dumps(asdict(last)))

    @property
    def favourites(self) -> dict[int, Path]:
        """Presets by their keys, 1 to 9; those that are gone are left out."""
        found = self._json("favourites")
        pairs = found.items() if isinstance(found, dict) else ()
        return {
            int(key): Path(path)
            for key, path in pairs
            if re.fullmatch("[1-9]", key) and isinstance(path, str) and _exists(path)
        }

    def set_favourite(self, path: Path, number: int | None) -> None:
        """Give a preset a key, which another may lose; None takes its own away."""
        kept = {key: str(other) for key, other in self.favourites.items() if other != path and key != number}
        if number is not None:
            kept[number] = str(path)
        self._settings.setValue("favourites", json.dumps(kept))

    @property
    def followed(self) -> frozenset[str]:
        """The hints that have been followed, by name."""
        found = self._json("hints")
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()

    def note_followed(self, name: str) -> None:
        """A hint has been followed, and is not given again."""
        self._settings.setValue("hints", json.dumps(sorted(self.followed | {name})))

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

    def _recent(self, kind: str) -> list[str]:
        found = self._json(f"recent/{kind}")
        paths = [path for path in found if isinstance(path, str)] if isinstance(found, list) else []
        return [path for path in paths if _exists(path)][:RECENT]

    def _note(self, kind: str, path: Path | str) -> None:
        newest = str(Path(path).absolute())
        others = [other for other in self._recent(kind) if other != newest]
        self._settings.setValue(f"recent/{kind}", json.dumps([newest, *others][:RECENT]))

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
        except ValueError:
            return None


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        return False
