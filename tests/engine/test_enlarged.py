"""Pictures that are drawn once a texel and repeated are those that the pass draws, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.view import ViewPass
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.model.views.display import DisplayTexture, Look, Placement
from studio.ui.viewport.enlarged import Enlarger
from studio.ui.viewport.scene import Part

pytestmark = pytest.mark.gl
CROP = Size(9, 13)
SIZE = Size(61, 70)


class Bench:
    """A picture of 9 × 13 texels in a texture of 10 × 14, drawn both ways."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.drawing = ViewPass(device, hurried=True)
        self.enlarger = Enlarger(device, self.drawing)
        context = device.context
        self.texture = context.texture((14, 10), 4, dtype="f4")
        self.limits = context.texture((1, 1), 2, dtype="f4")
        self.canvas = context.texture(SIZE.wh, 4)
        self.target = context.framebuffer([self.canvas])
        self.show(np.random.default_rng(0).uniform(-0.2, 1.2, (10, 14, 4)).astype(np.float32))

    def show(self, values: Array) -> None:
        self.texture.write(values.tobytes())

    def part(self, placement: Placement) -> Part:
        none, full = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        shown = DisplayTexture(
            name="out",
            role="output",
            texture=self.texture.glo,
            size=Size(10, 14),
            lanes=4,
            shape=(3, 10, 14),
            columns=1,
            crop=CROP,
            kernels=(0, 0, 0, 0),
            low=none,
            high=full,
            limits=self.limits.glo,
            limits_size=Size(1, 1),
            total=self.limits.glo,
            serial=1,
            has_ranges=False,
        )
        return Part(shown, "picture", placement)

    def by_pass(self, parts: list[Part], look: Look) -> Picture:
        self.target.clear(*look.ground, 1.0)
        for part in parts:
            self.drawing.draw(self.target, part.shown, part.drawing, part.placement, look)
        self.device.finish()
        return self.device.calls.read_picture(self.canvas)


@pytest.fixture
def bench(device: Device) -> Bench:
    return Bench(device)


@given(
    origin=st.tuples(st.floats(-6, 6), st.floats(-6, 6)),
    zoom=st.floats(1.5, 40),
    rect=st.tuples(st.integers(-5, 30), st.integers(-5, 30), st.integers(1, 60), st.integers(1, 60)),
)
def test_it_is_what_the_pass_draws(
    bench: Bench, origin: tuple[float, float], zoom: float, rect: tuple[int, int, int, int]
) -> None:
    x, y, width, height = rect
    top, left = max(0, y), max(0, x)
    inside = Rect(top, left, min(height, SIZE.height - top), min(width, SIZE.width - left))
    parts = [bench.part(Placement(Rect(0, 0, *SIZE), (0.0, 0.0), 4.0)), bench.part(Placement(inside, origin, zoom))]
    ours, drawn = bench.enlarger.drawn(SIZE, parts, Look()), bench.by_pass(parts, Look())
    assert ours is not None
    # At an edge between two texels the last digit of a product decides: a line at most, here and there.
    off = (ours[..., :3] != drawn[..., :3]).any(2)
    assert off.any(0).sum() <= 1 or off.any(1).sum() <= 1
    assert off.mean() <= 0.02


def test_what_is_no_number_is_left_to_the_pass(bench: Bench) -> None:
    values = np.full((10, 14, 4), 0.5, np.float32)
    values[4, 5, 1] = np.nan
    bench.show(values)
    parts = [bench.part(Placement(Rect(0, 0, *SIZE), (0.0, 0.0), 4.0))]
    assert bench.enlarger.drawn(SIZE, parts, Look()) is None
    plain = bench.enlarger.drawn(SIZE, parts, Look(nan=False))
    assert plain is not None
    np.testing.assert_array_equal(plain[..., :3], bench.by_pass(parts, Look(nan=False))[..., :3])
    # A border that is not shown may hold anything.
    values[4, 5, 1], values[9, 13, 0] = 0.5, np.nan
    bench.show(values)
    assert bench.enlarger.drawn(SIZE, parts, Look()) is not None


@pytest.mark.parametrize(
    "placement",
    [
        Placement(Rect(0, 0, *SIZE), (0.0, 0.0), 1.0),
        Placement(Rect(0, 0, *SIZE), (0.0, 0.0), 4.0, (-1.0, 0.0, 0.0, 1.0)),
    ],
)
def test_what_is_hardly_enlarged_or_turned_is_left_to_the_pass(bench: Bench, placement: Placement) -> None:
    assert bench.enlarger.drawn(SIZE, [bench.part(placement)], Look()) is None
    assert bench.enlarger.drawn(SIZE, [], Look()) is None


@pytest.mark.parametrize(("channels", "order"), [(1, "rgb"), (3, "rgb"), (3, "bgr")])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (-2.1, 2.6)])
def test_what_lies_in_memory_is_made_there_and_is_what_the_pass_draws(
    bench: Bench, channels: int, order: Literal["rgb", "bgr"], low: float, high: float
) -> None:
    texels = np.random.default_rng(1).uniform(low - 0.3, high + 0.3, (10, 14, 4)).astype(np.float32)
    texels[2, 3, :3], texels[4, 5, :3] = np.inf, -np.inf
    bench.show(texels)
    part = bench.part(Placement(Rect(0, 0, *SIZE), (0.5, 1.0), 4.0))
    lows, highs = (low, low + 0.05, low - 0.1), (high, high + 0.1, high + 0.2)
    shown = replace(part.shown, shape=(channels, 10, 14), order=order, low=lows, high=highs)
    drawn = bench.by_pass([replace(part, shown=shown)], Look())
    values = texels.transpose(2, 0, 1)[:channels]
    parts = [replace(part, shown=replace(shown, values=values, texture=0))]
    ours = bench.enlarger.drawn(SIZE, parts, Look())
    assert ours is not None
    # A level that lies between two may be rounded to either.
    off = np.abs(ours[..., :3].astype(int) - drawn[..., :3])
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01


def test_what_is_no_number_in_memory_is_left_to_the_pass_or_black(bench: Bench) -> None:
    texels = np.full((10, 14, 4), 0.5, np.float32)
    texels[4, 5, 1] = np.nan
    bench.show(texels)
    part = bench.part(Placement(Rect(0, 0, *SIZE), (0.0, 0.0), 4.0))
    parts = [replace(part, shown=replace(part.shown, values=texels.transpose(2, 0, 1)[:3]))]
    assert bench.enlarger.drawn(SIZE, parts, Look()) is None
    plain = bench.enlarger.drawn(SIZE, parts, Look(nan=False))
    assert plain is not None
    np.testing.assert_array_equal(plain[..., :3], bench.by_pass(parts, Look(nan=False))[..., :3])
