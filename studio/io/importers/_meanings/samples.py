"""What samples a map wherever another one says: grids, as PyTorch and ONNX have them, and the grids themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.dynamic import taps
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._values.views import Value, constant, reshaped
from studio.model.declared.size import Size

_MOST_MAPS = 64


def sampled(f: Flow, value: Value, grid: Value, mode: str, padding: str, *, align_corners: bool) -> Value:
    """``grid_sample``: a map (N, C, H, W) at the places of a grid (N, h, w, 2).

    Raises:
        StudioError: where it samples volumes, or too many maps.
    """
    if len(value.shape) != 4 or grid.shape[-1:] != (2,):
        raise StudioError("it samples volumes; only maps (N, C, H, W) at places (N, h, w, 2) are supported.")
    count = max(value.shape[0], grid.shape[0])
    if count > _MOST_MAPS:
        raise StudioError(
            f"it samples {count} maps, each at places of its own, as of all pairs of pixels; {_MOST_MAPS} at most are "
            "supported."
        )
    how: dict[str, Any] = {"mode": mode, "padding": padding, "align_corners": align_corners}
    made = []
    for k in range(count):
        one, places = (f.move(v, lambda n, k=k: n[[min(k, len(n) - 1)]]) for v in (value, grid))  # type: ignore[misc]
        laid = f.move(places, lambda n: n.transpose(0, 3, 1, 2))
        made.append(f.layer("GridSample", one, laid, **how))
    return f.concat(made, 0)


def lines(f: Flow, size: Size, *, align_corners: bool) -> tuple[Value, Value]:
    """(1, 1, h, w): the column and the row of every place of a map of this size, from -1 to 1."""
    found = [node.name for node in f.draft.nodes] + [put.name for put in f.draft.inputs][::-1]
    like = next((name for name in reversed(found) if f.draft.shapes[name].size == size), None)
    made = []
    for axis, side in (("width", size.width), ("height", size.height)):
        # -1 to 1 between the middles of the outermost pixels, or between their far edges.
        start, per, offset = (-1.0, "gap", 0.0) if align_corners else (-1.0, "side", 0.5)
        if align_corners and side == 1:
            start = 0.0
        if like is not None:
            node = f.draft.add(
                "Coordinates", like, name=f"{f.name}.{axis}", axis=axis, start=start, step=2.0, per=per, offset=offset
            )
            made.append(Value((1, 1, *size), node))
            continue
        line = np.linspace(start, 1, side) if align_corners else (2 * np.arange(side) + 1) / side - 1
        line = line[None, :] if axis == "width" else line[:, None]
        made.append(constant(np.broadcast_to(line, size)[None, None].astype(np.float32)))
    return made[0], made[1]


def affine_grid(f: Flow, theta: Value, size: Size, *, align_corners: bool) -> Value:
    """``affine_grid``: places (1, h, w, 2) that a matrix (1, 2, 3) makes of columns, rows and 1.

    Raises:
        StudioError: where there are several matrices, or of volumes.
    """
    if theta.shape != (1, 2, 3):
        raise StudioError(f"it makes a grid of matrices {theta.shape}; only one of (1, 2, 3) is supported.")
    across, down = lines(f, size, align_corners=align_corners)
    rows = []
    for row in range(2):
        parts = [f.move(theta, lambda n, r=row, k=k: n[0, r, k].reshape(1, 1, 1, 1)) for k in range(3)]  # type: ignore[misc]
        sums = f.binary("Add", f.binary("Mul", across, parts[0]), f.binary("Mul", down, parts[1]))
        rows.append(f.binary("Add", sums, parts[2]))
    grid = f.concat(rows, 1)
    return reshaped(f.move(grid, lambda n: n.transpose(0, 2, 3, 1)), (1, *size, 2))


def pixel_grid(f: Flow, offset: Value, made: Size, size: Size, start: Pair, stride: Pair) -> Value:
    """A grid (1, h, w, 2) of the places ``start + stride * place + offset``, in pixels down and across of a map.

    Args:
        f: what layers are added to.
        offset: (1, 2, h, w): down, across.
        made: height and width of the grid.
        size: of the map that is sampled; ±1 are the middles of its outermost pixels.
        start: where the first place lies, down and across.
        stride: from one place to the next.
    """
    like = f.map_of(offset)
    rows = []
    for channel, axis in ((1, "width"), (0, "height")):
        side = (size.height, size.width)[channel]
        places = f.draft.add(
            "Coordinates",
            like,
            name=f"{f.name}.{axis}",
            axis=axis,
            start=float(start[channel]),
            step=float(stride[channel]),
        )
        moved = f.move(offset, lambda n, k=channel: n[:, k : k + 1])  # type: ignore[misc]
        found = f.binary("Add", Value((1, 1, *made), places), moved)
        # Apart, so that the number that follows the size stands alone.
        found = f.each("Affine", found, scale=2 / (side - 1) if side > 1 else 2.0, shift=0.0)
        rows.append(f.each("Affine", found, scale=1.0, shift=-1.0) if side > 1 else found)
    return f.move(f.concat(rows, 1), lambda n: n.transpose(0, 2, 3, 1))


def folded_windows(
    f: Flow, value: Value, size: Size, kernel: Pair, stride: Pair, borders: Sequence[int], dilation: Pair
) -> Value:
    """``fold``: windows (1, C * kh * kw, places), added where they came from, a transposed convolution of single ones.

    Args:
        f: what layers are added to.
        value: the windows.
        size: of the map that they make.
        kernel: height and width of a window.
        stride: from one to the next.
        borders: left, right, top and bottom of the map, into which windows reach.
        dilation: from one pixel of a window to the next.
    """
    if len(value.shape) != 3 or value.shape[0] != 1:
        raise StudioError(f"it folds windows of shape {value.shape}; only those of one picture can be folded.")
    left, right, top, bottom = borders
    whole = (size.height + top + bottom, size.width + left + right)
    spans = [space * (k - 1) + 1 for space, k in zip(dilation, kernel, strict=True)]
    counts = [(side - span) // step + 1 for side, span, step in zip(whole, spans, stride, strict=True)]
    channels = value.shape[1] // (kernel[0] * kernel[1])
    laid = reshaped(value, (1, value.shape[1], *counts))
    # What the last windows do not reach is zero.
    rest = [side - (n - 1) * step - span for side, n, step, span in zip(whole, counts, stride, spans, strict=True)]
    cut = [left, right - rest[1], top, bottom - rest[0]]
    return f.conv_transpose(laid, taps(channels, kernel), None, stride, cut, (0, 0), dilation, channels)
