"""What the render thread tells of itself: a report is made of parts, each of a type of its own.

Whoever lives in the render thread may add a part; whoever wants to hear of it asks `Telemetry` for its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from studio.engine.base import Stats
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array, Shape

MessageKind = Literal["note", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """One sentence for the person.

    Attributes:
        text: the sentence.
        kind: how grave it is.
        details: what led to it, a traceback say, for whoever mends it; empty where the sentence says all.
        attempt: tells the same sentence about another attempt apart.
        about: what failed, "opening" or "lesson": an error goes once that has succeeded; empty where nobody tells.
    """

    text: str
    kind: MessageKind = "note"
    details: str = ""
    attempt: int = 0
    about: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """Something that a report may tell. A part made of nothing says what is known before the first report."""

    def merge(self, earlier: Self) -> Self:
        """What is known once this has come after that."""
        del earlier
        return self


@dataclass(frozen=True)
class Messages(Part):
    """Sentences for the person, each said once."""

    messages: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Problems(Part):
    """What cannot be done at present, by what it has to do with; a problem that has been solved is in it no more."""

    by_cause: Mapping[str, Message] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress(Part):
    """How the picture goes on.

    Attributes:
        serial: counts frames that were run.
        shown: counts what was given to the screen.
        fps: frames run in a second, lately.
        seconds: what one of them took until it was on the screen: where nothing else holds it up, 1 / fps.
    """

    serial: int = 0
    shown: int = 0
    fps: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class EngineState(Part):
    """What runs, where, and at what size.

    Attributes:
        name: one of `studio.engine.choose.ENGINE_NAMES`, never "auto"; empty before the first opens.
        device: what it runs on, for people.
        reason: why that engine: completes "torch, because ...".
        is_software: whether OpenGL is drawn by the CPU.
        size: (height, width) of pictures as the network works on them; None before the first.
        output_size: (height, width) of what comes out.
        problem: why the open network makes no picture; empty where it makes one.
        unmeasured: see `studio.engine.choose.Choice`.
    """

    name: str = ""
    device: str = ""
    reason: str = ""
    is_software: bool = False
    size: Size | None = None
    output_size: Size | None = None
    problem: str = ""
    unmeasured: str = ""


@dataclass(frozen=True, eq=False)
class LayerPart(Part):
    """Something by layer; void once another network is open.

    Attributes:
        graph: the one whose layers are named; None where it is the one that is open.
    """

    graph: Graph | None = None


@dataclass(frozen=True, eq=False)
class LayerShapes(LayerPart):
    """Shapes of every input and layer."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LayerStats(LayerPart):
    """Statistics of what is watched, by layer or tensor: those that are new."""

    stats: Mapping[str, Stats] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, stats={**earlier.stats, **self.stats})


@dataclass(frozen=True, eq=False)
class LayerSamples(LayerPart):
    """Evenly spaced values of what is watched, (C, h, w) by layer: some ten thousand in all, of every channel."""

    samples: Mapping[str, Array] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, samples={**earlier.samples, **self.samples})


@dataclass(frozen=True, eq=False)
class LayerTimes(LayerPart):
    """Seconds by layer."""

    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Thumbnails(LayerPart):
    """Small pictures of activations by layer: those that are new."""

    pictures: Mapping[str, Picture] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, pictures={**earlier.pictures, **self.pictures})


@dataclass(frozen=True, eq=False)
class LayerWarnings(LayerPart):
    """What is wrong by layer.

    Attributes:
        warnings: those that are new, empty where nothing is wrong any more.
        broken: the first layer with a value that is not finite; None where all are.
    """

    warnings: Mapping[str, str] = field(default_factory=dict)
    broken: str | None = None

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`: only layers stay with which something is wrong."""
        known = {**earlier.warnings, **self.warnings}
        return replace(self, warnings={layer: warning for layer, warning in known.items() if warning})


@dataclass(frozen=True, eq=False)
class OutputValues(LayerPart):
    """What the output's values are beside those that are shown black and white.

    Attributes:
        outside: what part of them is darker or brighter than can be shown.
        ends: the smallest and the largest.
    """

    outside: float = 0.0
    ends: tuple[float, float] = (0.0, 0.0)


class Report:
    """What there is to tell after a turn of the render thread: at most one part of a type."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self.parts: Mapping[type[Part], Part] = {type(part): part for part in parts}
