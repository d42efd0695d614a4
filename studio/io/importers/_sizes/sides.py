"""What a model counts along a side of a map (arange, linspace, a map of ones), as layers that follow its size.

At one size such numbers are constants, and what is worked out of them, too. Where two traces of a model count to
different ends, each of these counts is a `Coordinates` of the map whose side it goes along, and all that follows from
it is made of layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.call import Call, Name
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.lines import along, snapped
from studio.io.importers._values.views import Value
from studio.io.importers._words import words
from studio.model.declared.size import Size

_COUNTERS = ("aten.arange", "aten.linspace")
_FILLS = {"aten.ones": 1.0, "aten.zeros": 0.0, "aten.full": None, "aten.new_ones": 1.0, "aten.new_zeros": 0.0}
_FILLS |= {"aten.new_full": None}
_ENLARGED = (1, 2, 3, 4, 8)
_LIKELY_MEANT = 8  # numbers up to here stand in models whatever their size
_WHITE = 255  # and so does what bytes are multiplied and divided by, the last column of 256
_BYTES = (127, 127.5, 128)  # and the middle of bytes
_HUNDREDTHS = frozenset(k / 100 for k in range(100))  # and what a branch is multiplied by before it is added
_FLOAT32 = 2e-7  # of a number is lost where it is kept in 32 bits
_MAP = 4  # axes of (1, C, H, W)


@dataclass(frozen=True)
class Side:
    """What a call counts along.

    Attributes:
        like: an input or a layer.
        times: how many times larger than it what is counted is.
        axes: the axes of the result that are its height and its width; -1 where it has none.
    """

    like: str
    times: int
    axes: tuple[int, int]


Sides = Mapping[str, Side | None]
"""By what the trace calls the result; None for a call that is given a constant map and resizes it to a side."""

_RESIZES = ("aten.upsample_", "aten._upsample_")


def sides(one: Draft, two: Draft) -> dict[str, Side | None]:
    """What the calls of a model, read at two sizes, count along a side of a map."""
    found: dict[str, Side | None] = {}
    for result in one.counted.keys() & two.counted.keys():
        kind, shape = one.counted[result]
        _, twin = two.counted[result]
        if shape == twin or len(shape) != len(twin):
            continue
        if kind.startswith(_RESIZES):
            found[result] = None
        elif (side := next(_fitting(shape, twin, (one, two)), None)) is not None:
            found[result] = side
    return found


def noted(draft: Draft, call: Call, args: Args) -> None:
    """Have the draft know what a call counts, or to which size it resizes a constant map."""
    resized = args.get("output_size")
    shape = _counted(call.operator, args)
    if shape is None and call.operator.startswith(_RESIZES) and isinstance(resized, list):
        shape = tuple(resized) if all(isinstance(n, int) for n in resized) else None
    if shape is not None:
        draft.counted[call.result] = (call.operator, shape)


_RECKONS = words("mul div true_divide add sub rsub clamp clamp_min clamp_max pow lt le gt ge eq fmod remainder")


def frozen(draft: Draft, calls: Iterable[Call], constants: Mapping[str, Value]) -> bool:
    """Whether a trace of one size holds numbers that were worked out from it: counts along a side, divisions by pixels.

    Nobody can tell such a number from one that is meant; where there is none, other sizes are right as well.
    """
    sizes = {draft.picture_size(put) for put in draft.inputs if put.kind == "picture"}
    sides = {side for size in sizes for side in size if side > 1}
    # Of four axes the first two are pictures and channels, of which there may be as many.
    counted = any(sides & set(shape[2:] if len(shape) == _MAP else shape) for _, shape in draft.counted.values())
    given = (
        value
        for call in calls
        if call.operator.removeprefix("aten.").removesuffix("_") in _RECKONS
        for value in call.args.values()
    )
    numbers = filter(None, (_number(value, constants) for value in given))
    return counted or made_of(sizes, sizes_within(draft), numbers)


def _number(value: object, constants: Mapping[str, Value]) -> float | None:
    """A number that a call is given, itself or as a tensor of one value."""
    if isinstance(value, Name):
        held = constants[value.text].constant if value.text in constants else None
        return float(held.item()) if held is not None and held.size == 1 else None
    return float(value) if isinstance(value, int | float) else None


def sizes_within(draft: Draft) -> set[Size]:
    """Those of all maps of a draft."""
    return {shape.size for shape in draft.shapes.values()}


def made_of(sizes: Iterable[Size], within: Iterable[Size], numbers: Iterable[float]) -> bool:
    """Whether one of these numbers may have been worked out from the size of a picture, or of a map within.

    That is from its sides, last rows and columns, diagonal, pixels, halves, reciprocals, or one side by the other. Maps
    within have so many sizes that the middle of bytes and whole hundredths are not taken for theirs.
    """
    inner = _told(within)
    inner -= _HUNDREDTHS.union(_BYTES, (1 / n for n in _BYTES))
    told = np.array(sorted(_told(sizes) | inner))
    if not told.size:
        return False
    given = np.abs(np.array([number for number in numbers if math.isfinite(number)]))
    place = np.searchsorted(told, given)
    near = [np.abs(given - told[np.clip(place - back, 0, len(told) - 1)]) <= _FLOAT32 * given for back in (0, 1)]
    return bool(np.any(near))


def _told(sizes: Iterable[Size]) -> set[float]:
    whole, ratios = set[float](), set[float]()
    for height, width in sizes:
        sides = {height, width, height - 1, width - 1}
        whole |= {float(n) for n in (*sides, height * width, height * width - 1)} | {math.hypot(height, width)}
        whole |= {n / 2 for n in sides if n / 2 not in _BYTES}
        ratio = Fraction(height, width)
        if min(ratio.numerator, ratio.denominator) > 2:
            ratios |= {float(ratio), float(1 / ratio)}
    whole = {n for n in whole if n > _LIKELY_MEANT and n != _WHITE}
    return whole | {1 / n for n in whole} | ratios


def size_worked_in(size: Size) -> str:
    """Why a model takes pictures of its own size alone."""
    return (
        f"It takes pictures of {size} alone: numbers in it were worked out from that size; export it with heights and "
        "widths that may be any."
    )


def _counted(operator: str, args: Args) -> tuple[int, ...] | None:
    """The shape of what an operator makes of numbers alone; None for any other."""
    if operator == "aten.linspace" and all(isinstance(args.get(k), int | float) for k in ("start", "end")):
        return (int(args["steps"]),)
    if operator == "aten.arange":
        start, end, step = args.get("start", 0), args["end"], args.get("step", 1)
        known = all(isinstance(n, int | float) for n in (start, end, step))
        return (math.ceil((end - start) / step),) if known else None
    size = args.get("size", args.get("new_size"))
    if operator in _FILLS and isinstance(size, list) and all(isinstance(n, int) for n in size):
        return tuple(size)
    return None


def _fitting(one: tuple[int, ...], two: tuple[int, ...], drafts: tuple[Draft, Draft]) -> Iterator[Side]:
    """The maps, inputs first, along whose sides the axes go that differ."""
    moved = [axis for axis, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    inputs = [put.name for put in drafts[0].inputs]
    names = [*inputs, *(node.name for node in drafts[0].nodes)]
    both = [name for name in names if all(name in draft.shapes for draft in drafts)]
    larger = [(name, times) for name in inputs for times in _ENLARGED[1:]]
    if len(moved) > 2:
        return
    for name, times in [(name, 1) for name in inputs] + larger + [(name, 1) for name in both]:
        (_, *a), (_, *b) = (draft.shapes[name] for draft in drafts)
        pairs = [(a[k] * times, b[k] * times) for k in (0, 1)]
        for axes in ((moved[0], -1), (-1, moved[0])) if len(moved) == 1 else ((moved[0], moved[1]),):
            fits = [axis < 0 or (one[axis], two[axis]) == pair for axis, pair in zip(axes, pairs, strict=True)]
            if all(fits):
                yield Side(name, times, axes)


def counted_along(draft: Draft, name: str, operator: str, args: Args, side: Side) -> Value:
    """The numbers that an operator makes, as a layer of that map's size, and a view of it.

    Raises:
        StudioError: where the map is not there yet.
    """
    if side.like not in draft.shapes:
        raise StudioError(f'it counts along "{side.like}", which is made later.')
    like, shape = side.like, _counted(operator, args)
    assert shape is not None
    if side.times > 1:
        thin = draft.add("SliceChannels", like, name=f"{name}.one", start=0, end=1)
        like = draft.add("Upsample", thin, name=f"{name}.larger", scale_factor=side.times, mode="nearest")
    axis = "height" if side.axes[0] >= 0 else "width"
    if operator in _COUNTERS:
        start = float(args.get("start", 0))
        step = float(args.get("step", 1))
        if operator == "aten.linspace":
            step = (float(args["end"]) - start) / max(shape[0] - 1, 1)
        node = draft.add("Coordinates", like, name=name, axis=axis, start=start, step=step)
    else:
        held = _FILLS[operator]
        held = float(args["fill_value"]) if held is None else held
        node = draft.add("Coordinates", like, name=name, axis=axis, start=held, step=0.0)
        draft.lines[node] = 0
    _, height, width = draft.shapes[node]
    places = np.zeros(shape, np.int32)
    for at, length, each in ((side.axes[0], height, width), (side.axes[1], width, 1)):
        if at >= 0:
            places = places + along(np.arange(length) * each, at, len(shape))
    return snapped(draft, Value(shape, node, places.astype(np.int32)))
