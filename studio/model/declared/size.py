"""The size of a picture, a map, a sheet, a texture or a window: height first, everywhere in the studio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Size(NamedTuple):
    """Height and width, in pixels, texels or weights. It equals the tuple (height, width).

    OpenCV, Qt, FFmpeg and OpenGL put the width first. Where the studio calls them stands ``size.wh``, and where they
    answer ``Size.from_wh``; nowhere else is the width first.
    """

    height: int
    width: int

    @classmethod
    def of(cls, picture: NDArray[Any]) -> Self:
        """The size of an array whose first two axes are rows and columns."""
        return cls(picture.shape[0], picture.shape[1])

    @classmethod
    def from_wh(cls, pair: tuple[int, int]) -> Self:
        """The size that a library gives as (width, height)."""
        return cls(pair[1], pair[0])

    @property
    def wh(self) -> tuple[int, int]:
        """(width, height), for a library that has them in this order."""
        return self.width, self.height

    @property
    def pixels(self) -> int:
        """Height times width."""
        return self.height * self.width

    def times(self, factor: int) -> Size:
        """Both sides times a whole number."""
        return Size(self.height * factor, self.width * factor)

    def divided(self, by: Size) -> Size:
        """So many times smaller down and across; what is left over falls away."""
        return Size(self.height // by.height, self.width // by.width)

    def within(self, longest: float) -> Size:
        """Shrunk until neither side is longer than this, keeping its shape to a pixel; as it is where it fits."""
        scale = min(1.0, longest / max(self))
        return Size(max(1, round(self.height * scale)), max(1, round(self.width * scale)))

    @property
    def typed(self) -> str:
        """As people type it, in plain letters: "640x360", the width first."""
        return f"{self.width}x{self.height}"

    def __str__(self) -> str:
        """As people read it: "640×360", the width first."""
        return f"{self.width}×{self.height}"
