"""What is seen of a filter sheet, as a picture of one byte a pixel: only that part is ever read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from studio.model.layout import kernel_grid
from studio.model.op import Array
from studio.model.view import Colours, Scaling
from studio.ui.kit import theme

Places = NDArray[np.int64]
Limits = tuple[Any, Any]

_BAD = 255
_SAMPLE = 65536
_OUTSIDE = 0.005
_ZERO = (22, 23, 26)


def visible(size: int, origin: float, view: int, zoom: float) -> Places:
    """The rows (or columns) of a sheet that a view needs, in order.

    Args:
        size: rows that there are.
        origin: which place of the sheet lies at the view's edge; may be outside.
        view: pixels that there are.
        zoom: pixels a weight; below 1 there is one row for each pixel, so most are left out.
    """
    if zoom >= 1:
        return np.arange(max(0, int(np.floor(origin))), min(size, int(np.ceil(origin + view / zoom))))
    places = np.floor(origin + (np.arange(view) + 0.5) / zoom).astype(np.int64)
    return np.asarray(places[(places >= 0) & (places < size)])


def gather(tensor: Array, rows: Places, columns: Places) -> Array:
    """The weights of a sheet in these rows and columns, each in rising order; (len(rows), len(columns))."""
    _, _, kh, kw = kernel_grid(tensor.shape)
    kernels = tensor.reshape(kernel_grid(tensor.shape))
    first = int(columns[0]) // kw
    near = kernels[:, first : int(columns[-1]) // kw + 1]
    lines = near[rows // kh, :, rows % kh].reshape(len(rows), -1)
    return np.asarray(lines[:, columns - first * kw])


def limits(tensor: Array) -> tuple[float, float]:
    """The values that the ends of the colours stand for: all but a hundredth of the finite weights lie between.

    A few outliers would leave everything else dark. They are found among some of the weights, evenly spread.
    """
    flat = tensor.ravel()
    some = flat[:: max(1, flat.size // _SAMPLE)]
    some = np.sort(some[np.isfinite(some)])
    if not some.size:
        return 0.0, 0.0
    outside = int(some.size * _OUTSIDE)
    low, high = float(some[outside]), float(some[-1 - outside])
    return (low, high) if low < high else (float(some[0]), float(some[-1]))


def kernel_limits(values: Array, rows: Places, columns: Places, kh: int, kw: int) -> Limits:
    """The smallest and largest of the values that belong to a kernel, for each value: two arrays of their shape."""
    found = []
    down, across = np.flatnonzero(np.diff(rows // kh, prepend=-1)), np.flatnonzero(np.diff(columns // kw, prepend=-1))
    down_of = np.repeat(np.arange(len(down)), np.diff(down, append=len(rows)))
    across_of = np.repeat(np.arange(len(across)), np.diff(across, append=len(columns)))
    for ufunc in (np.fmin, np.fmax):
        each = ufunc.reduceat(ufunc.reduceat(values, down, axis=0), across, axis=1)
        found.append(each[down_of][:, across_of])
    return found[0], found[1]


def indices(values: Array, within: Limits, colours: Colours) -> NDArray[np.uint8]:
    """Values as places in the colour table; what is not a number, or infinite, has a colour of its own."""
    low, high = within
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if colours == "signed":
            span = np.maximum(np.abs(low), np.abs(high))
            scaled = values * (127 / np.where(span > 0, span, 1)) + 127.5
        else:
            span = np.asarray(high) - np.asarray(low)
            scaled = (values - low) * (254 / np.where(span > 0, span, 1)) + 0.5
        found = np.fmin(np.fmax(scaled, 0), 254).astype(np.uint8)
    bad = ~np.isfinite(values)
    if bad.any():
        found[bad] = _BAD
    return found


def picture(
    tensor: Array, rows: Places, columns: Places, colours: Colours, scaling: Scaling, whole: tuple[float, float]
) -> QImage:
    """An image with a pixel for each of these rows and columns of a sheet.

    Args:
        tensor: float32 of one, two or four axes.
        rows: as `visible` gives them.
        columns: as `visible` gives them.
        colours: how values become colours.
        scaling: "tile" for a range of values of its own for each kernel.
        whole: the range otherwise.
    """
    kh, kw = kernel_grid(tensor.shape)[2:]
    if scaling == "tile" and kh * kw > 1:
        values, inner = _whole_kernels(tensor, rows, columns, kh, kw)
    else:
        values, inner = gather(tensor, rows, columns), None
    if inner is None:
        found = indices(values, whole, colours)
    else:
        (whole_rows, whole_columns), cut = inner
        found = indices(values, kernel_limits(values, whole_rows, whole_columns, kh, kw), colours)[cut]
    found = np.ascontiguousarray(found)
    image = QImage(found.data, found.shape[1], found.shape[0], found.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(TABLES[colours])
    return image.copy()


def _whole_kernels(
    tensor: Array, rows: Places, columns: Places, kh: int, kw: int
) -> tuple[Array, tuple[tuple[Places, Places], tuple[slice, slice]]]:
    """The weights there, and those around that complete the kernels at the view's edges."""
    wider, cut = [], []
    for places, size in ((rows, kh), (columns, kw)):
        if len(places) == places[-1] - places[0] + 1:
            start = int(places[0]) // size * size
            wider.append(np.arange(start, (int(places[-1]) // size + 1) * size))
            cut.append(slice(int(places[0]) - start, int(places[0]) - start + len(places)))
        else:
            wider.append(places)
            cut.append(slice(None))
    return gather(tensor, wider[0], wider[1]), ((wider[0], wider[1]), (cut[0], cut[1]))


def _table(low: str, middle: tuple[int, int, int], high: str) -> list[int]:
    ends = [QColor(end) for end in (low, high)]
    colours = []
    for place in range(255):
        end, share = (ends[0], 1 - place / 127) if place < 127 else (ends[1], place / 127 - 1)
        parts = zip(middle, (end.red(), end.green(), end.blue()), strict=True)
        mixed = [round(start + (stop - start) * share) for start, stop in parts]
        colours.append(QColor(*mixed).rgb())
    return [*colours, QColor("#FF00FF").rgb()]


TABLES: dict[Colours, list[int]] = {
    "signed": _table(theme.NEGATIVE, _ZERO, theme.POSITIVE),
    "grey": [*(QColor.fromHsv(0, 0, place * 255 // 254).rgb() for place in range(255)), QColor("#FF00FF").rgb()],
}
"""256 colours each; the last for what is no number."""
