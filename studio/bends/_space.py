"""Reading a map between its pixels and beyond its border, in PyTorch; `shaders/lib/sample.glsl` does the same."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from studio.bends._warp import warped
from studio.lanes import in_planes, suits
from studio.model.bends.bend import Bend, Given, Layers, Span, squares
from studio.model.declared.param import param
from studio.model.declared.size import Size
from studio.model.networks.passes import Blocks
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor

Border = Literal["zero", "edge", "reflect", "wrap"]
Interpolation = Literal["bilinear", "nearest"]

MOVED = Span(4, "tiles")
"""What is moved at once where all channels are moved alike (``lib/moved.glsl``)."""


def border_param(default: Border = "zero") -> Any:
    """Declare what lies beyond the edge of a map."""
    return param(default, doc="What lies beyond the edge: zero, the edge's pixels, a mirror image, or the other side")


def interpolation_param() -> Any:
    """Declare what is read between pixels."""
    return param("bilinear", doc="What is read between pixels: a mixture of the four around, or the nearest")


class Warp(Bend):
    """A bend that reads a map at other places, whatever values it holds."""

    group = "Space"

    if TYPE_CHECKING:  # each declares its own, behind its other parameters
        border: Border
        interpolation: Interpolation

    def span(self) -> Span:
        """See `Bend.span`: all channels are moved alike."""
        return MOVED

    def shared(self, shape: Shape) -> Blocks:
        """See `Bend.shared`."""
        return squares(shape)

    @abstractmethod
    def places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Where each pixel of (N, C, H, W) is read: rows (H, W) or (H, 1), and columns (H, W) or (1, W)."""

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        import torch

        size = at.shape(x).size
        ys, xs = self.places(torch.empty((1, 1, *size)))
        places, shares = terms(ys.expand(size), xs.expand(size), size, self.border, self.interpolation)
        return at.gathered(x, places.numpy(), shares.numpy())

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return sampled(x, *self.places(x), self.border, self.interpolation)


def terms(ys: Tensor, xs: Tensor, size: Size, border: Border, how: Interpolation) -> tuple[Tensor, Tensor]:
    """What `sampled` adds up at places (H, W) of a map: which of its values, and what share of each, (terms, H, W)."""
    import torch

    height, width = size
    ys, xs = (each.nan_to_num(-_FAR, _FAR, -_FAR).clamp(-_FAR, _FAR) for each in (ys, xs))
    if how == "nearest":
        corners = [((ys + 0.5).floor(), (xs + 0.5).floor(), torch.ones_like(ys))]
    else:
        top, left = ys.floor(), xs.floor()
        down, across = ys - top, xs - left
        corners = [
            (top + y, left + k, (down if y else 1 - down) * (across if k else 1 - across))
            for y in (0, 1)
            for k in (0, 1)
        ]
    places, shares = [], []
    for row, column, share in corners:
        rows, columns = row.long(), column.long()
        places.append(bordered(rows, height, border) * width + bordered(columns, width, border))
        if border == "zero":
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            share = share * inside
        shares.append(share)
    return torch.stack(places), torch.stack(shares)


_FAR = 1e9
"""Pixels away, as far as a map never reaches."""


def grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (H, 1) and columns (1, W) of a map's pixels."""
    import torch

    ys = torch.arange(x.shape[2], dtype=x.dtype, device=x.device)[:, None]
    xs = torch.arange(x.shape[3], dtype=x.dtype, device=x.device)[None, :]
    return ys, xs


def bordered(at: Tensor, size: int, border: Border) -> Tensor:
    """Whole places along an axis, each moved to where a border of this kind reads; zero borders as edges."""
    if border == "wrap":
        return at.remainder(size)
    if border == "reflect":
        period = max(2 * size - 2, 1)
        at = at.abs().remainder(period)
        at = at.where(at < size, period - at)
    return at.clamp(0, size - 1)


