"""The lines of a performance's file: what stands in each, and which event it is."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from studio.errors import StudioError
from studio.io.manifest import Line, Part
from studio.io.spelling import spelled, unspelled
from studio.model.declared.explain import explain
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.values import Values
from studio.model.performances.performed import (
    Arranged,
    Ended,
    Event,
    Faded,
    Mixed,
    NetworkOpened,
    Prepared,
    Ran,
    Recorded,
    Signalled,
    Stroke,
    Turned,
)
from studio.modulators.keyframes import Easing

_P = TypeVar("_P", Stroke, Arranged)

_LARGEST = 1 << 30
"""Bytes of what a stroke holds."""

_Time = Annotated[float, Field(ge=0.0, le=1e7)]
_Place = Annotated[int, Field(ge=0, le=1 << 30)]


class _Turn(Part):
    time: _Time
    turn: Line
    to: float
    glides: bool = False

    def event(self) -> Turned:
        return Turned(self.time, self.turn, self.to, self.glides)


class _Signal(Part):
    time: _Time
    signal: Line
    to: float
    does: Literal["value", "begin", "end"] = "value"
    ago: _Time = 0.0

    def event(self) -> Signalled:
        return Signalled(self.time, self.signal, self.to, self.does, self.ago)


class _Frame(Part):
    time: _Time
    frame: _Place
    place: _Time
    laps: _Place = 0
    cut: bool = False
    again: bool = False

    def event(self) -> Ran:
        return Ran(self.time, self.frame, self.place, self.laps, self.cut, self.again)


class _Recorded(Part):
    time: _Time
    recorded: Literal[True]

    def event(self) -> Recorded:
        return Recorded(self.time)


class _End(Part):
    time: _Time
    end: Literal[True]

    def event(self) -> Ended:
        return Ended(self.time)


class _Stroke(Part):
    time: _Time
    preset: _Number | None = None
    stroke: Line
    at: tuple[_Place, _Place, _Place, _Place]
    values: str

    def event(self) -> Stroke | Prepared:
        return _of(self.preset, Stroke(self.time, self.stroke, _patch(self)))


_Number = Annotated[int, Field(ge=1, le=1_000_000)]


class _Section(Part):
    time: _Time
    section: Line
    preset: _Number | None = None
    to: Any
    version: Annotated[int, Field(ge=1)] = 1

    def event(self) -> Arranged | Prepared:
        return _of(self.preset, Arranged(self.time, self.section, self.to, self.version))


_Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Fade(Part):
    time: _Time
    fade: Annotated[tuple[_Number, ...], Field(min_length=2, max_length=4)]
    tensors: Annotated[tuple[Line, ...], Field(max_length=65536)] = ()
    seconds: _Time = 0.0
    easing: Line = "linear"
    hand: bool = False
    ago: _Time = 0.0

    def event(self) -> Faded:
        return Faded(self.time, self.fade, self.tensors, self.seconds, self.easing, self.hand, self.ago)


class _Mix(Part):
    time: _Time
    mix: Annotated[tuple[_Share, ...], Field(min_length=2, max_length=4)]

    def event(self) -> Mixed:
        return Mixed(self.time, self.mix)


class _Values(Part):
    range: tuple[float, float] | None = None
    mean: Annotated[tuple[float, ...], Field(max_length=64)] | None = None
    std: Annotated[tuple[float, ...], Field(max_length=64)] | None = None
    order: Literal["rgb", "bgr"] | None = None
    output_range: tuple[float, float] | None = None
    output_order: Literal["rgb", "bgr"] | None = None
    colour: Literal["own", "input"] | None = None


class _Open(Part):
    time: _Time
    open: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    preset: Line = ""
    weights: Line = ""
    seconds: _Time = 0.0
    easing: Easing = "linear"
    both: bool = False
    values: _Values | None = None
    clock: _Time = 0.0

    def event(self) -> NetworkOpened:
        values = None if self.values is None else Values(**self.values.model_dump())
        how = self.seconds, self.easing, self.both, values, self.clock
        return NetworkOpened(self.time, self.open, self.preset, unspelled(self.weights), *how)


_KINDS: dict[str, TypeAdapter[Any]] = {
    "open": TypeAdapter(_Open),
    "frame": TypeAdapter(_Frame),
    "recorded": TypeAdapter(_Recorded),
    "turn": TypeAdapter(_Turn),
    "signal": TypeAdapter(_Signal),
    "stroke": TypeAdapter(_Stroke),
    "section": TypeAdapter(_Section),
    "fade": TypeAdapter(_Fade),
    "mix": TypeAdapter(_Mix),
    "end": TypeAdapter(_End),
}


def event_of(line: bytes, where: str) -> Event:
    """The event of a line; StudioError, beginning with ``where``, where it is none."""
    document = json_of(line)
    kind = next((kind for kind in _KINDS if isinstance(document, dict) and kind in document), None)
    if kind is None:
        raise StudioError(f"{where}: this is no event; there are {', '.join(_KINDS)}.")
    try:
        event: Event = _KINDS[kind].validate_python(document).event()
    except ValidationError as error:
        raise StudioError(f"{where}: {explain(error)}.") from error
    except StudioError as error:
        raise StudioError(f"{where}: {error}") from error
    return event


def event_line(event: Event) -> bytes:
    """The line of an event; what says nothing is left out."""
    if isinstance(event, Prepared):
        return line_of({"time": event.time, "preset": event.preset} | _SAID[type(event.part)](event.part))
    return line_of({"time": event.time} | _SAID[type(event)](event))


def line_of(said: dict[str, Any]) -> bytes:
    """A line of JSON."""
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def json_of(line: bytes) -> Any:
    """What a line says; None where it is no JSON."""
    try:
        document = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return document


def _some(**said: Any) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value}


def _stroke(event: Stroke) -> dict[str, Any]:
    packed = zlib.compress(np.ascontiguousarray(event.patch.values, "<f4").tobytes(), 1)
    values = base64.b64encode(packed).decode("ascii")
    return {"stroke": event.tensor, "at": list(event.patch.rect), "values": values}


def _fade(event: Faded) -> dict[str, Any]:
    easing = event.easing if event.easing != "linear" else ""
    how = _some(tensors=event.tensors, seconds=event.seconds, easing=easing, hand=event.by_hand, ago=event.ago)
    return {"fade": event.presets} | how


def _open(event: NetworkOpened) -> dict[str, Any]:
    easing = event.easing if event.easing != "linear" else ""
    values = None if event.values is None else {k: v for k, v in asdict(event.values).items() if v is not None}
    how = _some(seconds=event.seconds, easing=easing, both=event.both, values=values, clock=event.clock)
    return {"open": event.network} | _some(preset=event.preset, weights=spelled(event.weights)) | how


def _section(event: Arranged) -> dict[str, Any]:
    said = {"section": event.section, "to": event.document}
    return said if event.version == 1 else said | {"version": event.version}


_SAID: dict[type, Callable[[Any], dict[str, Any]]] = {
    Ran: lambda e: {"frame": e.frame, "place": e.place} | _some(laps=e.laps, cut=e.is_cut, again=e.is_again),
    Recorded: lambda _: {"recorded": True},
    Ended: lambda _: {"end": True},
    Turned: lambda e: {"turn": e.address, "to": e.value} | _some(glides=e.glides),
    Signalled: lambda e: {"signal": e.name, "to": e.value} | _some(does="" if e.does == "value" else e.does, ago=e.ago),
    Stroke: _stroke,
    Arranged: _section,
    Faded: _fade,
    Mixed: lambda e: {"mix": e.shares},
    NetworkOpened: _open,
}


def _of(preset: int | None, part: _P) -> _P | Prepared:
    return part if preset is None else Prepared(part.time, preset, part)


def _patch(said: _Stroke) -> Patch:
    rect = Rect(*said.at)
    wanted = 4 * rect.height * rect.width
    try:
        if wanted > _LARGEST:
            raise ValueError(f"{rect.height}×{rect.width} weights are too many")
        data = zlib.decompressobj().decompress(base64.b64decode(said.values, validate=True), wanted + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise StudioError(f"the values of the stroke are damaged ({error}).") from error
    if len(data) != wanted:
        raise StudioError(f"the stroke does not hold {rect.height}×{rect.width} values.")
    values = np.frombuffer(data, "<f4").reshape(rect.height, rect.width).astype(np.float32)
    if not np.isfinite(values).all():
        raise StudioError("the stroke holds values that are not finite.")
    return Patch(rect, values)
