"""Performances on disk: JSON Lines, the first line a header, each other an event.

{"format": "studio-performance", "version": 1, "network": "783f…", "preset": "dusk", "take": {"rate": "25", …}}
{"time": 0.0, "frame": 0, "place": 3.2}
{"time": 1.25, "turn": "/bend/1/amount", "to": 0.5}
{"time": 1.5, "signal": "midi/1/note/60", "to": 0.8, "does": "begin"}
{"time": 2.0, "stroke": "enc1.weight", "at": [0, 8, 4, 4], "values": "…"}
{"time": 3.0, "section": "bypassed", "to": ["act1"], "version": 1}
{"time": 4.0, "preset": 1, "section": "stages", "to": [...], "version": 1}
{"time": 4.0, "fade": [1, 2], "tensors": ["enc1.weight"], "seconds": 2.0, "easing": "in and out"}
{"time": 4.1, "mix": [0.95, 0.05]}
{"time": 6.0, "open": "91ab…", "preset": "landscapes", "weights": "/home/…/landscapes", "seconds": 2.0}
{"time": 9.5, "end": true}

The values of a stroke are float32, packed by zlib, in base64. A file that is cut short is read up to there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import Field

from studio.errors import StudioError
from studio.io.atomic import cannot_write, write_bytes
from studio.io.folders import open_regular
from studio.io.manifest import Line, Part, checked
from studio.io.performance_lines import event_line, event_of, json_of, line_of
from studio.io.spelling import spelled, unspelled
from studio.model.performances.performance import NO_TAKE, Event, Performance, Take

SUFFIX = ".performance"
KIND = "studio-performance"
VERSION = 3
"""Since 2 there are fades, since 3 openings of other networks; what was written before is read as it is."""

_LARGEST_FILE = 1 << 30
_LARGEST_LINE = 1 << 26
_MOST = 10_000_000

_Time = Annotated[float, Field(ge=0.0, le=1e7)]
_Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}(/[1-9][0-9]{0,8})?$")]


class _Take(Part):
    whole: bool = False
    clock: _Time = 0.0
    frame: Annotated[int, Field(ge=0, le=1 << 30)] = 0
    rate: _Rate | None = None
    source: Line = ""
    size: Line = ""
    weights: Line = ""


class _Header(Part):
    format: Literal["studio-performance"]
    version: Annotated[int, Field(ge=1, strict=True)]
    network: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    preset: Line = ""
    take: _Take = _Take()


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
            event = event_of(line, f"{path}, line {number}")
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
        header = header_line(network, preset, take)
        try:
            self._file = path.open("xb")
            try:
                self._file.write(header)
                self._file.flush()
            except OSError:
                self._drop()
                raise
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
        """The performance is over; StudioError where its last event could not be written."""
        try:
            self._file.close()
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def _drop(self) -> None:
        """Nothing of it could be written: leave no empty file."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def header_line(network: str, preset: str, take: Take = NO_TAKE) -> bytes:
    """The first line of a file."""
    said: dict[str, Any] = {"format": KIND, "version": VERSION, "network": network, "preset": preset}
    if take != NO_TAKE:
        rate = None if take.rate is None else str(take.rate)
        named = {"whole": take.whole, "clock": take.clock, "frame": take.frame, "rate": rate}
        named |= {"source": spelled(take.source), "size": take.size}
        said["take"] = named | ({"weights": spelled(take.weights)} if take.weights else {})
    return line_of(said)


def _take(said: _Take) -> Take:
    rate = None if said.rate is None else Fraction(said.rate)
    source, weights = unspelled(said.source), unspelled(said.weights)
    return Take(said.whole, said.clock, said.frame, rate, source, said.size, weights)


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    while line := file.readline(_LARGEST_LINE):
        if len(line) == _LARGEST_LINE:
            raise StudioError(f"{path}: a line has more than {_LARGEST_LINE >> 20} MiB; this is no performance.")
        yield line


def _header(path: Path, line: bytes) -> _Header:
    document = json_of(line)
    if not isinstance(document, dict) or document.get("format") != KIND:
        raise StudioError(f'{path}: its first line does not say "format": "{KIND}"; this is no performance.')
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise StudioError(f"{path}: this was made by a later version of the studio; update the studio to open it.")
    return checked(_Header, document, path)
