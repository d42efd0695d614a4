"""Values of a traced model: constants, and views of a layer's map; which operator of the studio a move of values is.

A file says reshape, transpose, concatenate and slice where a person said pixel shuffle or nearest upsampling. Here
such moves are run on the numbers of the pixels instead of on their values; what comes out tells which operator it was.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.io.importers._patterns import move_of
from studio.model.op import Shape

Index = NDArray[np.int32]
Numbers = NDArray[np.generic]

_MOST_PIECES = 64
_LARGEST_FACTOR = 64
_MOST_ELEMENTS = 2**28


@dataclass(frozen=True)
class Value:
    """What an operator of the file reads or makes.

    Attributes:
        shape: as the file has it, batch and all.
        node: the layer whose map this shows; empty for a constant.
        index: which element of that map each element is; None where they are all of them, in order.
        constant: the numbers of a constant.
        origin: what the file calls a constant.
    """

    shape: tuple[int, ...]
    node: str = ""
    index: Index | None = None
    constant: Numbers | None = None
    origin: tuple[str, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether its numbers are known."""
        return self.constant is not None

    def weight(self) -> Weight:
        """A constant as the tensor of a layer."""
        if self.constant is None:
            raise StudioError("its weights are computed from its input, which the studio's layers cannot do.")
        return Weight(np.ascontiguousarray(self.constant, np.float32), self.origin)


def constant(values: object, *origin: str) -> Value:
    """A constant of the file."""
    array = np.asarray(values)
    return Value(array.shape, constant=array, origin=origin)


def shown(node: str, shape: tuple[int, ...]) -> Value:
    """A layer's whole map, in order, in the file's shape."""
    return Value(shape, node)


def move(draft: Draft, value: Value, how: Callable[[Numbers], Numbers]) -> Value:
    """What becomes of a value when its elements are rearranged, repeated or left out."""
    if value.constant is not None:
        moved = how(value.constant)
        # Of a weight that was only turned round, the file's name stays.
        return Value(moved.shape, constant=moved, origin=value.origin if moved.size == value.constant.size else ())
    before = numbers(draft, value)
    after = np.asarray(how(before), np.int32)
    whole = after.size == math.prod(draft.shapes[value.node])
    return Value(after.shape, value.node, None if whole and _counts_up(after) else after)


def _counts_up(index: Index) -> bool:
    flat = index.ravel()
    return np.array_equal(flat, _places(flat.size))


def first(draft: Draft, value: Value) -> Value:
    """(1, H, W, C) as (1, C, H, W)."""
    return move(draft, value, lambda a: a.transpose(0, 3, 1, 2))


def last(draft: Draft, value: Value) -> Value:
    """(1, C, H, W) as (1, H, W, C)."""
    return move(draft, value, lambda a: a.transpose(0, 2, 3, 1))


def is_last(draft: Draft, value: Value) -> bool:
    """Whether it is a layer's whole map with its channels moved last."""
    if value.index is None or len(value.shape) != 4 or value.shape[0] != 1:
        return False
    channels, height, width = draft.shapes[value.node]
    return value.shape[1:] == (height, width, channels) and first(draft, value).index is None


def reshaped(value: Value, shape: tuple[int, ...]) -> Value:
    """The same elements in the same order; StudioError where their number differs."""
    if math.prod(shape) != math.prod(value.shape):
        raise StudioError(f"it reshapes {value.shape} to {shape}, which has another number of values.")
    index = None if value.index is None else value.index.reshape(shape)
    numbers_ = None if value.constant is None else value.constant.reshape(shape)
    return replace(value, shape=shape, index=index, constant=numbers_)


def numbers(draft: Draft, value: Value) -> Index:
    """For each element, its place in the layer's map."""
    if value.index is not None:
        return value.index
    count = math.prod(draft.shapes[value.node])
    if count > _MOST_ELEMENTS:
        raise StudioError("its input is too large to be traced; give a smaller --input-size.")
    return _places(count).reshape(value.shape)


@lru_cache(4)
def _places(count: int) -> Index:
    places = np.arange(count, dtype=np.int32)
    places.flags.writeable = False
    return places


def target_shape(value: Value) -> Shape:
    """The map that a value of (1, C, H, W) or (1, C) would be."""
    if value.shape[:1] != (1,) or len(value.shape) not in (2, 4):
        raise StudioError(
            f"it works on values of shape {value.shape}; the studio's layers take maps of (1, channels, height, width) "
            "and vectors of (1, values), one picture at a time."
        )
    return Shape(*value.shape[1:]) if len(value.shape) == 4 else Shape(value.shape[1], 1, 1)


