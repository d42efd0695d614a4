"""Values of any number of axes, worked on where they lie: which of a map's axes is which of a value's.

A value of a traced model may show a map in any shape: as tokens, in windows, with its channels last. What works along
one axis alone is done on the map itself where that axis is the map's channels, whatever became of the places; else the
map is rearranged first, so that it is. What comes out is shown as the value was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.seen import seen
from studio.io.importers._values.views import Index, Value, move, numbers, reshaped
from studio.model.declared.size import Size

_WIDEST = 16384


class Axes:
    """Finds and makes the maps on which a draft's layers work.

    Attributes:
        draft: what layers are added to.
        name: what the layers that come next are to be called.
        orders: numbers of places in an order, by the layer that finds them: a part of them is known by its elements.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.name = ""
        self.orders: dict[str, Value] = {}

    # -- one axis as channels -------------------------------------------------------------------------------------

    def along(self, value: Value, axis: int, work: Callable[[str], str], *, whole: bool = False) -> Value:
        """What a layer makes that works along one axis, at every place by itself.

        Args:
            value: a map, in any shape.
            axis: which of its axes is worked on; its length may change.
            work: adds the layer to a map whose channels are that axis.
            whole: whether the layer looks at all places, so that the map must have none but those of the value, once.
        """
        node, places = self.channels_along(value, axis)
        if whole and not _are_all(places, math.prod(self.draft.shapes[node][1:])):
            node, places = self.relaid(value, axis)
        made = work(node)
        count, each = self.draft.shapes[made].channels, math.prod(self.draft.shapes[made][1:])
        index = np.arange(count, dtype=np.int32).reshape(-1, *[1] * places.ndim) * each + places
        index = np.moveaxis(index, 0, axis % len(value.shape))
        return self.shown(made, index)

    def channels_along(self, value: Value, axis: int) -> tuple[str, Index]:
        """A map whose channels are this axis, and where in it, row by row, each of the other axes' places lies."""
        have, index = self.draft.shapes[value.node], np.moveaxis(numbers(self.draft, value), axis, 0)
        each = have.height * have.width
        places = index[0]
        if (
            value.index is None
            and math.prod(value.shape[: axis % len(value.shape)]) == 1
            and len(index) == have.channels
        ):
            return value.node, places
        if index.shape[0] == have.channels and _is_major(index, each):
            return value.node, places
        return self.relaid(value, axis)

    def relaid(self, value: Value, axis: int) -> tuple[str, Index]:
        """As `channels_along`, with all places in order."""
        index = np.moveaxis(numbers(self.draft, value), axis, 0)
        rest = index.shape[1:]
        height, width = self._sides(rest)
        node = seen(self.draft, value.node, index.reshape(index.shape[0], height, width), self.name)
        return node, np.arange(height * width, dtype=np.int32).reshape(rest)

    def _sides(self, rest: tuple[int, ...]) -> Size:
        """For the other axes of a value, as a map: the last one is a row, unless it is that of all pixels."""
        sides = [side for side in rest if side != 1]
        count = math.prod(sides)
        if len(sides) <= 1:
            # Tokens: as a picture, where they are as many as a picture's pixels; as one of the inputs' proportions
            # first, which windows in a row have by chance alone.
            sizes = (shape.size for shape in reversed(self.draft.shapes.values()))
            found = [size for size in sizes if min(size) > 1 and size.pixels == count]
            whole = [self.draft.shapes[put.name] for put in self.draft.inputs if put.has_size]
            alike = [size for size in found if any(size.height * to.width == size.width * to.height for to in whole)]
            if alike or found:
                return (alike or found)[0]
            return Size(1, count) if count <= _WIDEST else Size(count, 1)
        return Size(count // sides[-1], sides[-1])

    def shown(self, node: str, index: Index) -> Value:
        """Places of a layer's map in a shape of one's own; the whole map where they are all, in order."""
        flat = index.ravel()
        whole = math.prod(self.draft.shapes[node])
        in_order = flat.size == whole and bool((flat[:-1] < flat[1:]).all())
        return Value(index.shape, node, None if in_order else index)

    # -- one layout for several -------------------------------------------------------------------------------------

    def settled(self, value: Value) -> Value:
        """A value that shows every element of its map once: where it does not, of a map that is made so."""
        count = math.prod(value.shape)
        if value.index is None or (count == math.prod(self.draft.shapes[value.node]) and _is_whole(value.index)):
            return value
        if len(value.shape) == 4 and value.shape[0] == 1 and not self._has_channels_last(value):
            node = seen(self.draft, value.node, value.index[0], self.name)
            return Value(value.shape, node)
        have = self.draft.shapes[value.node]
        pictures = [self.draft.shapes[put.name].size for put in self.draft.inputs]
        if len(value.shape) == 3 and value.shape[0] > 1 < min(value.shape[1:]) and value.shape[1:] in pictures:
            # Channels of a picture without a batch, as positions are worked out.
            return Value(value.shape, seen(self.draft, value.node, value.index, self.name))
        if len(value.shape) > 4 and value.shape[-2:] == have.size and min(have.size) > 1 and _are_rows(value.index):
            node = seen(self.draft, value.node, value.index.reshape(-1, *have.size), self.name)
            return self.shown(node, np.arange(count, dtype=np.int32).reshape(value.shape))
        node, places = self.channels_along(value, -1)
        each = math.prod(self.draft.shapes[node][1:])
        if places.size != each or not _is_whole(places):
            height, width = self._sides(places.shape)
            rows = np.moveaxis(value.index, -1, 0).reshape(value.shape[-1], height, width)
            node = seen(self.draft, value.node, rows, self.name)
            places = np.arange(height * width, dtype=np.int32).reshape(places.shape)
            each = height * width
        index = np.arange(value.shape[-1], dtype=np.int32) * each + places[..., None]
        return self.shown(node, index)

    def _has_channels_last(self, value: Value) -> bool:
        """Whether its last axis goes from channel to channel of its map, some of which may be left out."""
        assert value.index is not None
        each = math.prod(self.draft.shapes[value.node][1:])
        return value.shape[-1] > 1 and bool((value.index[..., 1] - value.index[..., 0] == each).all()) and each > 1

    def laid_like(self, other: Value, first: Value) -> np.ndarray:
        """The places, or the numbers, of one value where the first one's map has its own; sides of one where alike.

        ``first`` is settled. The result broadcasts to its map's shape.
        """
        held = np.asarray(other.constant) if other.constant is not None else numbers(self.draft, other)
        spread = np.broadcast_to(held, first.shape)
        have = self.draft.shapes[first.node]
        if first.index is None:
            laid = spread.reshape(have)
        else:
            flat = np.empty(math.prod(have), held.dtype)
            flat[first.index.ravel()] = spread.ravel()
            laid = flat.reshape(have)
        for axis in range(3):
            one = laid.take([0], axis)
            if laid.shape[axis] > 1 and (laid == one).all():
                laid = one
        return laid

    # -- reductions -------------------------------------------------------------------------------------------------

    def reduced(self, op: str, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        """A ``Mean``, ``Sum``, ``Amax`` or ``Amin`` over any axes."""
        if value.is_constant:
            raise StudioError(f"it takes the {op.lower()} of constants alone, which the studio does not fold.")
        rank = len(value.shape)
        over = sorted({axis % rank for axis in axes})
        shape = tuple(1 if axis in over else length for axis, length in enumerate(value.shape))
        kept = tuple(length for axis, length in enumerate(shape) if keepdim or axis not in over)
        sides = [axis for axis in over if value.shape[axis] > 1]
        if not sides:
            return reshaped(value, kept)
        rest = [axis for axis in range(rank) if axis not in sides]
        lengths = [value.shape[axis] for axis in rest]
        index = numbers(self.draft, value).transpose(*rest, *sides)
        index = index.reshape(math.prod(lengths), -1)
        made = self._reduced(op, value.node, index)
        if made is None and rank == 4 and value.shape[0] == 1 and value.index is not None:
            # A part of a map, or one turned round, is made a map first.
            node = seen(self.draft, value.node, value.index[0], self.name)
            return self.reduced(op, Value(value.shape, node), axes, keepdim)
        if made is None:
            # The axes that stay are kept apart, so that how they are laid out does not hang on how long they are.
            moved = Value((*lengths, index.shape[1]), value.node, index.reshape(*lengths, -1))
            made = self.along(moved, -1, lambda read: self.draft.add(op, read, name=self.name, dim="channels"))
            have = self.draft.shapes[value.node]
            if len(lengths) > 2 and tuple(lengths[-2:]) == have.size and min(have.size) > 1 < math.prod(lengths[:-2]):
                # Pictures again, as what follows expects them: not all of them as one high map.
                rows = numbers(self.draft, made).reshape(-1, *have.size)
                node = seen(self.draft, made.node, rows, self.name)
                made = self.shown(node, np.arange(rows.size, dtype=np.int32).reshape(made.shape))
        return reshaped(made, kept)

    def _reduced(self, op: str, node: str, index: Index) -> Value | None:
        """Over the second axis of (kept, reduced) places, where that is a whole axis of the map or all its pixels."""
        have = self.draft.shapes[node]
        each = have.height * have.width
        channel, place = index // each, index % each
        if (channel == channel[:, :1]).all() and _covers(place, each):
            made = self.draft.add(op, node, name=self.name, dim="space")
            return self.shown(made, np.ascontiguousarray(channel[:, 0]))
        if index.shape[1] == have.channels and (place == place[:, :1]).all() and _covers(channel, have.channels):
            made = self.draft.add(op, node, name=self.name, dim="channels")
            return self.shown(made, np.ascontiguousarray(place[:, 0]))
        if index.shape[1] == each * have.channels and index.shape[0] == 1 and _covers(index, index.size):
            made = self.draft.add(op, node, name=self.name, dim="space")
            return self.shown(self.draft.add(op, made, name=self.name, dim="channels"), np.zeros(1, np.int32))
        row, column = place // have.width, place % have.width
        if _alike(channel) and _alike(column) and _covers(row, have.height):
            made = self.draft.add(op, node, name=self.name, dim="height")
            return self.shown(made, (channel * have.width + column)[:, 0])
        if _alike(channel) and _alike(row) and _covers(column, have.width):
            made = self.draft.add(op, node, name=self.name, dim="width")
            return self.shown(made, (channel * have.height + row)[:, 0])
        return None

    # -- moves that go round ----------------------------------------------------------------------------------------

    def rolled(self, value: Value, shift: int, axis: int) -> Value:
        """`Roll` along one axis of a value, which is the height or the width of its map, or comes to be."""
        if value.is_constant:
            return move(self.draft, value, lambda n: np.roll(n, shift, axis))
        if shift == 0 or 0 in value.shape:
            return value
        return self._turned(value, axis, lambda n: np.roll(n, shift, axis), "Roll", shift)

    def flipped(self, value: Value, axis: int) -> Value:
        """`Flip` along one axis."""
        if value.is_constant:
            return move(self.draft, value, lambda n: np.flip(n, axis))
        if 0 in value.shape:
            return value
        return self._turned(value, axis, lambda n: np.flip(n, axis), "Flip", 0)

    def _turned(self, value: Value, axis: int, how: Callable[[Index], Index], op: str, shift: int) -> Value:
        made = self.turned_there(value, axis, how, op, shift)
        if made is not None:
            return made
        axis %= len(value.shape)
        index = numbers(self.draft, value)
        # Of a map of which this axis is a side, another one the other side, and all else are channels.
        behind = [k for k in (axis + 1, axis - 1, *range(len(value.shape))) if 0 <= k < len(value.shape) and k != axis]
        for partner in dict.fromkeys(behind):
            others = [k for k in range(len(value.shape)) if k not in (axis, partner)]
            order = [*others, axis, partner]
            turned = index.transpose(order)
            rows = turned.reshape(-1, *turned.shape[-2:])
            try:
                node = seen(self.draft, value.node, rows, self.name)
            except StudioError:
                continue
            places = np.arange(index.size, dtype=np.int32).reshape(turned.shape).transpose(np.argsort(order))
            laid = self.turned_there(self.shown(node, places), axis, how, op, shift)
            if laid is not None:
                return laid
        raise StudioError(f"it moves axis {axis} of {value.shape} round, which is no side of a map.")

    def turned_there(self, value: Value, axis: int, how: Callable[[Index], Index], op: str, shift: int) -> Value | None:
        """On the map as it is, where that axis is one of its sides, or its channels."""
        have = self.draft.shapes[value.node]
        index = numbers(self.draft, value)
        wanted = how(index)
        for side in (1, 2):
            if value.shape[axis] != have[side]:
                continue
            places = np.arange(math.prod(have), dtype=np.int32).reshape(have)
            turned = np.roll(places, shift, side) if op == "Roll" else np.flip(places, side)
            if np.array_equal(turned.ravel()[index], wanted):
                along: dict[str, Any] = {"shifts": (shift, 0) if side == 1 else (0, shift)}
                if op == "Flip":
                    along = {"vertical": side == 1, "horizontal": side == 2}
                made = self.draft.add(op, value.node, name=self.name, **along)
                return Value(value.shape, made, value.index)
        each = have.height * have.width
        places = index % each
        if value.shape[axis] == have.channels and bool((places == places.take([0], axis)).all()):
            return Value(value.shape, value.node, wanted)
        return None


def _are_rows(index: Index) -> bool:
    """Whether the last two axes are the rows and columns of a map."""
    planes = index.reshape(-1, *index.shape[-2:])
    plane = np.arange(planes[0].size, dtype=np.int32).reshape(planes.shape[1:])
    return bool((planes[:, :1, :1] + plane == planes).all())


def _is_major(index: Index, each: int) -> bool:
    """Whether each of the first axis is a channel of its own, at the same places."""
    places = index[0]
    if places.size == 0 or int(places.max()) >= each:
        return False
    # A few first: most that are not are seen there.
    for channel in (1, len(index) - 1):
        if channel < len(index) and not np.array_equal(index[channel], places + channel * each):
            return False
    return all(np.array_equal(index[channel], places + channel * each) for channel in range(2, len(index) - 1))


def _is_whole(index: Index) -> bool:
    """Whether every place stands there once."""
    return _are_all(index, index.size)


def _are_all(index: Index, count: int) -> bool:
    """Whether the places are those below the count, each once."""
    if index.size != count or int(index.max()) >= count:
        return False
    found = np.zeros(count, bool)
    found[index.ravel()] = True
    return bool(found.all())


def _alike(part: Index) -> bool:
    return bool((part == part[:, :1]).all())


def _covers(part: Index, count: int) -> bool:
    """Whether every row holds each number below the count once."""
    return part.shape[1] == count and bool((np.sort(part, 1) == np.arange(count)).all())
