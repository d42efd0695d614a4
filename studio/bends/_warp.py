"""Reading a map between its pixels on a CPU, by a loop over places that reads all channels of a pixel at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from studio.lanes import FLOATS, NUMBER, Function, Routine, Value, maximum, minimum, where

if TYPE_CHECKING:
    from torch import Tensor

_FAR = 1e9
"""Pixels from which on a place counts as so far away, as what is no number does."""


def warped(x: Tensor, ys: Tensor, xs: Tensor, border: str, how: str) -> Tensor:
    """See `studio.bends._space.sampled`, for places (H', W') each of its own."""
    images, channels, height, width = x.shape
    pixels = x.detach().permute(0, 2, 3, 1).contiguous()
    found = pixels.new_empty((images, *ys.shape, channels))
    sizes = {"height": height, "width": width, "length": channels, "places": ys.numel()}
    given = {"x": pixels, "out": found, "ys": ys.contiguous(), "xs": xs.contiguous()}
    _readers(border, how)(images * ys.numel(), found.numel(), **given, **sizes)
    return found.permute(0, 3, 1, 2)


@cache
def _readers(border: str, how: str) -> Routine:
    def body(f: Function, first: Value, last: Value) -> None:
        width, length = f["width"], f["length"]
        with f.loop(first, last) as number:
            place = number % f["places"]
            image = number // f["places"] * f["height"] * width
            axes = [
                _axis(f, _within(f, f.one(name, place)), f[size], border, how)
                for name, size in (("ys", "height"), ("xs", "width"))
            ]
            corners = [(y, x, (image + y.at * width + x.at) * length) for y in axes[0] for x in axes[1]]
            with f.blocks(length) as at:
                total: Value | None = None
                for y, x, begin in corners:
                    pixel, share = f.load("x", begin + at), y.share * x.share
                    for inside in (y.inside, x.inside):
                        pixel = pixel if inside is None else where(inside, pixel, f.real(0.0))
                    total = pixel * share if total is None else total.plus_product(pixel, share)
                assert total is not None
                f.store("out", number * length + at, total)

    numbers = dict.fromkeys(("height", "width", "length", "places"), NUMBER)
    return Routine(body, x=FLOATS, out=FLOATS, ys=FLOATS, xs=FLOATS, **numbers)


def _within(f: Function, at: Value) -> Value:
    return maximum(minimum(at, f.real(_FAR)), f.real(-_FAR))


class _Read(NamedTuple):
    """A pixel that is read along an axis.

    Attributes:
        at: its number.
        share: how much it counts.
        inside: whether it is one of the map; beyond it lies zero, where this is no None.
    """

    at: Value
    share: Value
    inside: Value | None


def _axis(f: Function, at: Value, size: Value, border: str, how: str) -> list[_Read]:
    """The pixels around a place along an axis."""
    if how == "nearest":
        return [_pixel(f, (at + 0.5).floor().whole(), size, border, f.real(1.0))]
    first = at.floor()
    between = at - first
    return [
        _pixel(f, first.whole(), size, border, f.real(1.0) - between),
        _pixel(f, first.whole() + 1, size, border, between),
    ]


def _pixel(f: Function, at: Value, size: Value, border: str, share: Value) -> _Read:
    """The pixel that stands at a whole place, which may lie beyond the edge."""
    zero, end = f.number(0), size - 1
    if border == "wrap":
        rest = at.remainder(size)
        return _Read(where(rest < zero, rest + size, rest), share, None)
    if border == "reflect":
        period = maximum(end * 2, f.number(1))
        rest = maximum(at, zero - at).remainder(period)
        return _Read(minimum(rest, period - rest), share, None)
    near = minimum(maximum(at, zero), end)
    return _Read(near, share, near.equals(at) if border == "zero" else None)
