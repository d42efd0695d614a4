"""What a network is fed: a picture, a vector, or a state that it makes itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from studio.model.declared.size import Size

InputKind = Literal["picture", "vector", "state"]
ChannelOrder = Literal["rgb", "bgr"]
Beginning = Literal["zeros", "seed", "noise", "picture"]
BEGINNINGS: tuple[Beginning, ...] = get_args(Beginning)

Span = tuple[int, int | None]
"""The least and the largest length of a side; None where there is no largest."""

ANY: Span = (1, None)


@dataclass(frozen=True)
class Input:
    """One picture, one vector, or one state, that the network is fed.

    Attributes:
        name: what layers call it.
        channels: 3 for RGB, 1 for grey; of a vector the number of its values.
        range: the values that black and white have; of a vector those that its values mostly lie between.
        mean: taken off each channel of a picture in that range; empty where nothing is.
        std: what each channel is then divided by; empty where by nothing.
        kind: "vector" for a map of C × 1 × 1, whatever the size of the pictures: what generators are fed; "state" for a
            map as large as the pictures that the network makes itself, in the step before.
        order: of the three channels of a picture; ``mean`` and ``std`` are in the same order.
        size: of the only pictures that it takes; None where the layers say which fit.
        multiple: what height and width of its pictures must be multiples of, besides what the layers say.
        heights: those that it takes, where the author bounds them.
        widths: the same.
        comes_from: of a state, the layer whose map it is in the next step.
        begins: of a state, what it is in the first step; see `studio.model.networks.state.beginning`.
        seed: of a state that begins as noise.
        smaller: of a state, how many times its map is smaller than the pictures, down and across.
    """

    name: str
    channels: int = 3
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    kind: InputKind = "picture"
    order: ChannelOrder = "rgb"
    size: Size | None = None
    multiple: Size = Size(1, 1)
    heights: Span = ANY
    widths: Span = ANY
    comes_from: str = ""
    begins: Beginning = "zeros"
    seed: int = 0
    smaller: Size = Size(1, 1)

    def __post_init__(self) -> None:
        # Importers and files may give any pair of a height and a width.
        if self.size is not None:
            object.__setattr__(self, "size", Size(*self.size))
        object.__setattr__(self, "multiple", Size(*self.multiple))
        object.__setattr__(self, "smaller", Size(*self.smaller))

    @property
    def has_size(self) -> bool:
        """Whether its size follows that of the pictures."""
        return self.kind != "vector"

    @property
    def steps(self) -> Size:
        """What height and width of the pictures must be multiples of for it."""
        return Size(*(math.lcm(*pair) for pair in zip(self.multiple, self.smaller, strict=True)))

    @property
    def bounds(self) -> str:
        """The sizes that it takes, "heights of 8 to 64 and widths of 32 and more"; empty where any."""
        named = {"heights": self.heights, "widths": self.widths}
        words = [
            f"{sides} of {least}" + ("" if most == least else f" to {most}" if most else " and more")
            for sides, (least, most) in named.items()
            if (least, most) != ANY
        ]
        return " and ".join(words)

    def nearest(self, size: Size) -> Size:
        """The size within its bounds that is nearest to this one."""
        spans = zip(size, (self.heights, self.widths), strict=True)
        return Size(*(max(least, side if most is None else min(side, most)) for side, (least, most) in spans))

    def map_size(self, picture: Size) -> Size:
        """How large its own map is for pictures of this size."""
        return picture.divided(self.smaller) if self.has_size else Size(1, 1)
