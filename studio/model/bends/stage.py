"""A stage: a bend behind a layer, with the channels, the places and the strength it works with, and what it is held to.

What reads a layer reads what its last stage hands on::

    enc1 ──made──> stage 7 ──> stage 3 ──handed on──> act1

`made` and `after` name the maps between, for whoever looks at them; ``>`` is in no name of a layer or a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from numbers import Real
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field as PydanticField

from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.declared.param import Declared, Shaded, param, seed
from studio.model.networks.shape import Array

Chosen = NDArray[np.bool_]

_Channel = Annotated[int, PydanticField(ge=0, le=1 << 20)]


VEIL = 0
"""The number of a stage that no preset has: it lays the picture of another network over the output while one fades."""


def made(layer: str) -> str:
    """The name of the map that a layer made, before any stage."""
    return f"{layer}>made"


def after(layer: str, stage: int) -> str:
    """The name of the map that a stage behind a layer hands on."""
    return f"{layer}>{stage}"


def layer_of(name: str) -> str:
    """The layer that a map of this name belongs to."""
    return name.partition(">")[0]


# -- channels ---------------------------------------------------------------------------------------------------------


class AllChannels(Declared):
    """Every channel."""

    kind: Literal["all"] = "all"

    def chosen(self, count: int) -> Chosen:
        """(count,) which of so many channels are bent."""
        return np.ones(count, bool)


class SomeChannels(Declared):
    """A share of the channels, drawn by seed: the same ones of every layer with as many."""

    kind: Literal["random"] = "random"
    share: float = param(0.5, lo=0.0, hi=1.0, doc="How many of the channels, as a part of one")
    seed: int = seed("Which ones")

    def chosen(self, count: int) -> Chosen:
        """(count,) which of so many channels are bent: at least one, unless the share is zero."""
        found = np.zeros(count, bool)
        many = max(1, round(self.share * count)) if self.share else 0
        found[np.random.default_rng(self.seed).permutation(count)[:many]] = True
        return found


class ChannelRange(Declared):
    """Channels that lie side by side."""

    kind: Literal["range"] = "range"
    first: _Channel = param(0, doc="First channel")
    last: _Channel = param(doc="Last channel, itself among them")

    def chosen(self, count: int) -> Chosen:
        """(count,) which of so many channels are bent; StudioError where there are fewer."""
        if not self.first <= self.last < count:
            raise StudioError(f"channels {self.first} to {self.last} are not among 0 to {count - 1}")
        found = np.zeros(count, bool)
        found[self.first : self.last + 1] = True
        return found


class ChannelList(Declared):
    """These channels: what was picked by hand, a cluster, or the strongest, as they were found.

    Attributes:
        channels: their numbers.
        name: what they are called, such as a cluster's name; may be empty.
    """

    kind: Literal["list"] = "list"
    channels: tuple[_Channel, ...] = param((), doc="Their numbers")
    name: str = param("", doc="What they are called")

    def chosen(self, count: int) -> Chosen:
        """(count,) which of so many channels are bent; StudioError for one that there is not."""
        if missing := [c for c in self.channels if c >= count]:
            raise StudioError(f"channel {missing[0]} is not among 0 to {count - 1}")
        found = np.zeros(count, bool)
        found[list(self.channels)] = True
        return found


Channels = AllChannels | SomeChannels | ChannelRange | ChannelList


@dataclass(frozen=True)
class Cluster:
    """Channels of a layer that see alike, found once and kept.

    Attributes:
        layer: whose.
        name: what it is called.
        channels: their numbers.
    """

    layer: str
    name: str
    channels: tuple[int, ...]

    @property
    def as_channels(self) -> ChannelList:
        """What a stage that bends just these has."""
        return ChannelList(channels=self.channels, name=self.name)


# -- masks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Painted:
    """A mask painted over the picture.

    Attributes:
        values: (height, width) float32 from 0, as it was, to 1, bent; of any size, which is scaled to the map. It must
            not be written to: another stroke is another mask.
    """

    values: Array

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not self.values.size:
            raise StudioError(f"A mask is an array of (height, width), not {tuple(self.values.shape)}.")
        if not np.isfinite(self.values).all():
            raise StudioError("A mask holds numbers from 0 to 1; this one holds some that are not finite.")

    @property
    def digest(self) -> str:
        """What tells it from others by what it holds; read from two files, equal masks are two objects."""
        return f"{self.values.shape} {sha256(self.values.tobytes()).hexdigest()}"


class Luma(Shaded):
    """A mask that is as bright as another map: an input, or a layer that runs before.

    Of three channels it is their luma (Rec. 601), of others the mean of all, scaled to the map.
    """

    source: str = param(doc="The input or layer that it is taken from")
    low: float = param(0.0, live=True, doc="The value that counts as 0: nothing is bent there")
    high: float = param(1.0, live=True, doc="The value that counts as 1; below the low one the mask is turned round")


Mask = Painted | Luma

# -- the stage --------------------------------------------------------------------------------------------------------


class Guard(Shaded):
    """What a bent map is held to, so that what comes after gets values that it can work with.

    "none" leaves it as it is. "finite" makes what is no number, or infinite, zero. "deviation" keeps every channel
    within so many of the standard deviations that it had, around the mean that it had. "norm" scales every channel to
    the root mean square that it had. The last two make what is not finite zero as well.
    """

    kind: Literal["none", "finite", "deviation", "norm"] = param("finite", doc="What the bent map is held to")
    times: float = param(3.0, lo=0.0, hi=1e6, live=True, doc="Standard deviations, for that kind alone")


@dataclass(frozen=True)
class Stage:
    """A bend behind a layer.

    Attributes:
        id: its number, which stays the same while it is turned, moved and bypassed, and is nobody else's.
        layer: the layer that it stands behind.
        bend: what it does.
        channels: which channels it bends; the others pass as they are.
        mask: where it bends; None is everywhere.
        amount: from 0, as it was, to 1, bent.
        guard: what the bent map is held to before it is mixed in.
        on: whether it works; one that is off is as if it were not there, but keeps its place.
        source: the layer whose map a bend from elsewhere takes.
        problem: why it was set off when it was read; empty where nothing is wrong with it.
        kept: what a file says of a stage of which this studio can make nothing, to be written again; else None.
    """

    id: int
    layer: str
    bend: Bend
    channels: Channels = field(default_factory=AllChannels)
    mask: Mask | None = None
    amount: float = 1.0
    guard: Guard = field(default_factory=Guard)
    on: bool = True
    source: str | None = None
    problem: str = ""
    kept: Any = None

    def __post_init__(self) -> None:
        amount: object = self.amount  # whatever Python gives
        if not isinstance(amount, Real) or not 0.0 <= float(amount) <= 1.0:
            raise StudioError(f"Stage {self.id}: its amount goes from 0 to 1, not {self.amount!r}.")

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"Stage {self.id} ({self.bend.label} behind {self.layer})"


def of_layers(stages: tuple[Stage, ...]) -> dict[str, tuple[Stage, ...]]:
    """The stages of every layer that has some, in their order."""
    found: dict[str, Any] = {}
    for stage in stages:
        found[stage.layer] = (*found.get(stage.layer, ()), stage)
    return found
