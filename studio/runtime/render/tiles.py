"""Pictures larger than a texture or than memory, bent tile by tile, with the borders that they have in the whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from studio.errors import StudioError
from studio.model.bends.stage import Painted
from studio.model.bends.stages import Stages
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture, Picture
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner, padded_picture

# Sides at which it is tried how far a network looks; one that looks further looks at whole pictures.
_TRIED = (256, 512, 1024)
_LEAST = 4
"""Strides that a side has on which it is tried, at least."""
_PART = 0.375
"""Amount of a bend that hides nothing: not all of what came before it, and not the half that an inversion cancels."""
_BLOCKS = 2
_BLOCK = 16
"""Pixels of a block's side, at least."""


@dataclass(frozen=True)
class PictureTile:
    """A part of a picture along one axis, in pixels of what the network is fed.

    Attributes:
        start: of what is fed.
        stop: likewise, exclusive.
        first: of what of its result is kept.
        last: likewise, exclusive.
    """

    start: int
    stop: int
    first: int
    last: int


def tiles(length: int, core: int, reach: int, step: int) -> list[PictureTile]:
    """Cut an axis into tiles that see as much around them as the network does.

    ::

        start       first          last        stop
          |- reach -|----- core -----|- reach -|      tiles at an end of the axis have it as their own border

    Args:
        length: of the axis.
        core: what each tile gives of the result, at least; made a multiple of `step`.
        reach: how far the network looks beyond what it gives.
        step: what starts must be multiples of, so that strides fall on the same pixels as in the whole.
    """
    core, reach = (max(step, -(-size // step) * step) for size in (core, reach))
    if length <= core + 2 * reach:
        return [PictureTile(0, length, 0, length)]
    firsts = range(0, length, core)
    # All windows are of one size, so that an engine makes room for one alone; those at an end move inwards.
    window = core + 2 * reach
    latest = (length - window + step - 1) // step * step
    found = []
    for first in firsts:
        start = min(max(0, first - reach), latest)
        found.append(PictureTile(start, min(length, start + window), first, min(length, first + core)))
    return found


class TiledRunner:
    """Bends pictures as `FrameRunner` does, a tile at a time, so that no map is larger than a tile's.

    Args:
        runner: runs the network on each tile.
        side: pixels of a tile along each axis, without what it sees around it.
    """

    def __init__(self, runner: FrameRunner, side: int) -> None:
        if side < 1:
            raise StudioError(f"A tile of {side} pixels is too small; give one of 64 or more.")
        self._runner, self._side = runner, side
        self._reach: Size | None = None
        self._measured: tuple[Stages, list[float]] = (), []

    def __call__(self, picture: DeepPicture, time: float = 0.0) -> DeepPicture:
        """(H, W, 3) RGB through the network, (H', W', 3) out, as the whole picture would be at once.

        Raises:
            StudioError: for a network that looks at the whole picture at once, for a bend that does or that keeps
                what it saw before, and where the output comes back.
        """
        graph = self._runner.graph
        scale = _scale_of(graph)
        size = self._runner.size_for(Size.of(picture))
        far_off = self._far()
        padded = padded_picture(picture, size.padded)
        lent = self._lent(size.padded)
        height, width = (int(side * s) for side, s in zip(size.padded, scale, strict=True))
        whole = np.empty((height, width, 3), np.uint16 if self._runner.deep else np.uint8)
        down, across = (
            tiles(side, self._side, far, step)
            for side, far, step in zip(size.padded, far_off, graph.multiple, strict=True)
        )
        for y in down:
            for x in across:
                for each in lent:
                    self._runner.engine.lend(each.stage, each.under(y, x))
                bent = self._runner(np.ascontiguousarray(padded[y.start : y.stop, x.start : x.stop]), time)
                (top, bottom), (left, right) = (_scaled(t, s) for t, s in zip((y, x), scale, strict=True))
                above, before = (int(t.start * s) for t, s in zip((y, x), scale, strict=True))
                whole[top:bottom, left:right] = bent[top - above : bottom - above, left - before : right - before]
        for each in lent:
            self._runner.engine.lend(each.stage, each.values)
        return whole[: size.output.height, : size.output.width]

    def check(self, size: Size) -> None:
        """Raise StudioError where pictures of this size cannot be bent, as far as that can be told without one."""
        _scale_of(self._runner.graph)
        self._runner.size_for(size)
        self._far()

    def _lent(self, padded: Size) -> list[_Lent]:
        """What stages have been lent for the whole picture."""
        engine, graph = self._runner.engine, self._runner.graph
        layers = {stage.id: stage.layer for stage in engine.stages}
        shapes = graph.shapes({put.name: padded if put.kind == "picture" else Size(1, 1) for put in graph.inputs})
        found = []
        for number, values in engine.lent.items():
            layer = layers.get(number)
            if layer is None:
                continue
            scale = graph.scales[layer]
            if scale is None or values.shape[1:] != shapes[layer].size:
                raise StudioError(
                    f'Stage {number} bends "{layer}" by a second picture whose map is of another size, so there are no '
                    "tiles of it; leave --tile out."
                )
            found.append(_Lent(number, values, scale, padded))
        return found

    def _far(self) -> Size:
        """How far the network and its bends look: measured again where a bend that looks around is turned."""
        engine = self._runner.engine
        check_tiles(engine.stages)
        if self._runner.feedback.amount > 0.0:
            raise StudioError("The output is fed back whole, which tiles cannot be; leave --tile out.")
        near = [stage for stage in engine.stages if stage.bend.span() is not None]
        now = engine.stages, list(engine.numbers) if near else []
        if self._reach is None or now != self._measured:
            self._reach, self._measured = self._tried(), now
        return self._reach

    def _tried(self) -> Size:
        """`reach`, with what may hide a part of the network at the moment, and not later, done by half."""
        engine, graph = self._runner.engine, self._runner.graph
        hiding = {stage.id for stage in engine.stages if stage.bend.span() is None}
        if not hiding:
            return reach(self._runner)
        if not engine.places:  # before its first run
            self._runner.raw(np.zeros((*(_LEAST * each for each in graph.multiple), 3), np.uint8))
        before = engine.numbers
        tried = before.copy()
        for number, place in enumerate(engine.places):
            if place.name == "amount" and place.owner in hiding:
                tried[number] = _PART
        engine.set_numbers(tried)
        try:
            return reach(self._runner)
        finally:
            engine.set_numbers(before)


@dataclass(frozen=True, eq=False)
class _Lent:
    """What a stage has been lent: the map of a second picture, or the picture of a network that goes.

    Attributes:
        stage: its number.
        values: (C, H, W), of the whole picture.
        scale: how large a map of its layer is, relative to the picture, but for a border that it may lack.
        whole: the size of the picture.
    """

    stage: int
    values: Array
    scale: tuple[Fraction, Fraction]
    whole: Size

    def under(self, y: PictureTile, x: PictureTile) -> Array:
        """The part of it that a tile sees."""
        down, across = (
            slice(int(tile.start * scale), length - int((side - tile.stop) * scale))
            for tile, scale, length, side in zip((y, x), self.scale, self.values.shape[1:], self.whole, strict=True)
        )
        return self.values[:, down, across]


def _scale_of(graph: Graph) -> tuple[Fraction, Fraction]:
    """How large the output is, relative to the picture; StudioError where there are no tiles of it."""
    if graph.states:
        raise StudioError("This network's state is stepped whole, so there are no tiles of it; leave --tile out.")
    scale = graph.scales[graph.output]
    if scale is None:
        raise StudioError(
            "The size of this network's output does not follow its picture's, so there are no tiles of it; "
            "leave --tile out."
        )
    return scale


def check_tiles(stages: Stages) -> None:
    """Raise StudioError for a stage that makes of a part of a map something else than of the whole."""
    for stage in stages:
        whole = isinstance(stage.mask, Painted) or stage.guard.kind in ("deviation", "norm")
        if stage.on and (whole or not stage.bend.in_tiles):
            what = "is masked or guarded by" if whole else "bends"
            raise StudioError(f"{stage.name} {what} the whole map, which tiles are not; leave --tile out.")


def _scaled(tile: PictureTile, scale: Fraction) -> tuple[int, int]:
    return int(tile.first * scale), int(tile.last * scale)


def reach(runner: FrameRunner) -> Size:
    """How many pixels beyond a place a network looks, down and across, found by trying what a change of a place moves.

    Raises:
        StudioError: where that is more than half of 1,024 pixels, or all of the picture.
    """
    step = runner.graph.multiple
    for tried in _TRIED:
        side = Size(*(max(tried // each, _LEAST) * each for each in step))
        before = np.random.default_rng(0).integers(0, 256, (*side, 3), np.uint8)
        made = runner.raw(before).copy()
        # One block that moves all of it is enough to know.
        moved = (_moved(runner, before, made, block) for block in _blocks(side, step))
        found = list(itertools.takewhile(lambda far: far is not None, moved))
        if len(found) == _BLOCKS:
            return Size(max(far.height for far in found if far), max(far.width for far in found if far))
    raise StudioError(
        "This network looks at the whole picture at once (a norm or a mean over the picture, a bend that moves it), "
        "so its tiles would not fit together; leave --tile out."
    )


def _blocks(side: Size, step: Size) -> Iterator[tuple[int, int]]:
    """Where blocks of one step begin, (y, x): in the middle, so that every phase of the strides is in them."""
    for place in range(_BLOCKS):
        y, x = side.height // step.height // 2 + place, side.width // step.width // 2 - place
        yield y * step.height, x * step.width


def _moved(runner: FrameRunner, before: Picture, made: Array, block: tuple[int, int]) -> Size | None:
    """How far from a block of a picture what is made of it moves with it; None where that is up to the border."""
    step, scale = runner.graph.multiple, runner.graph.scales[runner.graph.output]
    assert scale is not None, "asked before"
    after = before.copy()
    # Of a few pixels a norm over the whole picture shows too little.
    high, wide = (-(-_BLOCK // size) * size for size in step)
    top, left = block
    after[top : top + high, left : left + wide] = 255 - before[top : top + high, left : left + wide]
    change = np.abs(made - runner.raw(after)).max(axis=0)
    # Far off, what a network of many layers still sees of a place is less than a float tells.
    places = np.argwhere(change > 1e-5 * max(float(np.abs(made).max()), 1e-6))
    if not len(places):
        return Size(0, 0)
    lo, hi = places.min(axis=0), places.max(axis=0) + 1
    far = []
    for axis, (start, length) in enumerate(((top, high), (left, wide))):
        first, last = int(lo[axis] / scale[axis]), -(-int(hi[axis]) // scale[axis])
        if lo[axis] == 0 or hi[axis] == change.shape[axis]:
            return None
        far.append(max(0, start - first, int(last) - start - length))
    return Size(*far)