def sampled(x: Tensor, ys: Tensor, xs: Tensor, border: Border, how: Interpolation) -> Tensor:
    """The map read at places (H, W), given in pixels: whole numbers are pixels' centres."""
    height, width = x.shape[2], x.shape[3]
    whole = max(ys.shape[0], xs.shape[0]), max(ys.shape[1], xs.shape[1])
    ys, xs = ys.expand(whole), xs.expand(whole)
    # Of planes that are not wide PyTorch's own sampling is quicker than putting channels side by side.
    if suits(x) and (how == "nearest" or not in_planes(x) or min(height, width) == 1 or max(height, width) > _NARROW):
        return warped(x, ys, xs, border, how)
    if how == "nearest":
        return _pixels(x, (ys + 0.5).floor(), (xs + 0.5).floor(), border)
    if border == "wrap":
        # A copy of the first row and column behind the last, between which places then lie.
        x = _continued(_continued(x, 2), 3)
        ys, xs, border = ys.remainder(height), xs.remainder(width), "edge"
    # Of planes on a CPU it is quicker, too, but counts places in parts of the map: in a wide one it loses digits.
    if min(height, width) > 1 and (x.device.type != "cpu" or (in_planes(x) and max(height, width) <= _NARROW)):
        return _by_grid(x, ys, xs, {"zero": "zeros", "edge": "border", "reflect": "reflection"}[border])
    return _between(x, ys, xs, border)


_NARROW = 128
"""Pixels of a side."""


def _between(x: Tensor, ys: Tensor, xs: Tensor, border: Border) -> Tensor:
    """The four pixels around each place, by how near they are.

    All channels of a pixel lie side by side in an engine's maps: a CPU adds up such lines in a tenth of the time that
    PyTorch's own sampling takes.
    """
    import torch
    from torch.nn import functional as F

    top, left = ys.floor(), xs.floor()
    down, across = ys - top, xs - left
    corners = [(y, k) for y in (0, 1) for k in (0, 1)]
    at = torch.stack([_numbers(x, top + y, left + k, border).flatten() for y, k in corners], 1)
    shares = [(down if y else 1 - down) * (across if k else 1 - across) for y, k in corners]
    share = torch.stack([each.flatten() for each in shares], 1)
    found = [F.embedding_bag(at, each, mode="sum", per_sample_weights=share) for each in _lines(x, border)]
    return torch.stack(found).reshape(len(x), *ys.shape, x.shape[1]).permute(0, 3, 1, 2)


def _continued(x: Tensor, axis: int) -> Tensor:
    import torch

    return torch.cat([x, x.narrow(axis, 0, 1)], axis)


def _by_grid(x: Tensor, ys: Tensor, xs: Tensor, padding: str) -> Tensor:
    import torch
    from torch.nn import functional as F

    scaled = (2 * xs / (x.shape[3] - 1) - 1, 2 * ys / (x.shape[2] - 1) - 1)
    places = torch.stack(scaled, -1)[None].expand(x.shape[0], -1, -1, -1)
    return F.grid_sample(x, places, "bilinear", padding, align_corners=True)


def _pixels(x: Tensor, ys: Tensor, xs: Tensor, border: Border) -> Tensor:
    import torch
    from torch.nn import functional as F

    at = _numbers(x, ys, xs, border)
    found = torch.stack([F.embedding(at.flatten(), each) for each in _lines(x, border)])
    return found.reshape(len(x), *at.shape, x.shape[1]).permute(0, 3, 1, 2)


def _numbers(x: Tensor, ys: Tensor, xs: Tensor, border: Border) -> Tensor:
    """Which of a map's `_lines` a whole place reads."""
    height, width = x.shape[2], x.shape[3]
    rows, columns = ys.long(), xs.long()
    at = bordered(rows, height, border) * width + bordered(columns, width, border)
    if border != "zero":
        return at
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return at.where(inside, height * width)


def _lines(x: Tensor, border: Border) -> Tensor:
    """(N, H × W, C): all channels of a pixel side by side; behind them a line of zeros, where those are the border."""
    from torch.nn import functional as F

    lines = x.permute(0, 2, 3, 1).flatten(1, 2)
    return F.pad(lines, (0, 0, 0, 1)) if border == "zero" else lines


def resized(other: Tensor, x: Tensor) -> Tensor:
    """A map from elsewhere in the shape of this one: channel c is its c % C, places are found bilinearly."""
    import torch
    from torch.nn import functional as F

    if other.shape[2:] != x.shape[2:]:
        other = F.interpolate(other, size=x.shape[2:], mode="bilinear", align_corners=False)
    if other.shape[1] == x.shape[1]:
        return other
    return other.index_select(1, torch.arange(x.shape[1], device=x.device) % other.shape[1])
