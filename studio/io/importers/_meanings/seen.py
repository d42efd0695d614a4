"""Which operator of the studio a move of values is, told from where each of them ends."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.patterns import grown, line_of, move_of
from studio.io.importers._values.lines import snapped, thinned
from studio.io.importers._values.views import Index, Value, counted, target_shape
from studio.model.networks.shape import Shape

_MOST_PIECES = 64
LARGEST_FACTOR = 64
"""That a map is enlarged by as a factor; what is spread further is told the size."""


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
    if not index.size:
        raise StudioError("of its map nothing is left.")
    have = draft.shapes[node]
    if index.shape == have and np.array_equal(index.ravel(), counted(index.size)):
        return node
    known = (node, index.shape, hashlib.blake2b(np.ascontiguousarray(index).data, digest_size=16).digest())
    if known in draft.views:
        return draft.views[known]
    if node in draft.lines:
        view = snapped(draft, Value((1, *index.shape), node, index[None]))
        if view.index is None:
            return node
        return seen(draft, *thinned(draft, node, index, name), name)
    found = _shuffled(draft, node, index, name) or _cut(draft, node, index, name)
    found = found or _dealt(draft, node, index, name) or _rearranged(draft, node, index, name)
    found = found or _bordered(draft, node, index, name) or _gathered(draft, node, index, name)
    found = found or _uncropped(draft, node, index, name) or _read_anew(draft, node, index, name)
    found = found or _reordered(draft, node, index, name) or _in_blocks(draft, node, index, name)
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
            return seen(draft, node, counted(math.prod(have)).reshape(wanted), name)
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
    if enlarged and up * across > 1 and np.array_equal(index, base.repeat(up, 1).repeat(across, 2)):
        to: dict[str, Any] = {"scale_factor": (up, across)} if max(up, across) <= LARGEST_FACTOR else {"size": (h, w)}
        return draft.add("Upsample", node, name=f"{name}.upsample", mode="nearest", **to)
    return ""


def _cut(draft: Draft, node: str, index: Index, name: str) -> str:
    have = draft.shapes[node]
    base = np.arange(math.prod(have), dtype=np.int32).reshape(have)
    c0, y0, x0 = (int(i) for i in np.unravel_index(int(index.flat[0]), have))
    c1, y1, x1 = (start + length for start, length in zip((c0, y0, x0), index.shape, strict=True))
    if not np.array_equal(index, base[c0:c1, y0:y1, x0:x1]):
        return ""
    return _part(draft, node, (c0, y0, x0), Shape(*index.shape), name)


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
    if not np.array_equal(order, wanted) or not np.array_equal(index, counted(index.size).reshape(have)[order]):
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
    inner, places = _sides_cut(draft, node, index, name)
    if inner != node:
        return seen(draft, inner, places, name)
    move_ = move_of(index, have)
    if move_ is None and have.height > 1:
        # Rows that are cut across at no place that all of them share, as of a reshaping to other sides: a line is none.
        move_ = move_of(index, Shape(have.channels, 1, each))
        if move_ is not None:
            node = draft.add("Rearrange", node, name=f"{name}.line", pattern="c y x -> c 1 (y x)")
    if move_ is None:
        return ""
    made = draft.add("Rearrange", node, name=f"{name}.rearrange", pattern=move_.pattern)
    return _part(draft, made, move_.start, move_.count, name)


def _sides_cut(draft: Draft, node: str, index: Index, name: str) -> tuple[str, Index]:
    """With the rows and columns cut off that hold none of these places, and the places in what is left."""
    channels, height, width = draft.shapes[node]
    rows, columns = index // width % height, index % width
    (top, high), (left, wide) = ((int(k.min()), int(k.max()) + 1 - int(k.min())) for k in (rows, columns))
    if (high, wide) == (height, width):
        return node, index
    for line, start, count in ((rows, top, high), (columns, left, wide)):
        if not np.bincount(line.ravel() - start, minlength=count).all():
            return node, index
    made = _part(draft, node, (0, top, left), Shape(channels, high, wide), name)
    return made, ((index // (height * width)) * high + rows - top) * wide + columns - left


def _part(draft: Draft, node: str, start: tuple[int, int, int], count: Shape, name: str) -> str:
    """So many channels, rows and columns of a layer's map, from these on."""
    whole = draft.shapes[node]
    if (start[0], count.channels) != (0, whole.channels):
        node = draft.add("SliceChannels", node, name=f"{name}.slice", start=start[0], end=start[0] + count.channels)
    bottom, right = (whole[k] - start[k] - count[k] for k in (1, 2))
    borders: dict[str, Any] = {"left": start[2], "right": right, "top": start[1], "bottom": bottom}
    return draft.add("Crop", node, name=f"{name}.crop", **borders) if any(borders.values()) else node


