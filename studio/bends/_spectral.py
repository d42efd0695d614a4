"""Gaussian filters of frequencies: by FFT in PyTorch, and as the convolution around the edges that it is in shaders."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from studio.bends._lines import SPAN, Line, filtered
from studio.model.bends.bend import Bend, Scratch, Span
from studio.model.declared.param import param
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class Spectral(Bend):
    """A bend that filters frequencies: rows before columns, by lines of weights that are drawn first."""

    group = "Filters"
    cutoffs: ClassVar[int] = 1

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the filters along both axes, and rows before columns, by each cutoff."""
        del other
        return _passes(shape, self.cutoffs)

    def span(self) -> Span:
        """See `Bend.span`: below one another, of columns that are filtered."""
        return Span(SPAN, "y")


class Cut(Spectral):
    """A bend that filters by one cutoff."""

    cutoff: float = param(0.2, lo=0.001, hi=4.0, live=True, safe=(0.02, 1.0), doc="Where it begins to take away")


def _passes(shape: Shape, cutoffs: int) -> tuple[Scratch, ...]:
    """The filters along both axes, a row for each cutoff; and the rows, filtered by the first, of a band by both.

    Software rasterisers make several texels at once, which read the same line.
    """
    lines = tuple(
        Scratch(f"bends/pass_line_{way}", Shape(4, cutoffs, _texels_of_line(size)), (0,))
        for way, size in (("across", shape.width), ("down", shape.height))
    )
    rows = [Scratch("bends/pass_rows", shape, (0, 1), Span(SPAN))]
    if cutoffs > 1:
        rows.append(Scratch("bends/pass_rows_high", shape, (0, 1), Span(SPAN)))
    return (*lines, *rows)


def _texels_of_line(size: int) -> int:
    """Weights of a line by fours, as `shaders/lib/spectral_reach.glsl` draws them."""
    return 2 * -(-(size // 2) // 4) + 1 + SPAN // 4


def low_pass(x: Tensor, cutoff: float, without: float | None = None) -> Tensor:
    """Frequencies weighted by a Gaussian whose deviation is the cutoff, in parts of the highest frequency.

    Args:
        x: (N, C, H, W).
        cutoff: what is kept.
        without: the cutoff of what is taken off again.
    """
    import torch

    height, width = x.shape[2], x.shape[3]
    if x.device.type == "cpu" and max(height, width) <= _FEW:
        found = filtered(x, circle(height, cutoff), circle(width, cutoff))
        if without is not None:
            found = found - filtered(x, circle(height, without), circle(width, without))
        return found
    down = torch.fft.fftfreq(height, dtype=x.dtype, device=x.device)[:, None] * 2.0
    across = torch.fft.rfftfreq(width, dtype=x.dtype, device=x.device) * 2.0

    def kept(limit: float) -> Tensor:
        return torch.exp(-0.5 * (down / limit) ** 2) * torch.exp(-0.5 * (across / limit) ** 2)

    share = kept(cutoff) if without is None else kept(cutoff) - kept(without)
    made: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * share, s=(height, width))
    return made


_FEW = 96
"""Pixels of a side up to which a CPU is quicker with a matrix for each axis than with transforms."""


def circle(size: int, cutoff: float) -> Line:
    """The filter of a line that goes on around its edges; as far as it makes a difference."""
    share = np.exp(-0.5 * (2.0 * np.fft.fftfreq(size) / cutoff) ** 2)
    weights = np.fft.ifft(share).real[: size // 2 + 1]
    if size % 2 == 0:
        # What lies half a line away lies there both ways round.
        weights[-1] /= 2
    rest = np.cumsum(np.abs(weights[::-1]))[::-1]
    return Line(weights[: max(1, int((rest > 1e-9).sum()))], "wrap")
