"""What is remembered from one start to the next: records, each field of which has a default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import get_args

from PySide6.QtCore import QRect, QStandardPaths

from studio import paths
from studio.io.sinks import fastest
from studio.model.declared.size import Size
from studio.model.views.framing import Fit, Framing, Quarters

_SLOWEST, _FASTEST, _USUAL = Fraction(10), Fraction(60), Fraction(30)


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
        rate: frames per second, as a fraction: "25", "30000/1001"; empty for the source's own.
        folder: where recordings go; empty for the system's folder of films.
        shown: record what is shown rather than the output.
        size: "1920x1080", width and height; empty takes pictures as they come.
        still: how stills are enlarged, "2 restorer" or "4 network"; empty for as they are.
        film: the same of films that are rendered as a whole.
    """

    codec: str = "h264"
    rate: str = ""
    folder: str = ""
    shown: bool = False
    size: str = ""
    still: str = ""
    film: str = ""

    @property
    def enlarged(self) -> tuple[int, str]:
        """How many times stills are enlarged, and by what; 1 where what was stored is nothing that is offered."""
        return _enlarging(self.still)

    @property
    def film_enlarged(self) -> tuple[int, str]:
        """The same of films."""
        return _enlarging(self.film)

    @property
    def pixels(self) -> Size | None:
        """Of the film; None as they come, and where what was stored is no size."""
        found = re.fullmatch(r"([1-9]\d{1,3})x([1-9]\d{1,3})", self.size)
        return Size(width=int(found[1]), height=int(found[2])) if found else None

    def fps(self, source: Fraction | None) -> Fraction:
        """The rate that was chosen, else that of the source, as far as films have such and the format shows it.

        Args:
            source: frames per second; None of a still, or where it is unknown.
        """
        try:
            chosen = Fraction(self.rate)
        except (ValueError, ZeroDivisionError):
            chosen = Fraction(0)
        if chosen > 0:
            return chosen
        # A slide show's would lose what moves besides the source.
        own = source if source is not None and source >= _SLOWEST else _USUAL
        return min(own, _FASTEST, Fraction(fastest(self.codec) or _FASTEST))

    @property
    def path(self) -> Path:
        """The folder, or the system's of films where it is gone."""
        chosen = Path(self.folder)
        if self.folder and chosen.is_dir():
            return chosen
        movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        return Path(movies) if movies and Path(movies).is_dir() else paths.home()


@dataclass(frozen=True)
class FadingChoice:
    """How presets and snapshots follow one another.

    Attributes:
        beats: that a fade takes; 0 cuts.
        easing: how it goes, one of `studio.modulators.keyframes.Easing`.
        quantum: when it begins: "at once", "beat" or "bar".
        switches: when bends, edits, movements and layers go on and off, likewise.
    """

    beats: float = 4.0
    easing: str = "in and out"
    quantum: str = "at once"
    switches: str = "at once"


@dataclass(frozen=True)
class ControlChoice:
    """How controllers are reached, whatever is open; what the command line asks for comes before it.

    Attributes:
        midi: whether MIDI ports are heard.
        clock: whether the tempo goes by a MIDI clock, where one is heard.
        lights: whether controllers are told where numbers are.
        osc: UDP port that OSC is heard at; empty for none.
        sends: host and port that OSC is sent to; empty for none.
        mappings: a person's own mappings, as JSON holds those of a preset.
    """

    midi: bool = False
    clock: bool = False
    lights: bool = True
    osc: str = ""
    sends: str = ""
    mappings: str = "[]"


@dataclass(frozen=True)
class OutputChoice:
    """How the output window was left.

    Attributes:
        screen: name of the screen that it fills.
        place: where it is as a window: left, top, width and height, such as "10,20,640,480"; empty for the usual place.
        fit: see `studio.model.views.framing.Framing`.
        quarters: likewise.
        mirrored: likewise.
        flipped: likewise.
    """

    screen: str = ""
    fit: str = "fit"
    quarters: int = 0
    mirrored: bool = False
    flipped: bool = False
    place: str = ""

    @property
    def rect(self) -> QRect | None:
        """Where it was as a window; None where that is not known, or what was stored says nothing."""
        found = re.fullmatch(r"(-?\d{1,5}),(-?\d{1,5}),([1-9]\d{0,4}),([1-9]\d{0,4})", self.place)
        return QRect(*map(int, found.groups())) if found else None

    @property
    def framing(self) -> Framing:
        """How the picture lay in it; as by default where what was stored is nothing known."""
        fits: dict[str, Fit] = {fit: fit for fit in get_args(Fit)}
        quarters: dict[int, Quarters] = {each: each for each in get_args(Quarters)}
        return Framing(fits.get(self.fit, "fit"), quarters.get(self.quarters, 0), self.mirrored, self.flipped)


def _enlarging(stored: str) -> tuple[int, str]:
    found = re.fullmatch(r"([24]) (restorer|network)", stored)
    return (int(found[1]), found[2]) if found else (1, "restorer")