def as_map(draft: Draft, value: Value, name: str) -> str:
    """The layer whose map is this value; layers that move its elements there are added.

    Raises:
        StudioError: where no operator of the studio moves them so.
    """
    wanted = target_shape(value)
    have = draft.shapes[value.node]
    if value.index is None:
        return _refolded(draft, value.node, have, wanted, name)
    return seen(draft, value.node, value.index.reshape(wanted), name)


def seen(draft: Draft, node: str, index: Index, name: str) -> str:
    """The layer whose map holds these places of another layer's, (C, H, W); layers that move them there are added.

    Raises:
        StudioError: where no operator of the studio moves them so.
    """
    have = draft.shapes[node]
    if index.shape == have and np.array_equal(index.ravel(), _places(index.size)):
        return node
    known = (node, index.shape, hashlib.blake2b(np.ascontiguousarray(index).data, digest_size=16).digest())
    if known in draft.views:
        return draft.views[known]
    found = _shuffled(draft, node, index, name) or _cut(draft, node, index, name)
    found = found or _dealt(draft, node, index, name) or _rearranged(draft, node, index, name)
    found = found or _bordered(draft, node, index, name) or _gathered(draft, node, index, name)
    if not found:
        raise StudioError(
            f"it rearranges a map of {have} to {Shape(*index.shape)} in a way that no operator of the studio does; "
            "docs/operators.md lists those that move values, such as Rearrange, Roll, Flip and Concat."
        )
    draft.views[known] = found
    return found


def _refolded(draft: Draft, node: str, have: Shape, wanted: Shape, name: str) -> str:
    if have == wanted:
        return node
    if have[1:] != (1, 1) and wanted[1:] != (1, 1):
        try:
            return seen(draft, node, _places(math.prod(have)).reshape(wanted), name)
        except StudioError:
            # What is no rearrangement of axes can be a vector in between.
            pass
    if have[1:] != (1, 1):
        node = draft.add("Flatten", node, name=f"{name}.flatten")
    if wanted[1:] != (1, 1):
        channels, height, width = wanted
        node = draft.add("Unflatten", node, name=f"{name}.unflatten", channels=channels, height=height, width=width)
    return node


