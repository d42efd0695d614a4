"""A stage as somebody asks for it: its channels may still have to be found on a running picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from studio.model.bends.bend import Bend
from studio.model.bends.stage import AllChannels, Channels, Guard, Mask


@dataclass(frozen=True)
class OfCluster:
    """The channels of one cluster of those that look alike.

    Attributes:
        number: which one, from 1, the largest; of those that are found on a picture.
        of: into how many; None for as many as are told apart best.
    """

    number: int
    of: int | None = None


@dataclass(frozen=True)
class OfNamed:
    """The channels of a cluster that the preset keeps under a name."""

    name: str


@dataclass(frozen=True)
class Strongest:
    """The channels that matter most.

    Attributes:
        count: how many.
        by: by the norm of their maps, or by the effect on the picture that taking each out has.
    """

    count: int
    by: Literal["norm", "effect"] = "norm"


@dataclass(frozen=True)
class Asked:
    """A stage without a number; its fields are those of `studio.model.bends.stage.Stage`."""

    layer: str
    bend: Bend
    channels: Channels | OfCluster | OfNamed | Strongest = field(default_factory=AllChannels)
    amount: float = 1.0
    mask: Mask | None = None
    guard: Guard = field(default_factory=Guard)
    source: str | None = None
