"""Values at given times, and ways between them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment

Easing = Literal["linear", "hold", "in", "out", "in and out", "back", "bounce"]


class Key(NamedTuple):
    """One keyframe.

    Attributes:
        time: in seconds, or beats.
        value: from -1 to 1.
        easing: how the value goes on to the next keyframe.
    """

    time: Annotated[float, Field(ge=0.0, le=1e6)]
    value: Annotated[float, Field(ge=-1.0, le=1.0)]
    easing: Easing = "linear"


class Keyframes(Modulator):
    """Passes through values at given times; before the first and behind the last it rests, unless it repeats."""

    label: ClassVar[str] = "Keyframes"
    group: ClassVar[str] = "Time"

    keys: tuple[Key, ...] = param((Key(0.0, 0.0), Key(4.0, 1.0)), kind="points", doc="Times, values and ways on")
    in_beats: bool = param(False, doc="Whether times are beats instead of seconds")
    repeats: bool = param(False, doc="Whether it begins anew behind the last keyframe")

    @model_validator(mode="after")
    def _rising(self) -> Keyframes:
        times = [key.time for key in self.keys]
        if not times or any(b <= a for a, b in pairwise(times)):
            raise ValueError("keys must be one or more, at rising times")
        return self

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del measured
        at, keys = when.beat if self.in_beats else when.time, self.keys
        if self.repeats and keys[-1].time > 0.0:
            at %= keys[-1].time
        place = bisect_right(keys, at, key=lambda key: key.time)
        if place == 0 or place == len(keys):
            return keys[0 if place == 0 else -1].value
        start, end = keys[place - 1], keys[place]
        part = ease(start.easing, (at - start.time) / (end.time - start.time))
        return start.value + part * (end.value - start.value)


def ease(easing: Easing, part: float) -> float:
    """How much of a way is gone when this part of its time is; both begin at 0 and end at 1."""
    if easing == "linear":
        return part
    if easing == "hold":
        return 0.0 if part < 1.0 else 1.0
    if easing == "in":
        return part**3
    if easing == "out":
        return 1.0 - (1.0 - part) ** 3
    if easing == "in and out":
        return part * part * (3.0 - 2.0 * part)
    if easing == "back":
        return 1.0 + 2.70158 * (part - 1.0) ** 3 + 1.70158 * (part - 1.0) ** 2
    # A ball that falls on its place and springs up three times (R. Penner, 2001).
    for end, middle, height in ((4.0, 0.0, 0.0), (8.0, 6.0, 0.75), (10.0, 9.0, 0.9375)):
        if part < end / 11.0:
            return 7.5625 * (part - middle / 11.0) ** 2 + height
    return 7.5625 * (part - 10.5 / 11.0) ** 2 + 0.984375
