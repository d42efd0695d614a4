"""What a bend of activations is: declared parameters, its meaning for torch, and a body in GLSL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from studio.errors import StudioError
from studio.model.declared.param import Shaded
from studio.model.declared.tick import START, Tick
from studio.model.networks.passes import Blocks
from studio.model.networks.passes import Scratch as Scratch
from studio.model.networks.passes import Span as Span
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    from torch import Tensor

Kept = Literal["input", "bent", "output"]


class Memory(NamedTuple):
    """The maps of earlier frames that a bend reads.

    Attributes:
        kept: which are kept: what the stage reads, what the bend makes of it, or what the stage hands on.
        delays: how many frames back each lies that is read, in the order in which it is read. Where fewer frames have
            been, the earliest is taken; in the first it is the stage's input, so that what is made repeats.
    """

    kept: Kept
    delays: tuple[int, ...]


@dataclass(frozen=True)
class Given:
    """What a bend is given besides the map.

    Attributes:
        tick: when the run takes place.
        past: the maps of its `Memory`, each (N, C, H, W).
        other: the map from elsewhere that it needs, (N, C', H', W').
    """

    tick: Tick = START
    past: Sequence[Tensor] = ()
    other: Tensor | None = None


def squares(shape: Shape) -> Blocks:
    """How workgroups of GPUs make 8 × 8 places of two tiles each: what is found for a place is the same in both.

    On an H200 a rotation of 256 × 64 × 64 took 8.2 µs of a frame so, 9.3 with a tile each, 9.6 with four, and 10.0 in
    rows of 64 places; a flow 10.6, 12.6, 12.0 and 12.9.
    """
    line = -(-shape.height // 8) * -(-shape.width // 8)
    constants = (("SPAN", 2), ("SPAN_X", 0), ("SPAN_Y", 0), ("SPAN_TILES", 1))
    return Blocks("lib/squares.glsl", constants, line, -(-shape.channels // 8), whole=64)


class Layers(Protocol):
    """Adds layers of operators, of which a network that learns through a bend is made.

    Attributes:
        other: the map of another layer that it needs.
    """

    other: str

    def shape(self, name: str) -> Shape:
        """Of a map."""

    def add(self, operator: str, /, *reads: str, **params: Any) -> str:
        """Add an operator by its name in network.json; the map that it makes."""

    def given(self, values: Array) -> str:
        """A map that holds these (C, H, W) numbers, whatever the network is shown."""

    def gathered(self, name: str, places: Array, shares: Array) -> str:
        """A map whose every value is a sum over the same channel of another, each value times its share.

        Args:
            name: the other map.
            places: (terms, H, W) whole numbers: which value, counted along the rows.
            shares: (terms, H, W), 0 where a term is left out.
        """


class Bend(Shaded):
    """One bend of what a layer hands on, with its parameters.

    A subclass in ``studio/bends`` and its body in ``shaders/bends`` are all there is to a bend: its label and docstring
    make the entry of the menu, its parameters the form, the command line and the addresses. Which channels it bends,
    where, how much, and what its values are held to is seen to for all bends alike by `studio.model.bends.stage.Stage`.

    The body gives ``vec4 bent(int tile, ivec2 p)``: four channels at a place, read by ``read0`` and its like.
    """

    label: ClassVar[str]
    """What menus and the undo list call it."""

    group: ClassVar[str] = "More"
    """Under which heading menus list it."""

    shader: ClassVar[str]
    """``shaders/bends/<shader>.glsl``."""

    other: ClassVar[Literal["layer", "picture"] | None] = None
    """What it needs from elsewhere: another layer's map, or the same layer's map of a second picture."""

    in_tiles: ClassVar[bool] = False
    """Whether it makes of a part of a map, with what lies around it, what it makes of that part of the whole."""

    pointwise: ClassVar[bool] = False
    """Whether a value needs the map at the same place alone: GPUs then bend where the map is made.

    The body defines ``bent`` and nothing else; what it needs besides it includes from ``lib/``. It is short, as
    a layer's loop keeps its sums in registers meanwhile.
    """

    lanes_alike: ClassVar[bool] = False
    """Whether its body does the same to all four channels of a texel, so that CUDA can give each to a thread.

    Such a body makes texels side by side (`span`).
    """

    moves: ClassVar[bool] = False
    """Whether it depends on the time or the frame, so that it makes another map of the same input."""

    def memory(self) -> Memory | None:
        """The earlier maps that it reads; None for a bend without memory."""
        return None

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """Passes before its own, for a map of this shape and one from elsewhere.

        What they read is numbered: 0 is the map, then come the one from elsewhere and earlier ones, then these passes.
        """
        del shape, other
        return ()

    def span(self) -> Span | None:
        """The texels that its body makes at once, by ``bent_span`` beside ``bent``; None where it has no such way."""
        return None

    def shared(self, shape: Shape) -> Blocks | None:
        """How workgroups of GPUs bend a map of this shape together; None where each texel is bent by itself."""
        del shape
        return None

    def rows(self, channels: int) -> Array | None:
        """What the body reads once per channel, (rows, channels), as ``vectors(1, tile)`` and so on; None without any.

        What it is made of is no live parameter, and ``uncompiled``.
        """
        del channels
        return None

    def check(self, shape: Shape) -> None:
        """Raise StudioError where a map of this shape cannot be bent so."""

    def layers(self, at: Layers, x: str) -> str | None:
        """Add layers that do the same, whose derivatives are known, so that a network can learn through it.

        Args:
            at: what adds them.
            x: the map.

        Returns:
            The map that they make; None where the bend has no derivative, or one that is zero everywhere.
        """
        del at, x
        return None

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """The bend of a PyTorch tensor of shape (N, C, H, W), which it must not change."""
        raise NotImplementedError


class Unusable(Bend):
    """A bend of which this studio can make nothing: of a plug-in that is missing, or wrong in its file."""

    label = "Unusable bend"
    shader = "ablate"

    def check(self, shape: Shape) -> None:
        """See `Bend.check`: it fits no map."""
        del shape
        raise StudioError("it cannot be used; leave it off, or remove it")

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`: never run."""
        del given
        return x