def _shuffled(draft: Draft, node: str, index: Index, name: str) -> str:
    have = draft.shapes[node]
    base = np.arange(math.prod(have), dtype=np.int32).reshape(have)
    c, h, w = index.shape
    up, across = max(h // have.height, 1), max(w // have.width, 1)
    down = max(have.height // h, 1)
    # From or to a single place it is the whole map, whose sides are no factors.
    spread, gathered = have[1:] == (1, 1), (h, w) == (1, 1)
    larger = up == across and up > 1 and not spread and c * up * up == have.channels
    if larger and (h, w) == (have.height * up, have.width * up):
        woven = base.reshape(c, up, up, have.height, have.width).transpose(0, 3, 1, 4, 2).reshape(c, h, w)
        if np.array_equal(index, woven):
            return draft.add("PixelShuffle", node, name=f"{name}.shuffle", upscale_factor=up)
    if down > 1 and not gathered and tuple(have) == (c // (down * down), h * down, w * down):
        split = base.reshape(have.channels, h, down, w, down).transpose(0, 2, 4, 1, 3).reshape(c, h, w)
        if np.array_equal(index, split):
            return draft.add("PixelUnshuffle", node, name=f"{name}.unshuffle", downscale_factor=down)
    enlarged = (c, h, w) == (have.channels, have.height * up, have.width * across)
    if (
        enlarged
        and up * across > 1
        and max(up, across) <= _LARGEST_FACTOR
        and np.array_equal(index, base.repeat(up, 1).repeat(across, 2))
    ):
        return draft.add("Upsample", node, name=f"{name}.upsample", scale_factor=(up, across), mode="nearest")
    return ""


def _cut(draft: Draft, node: str, index: Index, name: str) -> str:
    have = draft.shapes[node]
    base = np.arange(math.prod(have), dtype=np.int32).reshape(have)
    c0, y0, x0 = (int(i) for i in np.unravel_index(int(index.flat[0]), have))
    c1, y1, x1 = (start + length for start, length in zip((c0, y0, x0), index.shape, strict=True))
    if not np.array_equal(index, base[c0:c1, y0:y1, x0:x1]):
        return ""
    if (c0, c1) != (0, have.channels):
        node = draft.add("SliceChannels", node, name=f"{name}.slice", start=c0, end=c1)
    borders = {"left": x0, "right": have.width - x1, "top": y0, "bottom": have.height - y1}
    return draft.add("Crop", node, name=f"{name}.crop", **borders) if any(borders.values()) else node


def _dealt(draft: Draft, node: str, index: Index, name: str) -> str:
    """Channels dealt from groups."""
    have = draft.shapes[node]
    if index.shape != have:
        return ""
    places = have.height * have.width
    order = index[:, 0, 0] // places
    groups = int(np.argmax(order == 1)) if have.channels > 1 else 0
    if groups < 2 or have.channels % groups:
        return ""
    wanted = np.arange(have.channels).reshape(groups, -1).T.ravel()
    if not np.array_equal(order, wanted) or not np.array_equal(index, _places(index.size).reshape(have)[order]):
        return ""
    return draft.add("ChannelShuffle", node, name=f"{name}.shuffle", groups=groups)


def _rearranged(draft: Draft, node: str, index: Index, name: str) -> str:
    """Axes taken apart and joined in another order, some of them repeated or left out."""
    have = draft.shapes[node]
    each = have.height * have.width
    low, high = int(index.min()) // each, int(index.max()) // each + 1
    if (low, high) != (0, have.channels) and np.bincount(index.ravel() // each, minlength=high)[low:].all():
        # Channels first: where they lie does not depend on the size.
        node = draft.add("SliceChannels", node, name=f"{name}.slice", start=low, end=high)
        return seen(draft, node, index - low * each, name)
    move_ = move_of(index, have)
    if move_ is None:
        return ""
    made = draft.add("Rearrange", node, name=f"{name}.rearrange", pattern=move_.pattern)
    if move_.count == move_.whole.channels:
        return made
    return draft.add("SliceChannels", made, name=f"{name}.slice", start=move_.start, end=move_.start + move_.count)


_BORDERS = {"circular": "wrap", "reflect": "reflect", "replicate": "edge", "symmetric": "symmetric"}
"""The modes of `Pad` whose border is of the map's own values, and what NumPy calls them."""


def _bordered(draft: Draft, node: str, index: Index, name: str) -> str:
    """A map with a border of its own values: slices of it joined around it."""
    have = draft.shapes[node]
    if index.shape[0] != have.channels or index.shape[1] < have.height or index.shape[2] < have.width:
        return ""
    sides = []
    down, across = index[0, :, 0] // have.width % have.height, index[0, 0] % have.width
    for line, side in ((down, have.height), (across, have.width)):
        starts = [k for k in range(len(line) - side + 1) if np.array_equal(line[k : k + side], np.arange(side))]
        if not starts:
            return ""
        sides.append([(k, len(line) - side - k) for k in starts if max(k, len(line) - side - k) < side])
    base = np.arange(math.prod(have), dtype=np.int32).reshape(have)
    for (top, bottom), (left, right) in itertools.product(*sides):
        for mode, called in _BORDERS.items():
            if np.array_equal(index, np.pad(base, ((0, 0), (top, bottom), (left, right)), called)):  # type: ignore[call-overload]
                return draft.add("Pad", node, name=f"{name}.pad", padding=(left, right, top, bottom), mode=mode)
    return ""


def _gathered(draft: Draft, node: str, index: Index, name: str) -> str:
    """Whole channels in another order, or several times: slices, joined."""
    have = draft.shapes[node]
    if index.shape[1:] != have[1:]:
        return ""
    base = np.arange(math.prod(have), dtype=np.int32).reshape(have)
    order = index[:, 0, 0] // (have.height * have.width)
    if not np.array_equal(index, base[order]):
        return ""
    breaks = np.flatnonzero(np.diff(order) != 1) + 1
    runs = np.split(order, breaks)
    if len(runs) > _MOST_PIECES:
        return ""
    pieces = []
    for run in runs:
        whole = len(run) == have.channels
        start, end = int(run[0]), int(run[-1]) + 1
        piece = node if whole else draft.add("SliceChannels", node, name=f"{name}.slice", start=start, end=end)
        pieces.append(piece)
    return draft.add("Concat", *pieces, name=f"{name}.concat")