def _uncropped(draft: Draft, node: str, index: Index, name: str) -> str:
    """A part of a rearranged map: windows of which those at the edges are seen in part."""
    corner, have = int(index[0, 0, 0]), draft.shapes[node]
    lines = [grown(line) for line in (index[:, 0, 0] - corner, index[0, :, 0] - corner, index[0, 0] - corner)]
    if all(before == 0 and len(line) == side for (line, before), side in zip(lines, index.shape, strict=True)):
        return ""
    whole: Index = np.full((1, 1, 1), corner, np.int32)
    for axis, (line, _) in enumerate(lines):
        whole = whole + line.reshape([-1 if k == axis else 1 for k in range(3)]).astype(np.int32)
    start = (lines[0][1], lines[1][1], lines[2][1])
    cut = tuple(slice(at, at + length) for at, length in zip(start, index.shape, strict=True))
    fits = whole.min() >= 0 and whole.max() < math.prod(have) and whole.size <= math.prod(have)
    if not fits or not np.array_equal(whole[cut], index) or (move_ := move_of(whole, have)) is None:
        return ""
    made = draft.add("Rearrange", node, name=f"{name}.rearrange", pattern=move_.pattern)
    made = _part(draft, made, move_.start, move_.count, name)
    return _part(draft, made, start, Shape(*index.shape), name)


def _read_anew(draft: Draft, node: str, index: Index, name: str) -> str:
    """Values in one order that are taken for a map of other sides: (places, channels) as (channels, height, width)."""
    lengths = line_of(index)
    if lengths is None or len(lengths) > 3:
        return ""
    sides = Shape(*[1] * (3 - len(lengths)), *lengths[::-1])
    if sides == index.shape or (move_ := move_of(index.reshape(sides), draft.shapes[node])) is None:
        return ""
    made = draft.add("Rearrange", node, name=f"{name}.rearrange", pattern=move_.pattern)
    made = draft.add("Flatten", _part(draft, made, move_.start, move_.count, name), name=f"{name}.flatten")
    channels, height, width = index.shape
    return draft.add("Unflatten", made, name=f"{name}.unflatten", channels=channels, height=height, width=width)


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


def _reordered(draft: Draft, node: str, index: Index, name: str) -> str:
    """Channels in another order first, or some of them several times, and the move that is left."""
    have = draft.shapes[node]
    each = have.height * have.width
    channels = index // each
    for axis in range(3):
        order = np.moveaxis(channels, axis, 0).reshape(index.shape[axis], -1)
        line = order[:, 0]
        if not (order == line[:, None]).all() or len({*line.tolist()}) < 2 or np.array_equal(line, counted(len(line))):
            continue
        places = counted(math.prod(have)).reshape(have)[line]
        if not (chosen := _gathered(draft, node, places, name)):
            return ""
        own = np.arange(len(line), dtype=np.int32).reshape([-1 if k == axis else 1 for k in range(3)])
        return seen(draft, chosen, index % each + own * each, name)
    return ""


def _in_blocks(draft: Draft, node: str, index: Index, name: str) -> str:
    """Channels of several parts of a map, as of its corners: each part by itself, joined."""
    each = math.prod(draft.shapes[node][1:])
    breaks = np.flatnonzero((np.diff(index.reshape(len(index), -1), axis=0) != each).any(1)) + 1
    if not len(breaks) or len(breaks) >= min(_MOST_PIECES, len(index)):
        return ""
    parts = np.split(index, breaks)
    return draft.add("Concat", *(seen(draft, node, part, name) for part in parts), name=f"{name}.concat")
