"""Performances on disk: JSON Lines, the first line a header, each other an event.

{"format": "studio-performance", "version": 1, "network": "783f…", "preset": "dusk", "take": {"rate": "25", …}}
{"time": 0.0, "frame": 0, "place": 3.2}
{"time": 1.25, "turn": "/bend/1/amount", "to": 0.5}
{"time": 1.5, "signal": "midi/1/note/60", "to": 0.8, "does": "begin"}
{"time": 2.0, "stroke": "enc1.weight", "at": [0, 8, 4, 4], "values": "…"}
{"time": 3.0, "section": "bypassed", "to": ["act1"], "version": 1}

{"time": 9.5, "end": true}

The values of a stroke are float32, packed by zlib, in base64. A file that is cut short is read up to there.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from studio.errors import StudioError
from studio.io.atomic import cannot_write, write_bytes
from studio.io.folders import open_regular
from studio.io.manifest import Line, Part, checked
from studio.model.edit import Patch
from studio.model.explain import explain
from studio.model.layout import Rect
from studio.model.performance import (
    NO_TAKE,
    Arranged,
    Ended,
    Event,
    Performance,
    Ran,
    Recorded,
    Signalled,
    Stroke,
    Take,
    Turned,
)

SUFFIX = ".performance"
KIND = "studio-performance"
VERSION = 1

_LARGEST_FILE = 1 << 30
_LARGEST_LINE = 1 << 26
_MOST = 10_000_000

_Time = Annotated[float, Field(ge=0.0, le=1e7)]
_Place = Annotated[int, Field(ge=0, le=1 << 30)]


_Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?$")]


class _Take(Part):
    whole: bool = False
    clock: _Time = 0.0
    frame: _Place = 0
    rate: _Rate | None = None
    source: Line = ""
    size: Line = ""


class _Header(Part):
    format: Literal["studio-performance"]
    version: int
    network: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    preset: Line = ""
    take: _Take = _Take()


class _Turn(Part):
    time: _Time
    turn: Line
    to: float
    glides: bool = False


class _Signal(Part):
    time: _Time
    signal: Line
    to: float
    does: Literal["value", "begin", "end"] = "value"
    ago: _Time = 0.0


class _Frame(Part):
    time: _Time
    frame: _Place
    place: _Time
    laps: _Place = 0
    cut: bool = False
    again: bool = False


class _Recorded(Part):
    time: _Time
    recorded: Literal[True]


class _End(Part):
    time: _Time
    end: Literal[True]


class _Stroke(Part):
    time: _Time
    stroke: Line
    at: tuple[_Place, _Place, _Place, _Place]
    values: str


class _Section(Part):
    time: _Time
    section: Line
    to: Any
    version: Annotated[int, Field(ge=1)] = 1


_KINDS: dict[str, TypeAdapter[Any]] = {
    "frame": TypeAdapter(_Frame),
    "recorded": TypeAdapter(_Recorded),
    "turn": TypeAdapter(_Turn),
    "signal": TypeAdapter(_Signal),
    "stroke": TypeAdapter(_Stroke),
    "section": TypeAdapter(_Section),
    "end": TypeAdapter(_End),
}


def load_performance(path: Path) -> Performance:
    """A performance from its file; where the file is cut short its ``note`` says so.

    Raises:
        StudioError: naming the file and the line at fault, or that a later version of the studio made it.
    """
    with open_regular(path) as (file, size):
        if size > _LARGEST_FILE:
            raise StudioError(f"{path}: the file has {size >> 20} MiB, but at most {_LARGEST_FILE >> 20} are read.")
        header = _header(path, file.readline(_LARGEST_LINE))
        events: list[Event] = []
        note = ""
        for number, line in enumerate(_lines(file, path), start=2):
            if not line.endswith(b"\n"):
                note = f"{path}: the performance is cut short after {len(events)} events; it is played up to there."
                break
            event = _event(line, f"{path}, line {number}")
            if events and event.time < events[-1].time:
                raise StudioError(f"{path}, line {number}: its time is before that of the line above.")
            events.append(event)
            if len(events) > _MOST:
                raise StudioError(f"{path}: a performance has {_MOST} events at most.")
    return Performance(header.network, header.preset, tuple(events), note, _take(header.take))


def save_performance(performance: Performance, path: Path) -> None:
    """Write a performance, whole or not at all; StudioError where it cannot be written."""
    header = header_line(performance.network, performance.preset, performance.take)
    lines = [header, *map(event_line, performance.events)]
    write_bytes(path, b"".join(lines))


class PerformanceWriter:
    """Writes events as they happen, so that what was played is on disk whatever happens next.

    Args:
        path: the file, which must not be there yet.
        network: digest of the network that is played on.
        preset: name of the preset.
        take: how the studio stood as it began.

    Raises:
        StudioError: where the file is there, or cannot be written.
    """

    def __init__(self, path: Path, network: str, preset: str, take: Take = NO_TAKE) -> None:
        self.path = path
        self.events = 0
        try:
            self._file = path.open("xb")
            self._file.write(header_line(network, preset, take))
        except FileExistsError:
            raise StudioError(f"{path} is there already; give the performance another name.") from None
        except OSError as error:
            raise cannot_write(path, error) from error

    def write(self, event: Event) -> None:
        """Append an event; StudioError where the disk is full or fails."""
        try:
            self._file.write(event_line(event))
            self._file.flush()
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.events += 1

    def close(self) -> None:
        """The performance is over."""
        self._file.close()


def header_line(network: str, preset: str, take: Take = NO_TAKE) -> bytes:
    """The first line of a file."""
    said: dict[str, Any] = {"format": KIND, "version": VERSION, "network": network, "preset": preset}
    if take != NO_TAKE:
        rate = None if take.rate is None else str(take.rate)
        named = {"whole": take.whole, "clock": take.clock, "frame": take.frame, "rate": rate}
        said["take"] = named | {"source": take.source, "size": take.size}
    return _line(said)


def _take(said: _Take) -> Take:
    rate = None if said.rate is None else Fraction(said.rate)
    return Take(said.whole, said.clock, said.frame, rate, said.source, said.size)


def event_line(event: Event) -> bytes:
    """The line of an event."""
    said: dict[str, Any] = {"time": event.time}
    if isinstance(event, Ran):
        said |= {"frame": event.frame, "place": event.place, "laps": event.laps}
        said |= {"cut": event.is_cut, "again": event.is_again}
        return _line({key: value for key, value in said.items() if value or key not in ("laps", "cut", "again")})
    if isinstance(event, Recorded):
        return _line(said | {"recorded": True})
    if isinstance(event, Ended):
        return _line(said | {"end": True})
    if isinstance(event, Turned):
        said |= {"turn": event.address, "to": event.value}
        return _line(said | {"glides": True} if event.glides else said)
    if isinstance(event, Signalled):
        said |= {"signal": event.name, "to": event.value}
        if event.does != "value":
            said["does"] = event.does
        return _line(said | {"ago": event.ago} if event.ago else said)
    if isinstance(event, Arranged):
        said |= {"section": event.section, "to": event.document}
        return _line(said if event.version == 1 else said | {"version": event.version})
    packed = zlib.compress(np.ascontiguousarray(event.patch.values, "<f4").tobytes(), 1)
    values = base64.b64encode(packed).decode("ascii")
    return _line({"time": event.time, "stroke": event.tensor, "at": list(event.patch.rect), "values": values})


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(_LARGEST_LINE):
        if len(line) == _LARGEST_LINE:
            raise StudioError(f"{path}: a line has more than {_LARGEST_LINE >> 20} MiB; this is no performance.")
        yield line


def _header(path: Path, line: bytes) -> _Header:
    document = _json(line)
    if not isinstance(document, dict) or document.get("format") != KIND:
        raise StudioError(f'{path}: its first line does not say "format": "{KIND}"; this is no performance.')
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise StudioError(f"{path}: this was made by a later version of the studio; update the studio to open it.")
    return checked(_Header, document, path)


def _event(line: bytes, where: str) -> Event:
    document = _json(line)
    kind = next((kind for kind in _KINDS if isinstance(document, dict) and kind in document), None)
    if kind is None:
        raise StudioError(f"{where}: this is no event; there are {', '.join(_KINDS)}.")
    try:
        said = _KINDS[kind].validate_python(document)
    except ValidationError as error:
        raise StudioError(f"{where}: {explain(error)}.") from error
    if isinstance(said, _Frame):
        return Ran(said.time, said.frame, said.place, said.laps, said.cut, said.again)
    if isinstance(said, _Recorded):
        return Recorded(said.time)
    if isinstance(said, _End):
        return Ended(said.time)
    if isinstance(said, _Turn):
        return Turned(said.time, said.turn, said.to, said.glides)
    if isinstance(said, _Signal):
        return Signalled(said.time, said.signal, said.to, said.does, said.ago)
    if isinstance(said, _Section):
        return Arranged(said.time, said.section, said.to, said.version)
    return Stroke(said.time, said.stroke, _patch(said, where))


def _patch(said: _Stroke, where: str) -> Patch:
    rect = Rect(*said.at)
    wanted = 4 * rect.height * rect.width
    try:
        if wanted > _LARGEST_FILE:
            raise ValueError(f"{rect.height}×{rect.width} weights are too many")
        data = zlib.decompressobj().decompress(base64.b64decode(said.values, validate=True), wanted + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise StudioError(f"{where}: the values of the stroke are damaged ({error}).") from error
    if len(data) != wanted:
        raise StudioError(f"{where}: the stroke does not hold {rect.height}×{rect.width} values.")
    values = np.frombuffer(data, "<f4").reshape(rect.height, rect.width).astype(np.float32)
    if not np.isfinite(values).all():
        raise StudioError(f"{where}: the stroke holds values that are not finite.")
    return Patch(rect, values)


def _json(line: bytes) -> Any:
    try:
        document = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return document
