"""How the gradient of a weight is shared among workgroups and threads: a product of matrices with a long axis."""

from __future__ import annotations

from typing import NamedTuple

Constants = tuple[tuple[str, int], ...]


class Product(NamedTuple):
    """Output channels × pairs of an input tile and a tap, so many pixels at a time: ``lib/weight_product.glsl``.

    A thread makes 8 × 8.
    """

    m: int
    n: int
    k: int

    @property
    def shader(self) -> str:
        """The file of its loop."""
        return "lib/weight_product.glsl"

    def groups(self, work: GradientWork) -> tuple[int, int, int]:
        """Workgroups along the output channels, along the pairs, and 1."""
        return -(-work.channels // self.m), -(-work.pairs * 4 // self.n), 1

    def constants(self) -> Constants:
        """See `MatrixLoop.constants`."""
        return tuple(zip(("WORK_M", "WORK_N", "WORK_K", "THREADS"), (*self, self.m * self.n // 64), strict=True))


class GradientWork(NamedTuple):
    """The gradient of a weight as a product of matrices.

    Attributes:
        channels: of the output.
        pairs: of an input tile and a tap.
        pixels: of the output's gradient, the long axis.
    """

    channels: int
    pairs: int
    pixels: int
