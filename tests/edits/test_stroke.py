"""A stroke while it is drawn, against the same stroke at once and against the plain rule."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from studio.edits.paint import Paint
from studio.edits.stroke import Stroke
from studio.errors import StudioError
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import kernel_grid, put, to_sheet
from studio.model.views.brush import Brush

Array = NDArray[np.float32]
MODES = ["add", "set", "multiply", "erase", "smooth", "noise"]
SHAPES = [(3, 4, 4, 4), (2, 5, 3, 7), (1, 1, 16, 16), (40,), (6, 6), (1, 4, 1, 5), (30, 40, 2, 2)]
places = st.floats(-6, 90)
lines = st.lists(st.tuples(places, places, st.floats(0, 1)), min_size=1, max_size=6).map(tuple)
brushes = st.builds(
    Brush,
    radius=st.floats(0.5, 12),
    hardness=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    opacity=st.sampled_from([1.0, 0.4]),
    value=st.floats(-3, 3),
    mode=st.sampled_from(MODES),
    repeat=st.sampled_from(["none", "row", "column", "all"]),
    mirror=st.sampled_from(["none", "horizontal", "vertical", "both"]),
    seed=st.integers(0, 2**31 - 1),
)


def random(shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def at_once(brush: Brush, points: Any, tensor: Array, selection: Selection | None = None) -> Array:
    edit = Paint(points=points, **brush.model_dump())
    return edit.apply(tensor, selection or Selection.everything(tensor.shape)).applied(tensor)


def drawn(brush: Brush, points: Any, tensor: Array, selection: Selection) -> tuple[Array, list[Patch | None]]:
    stroke, live = Stroke(brush, tensor, selection), tensor.copy()
    patches = [stroke.to(*point) for point in points]
    for patch in patches:
        if patch is not None:
            put(live, patch.rect, patch.values)
    return live, patches


@pytest.mark.long
@given(st.sampled_from(SHAPES), brushes, lines, st.data())
@settings(max_examples=400, deadline=None)
def test_all_patches_make_the_whole_stroke_bit_for_bit(
    shape: tuple[int, ...], brush: Brush, points: Any, data: st.DataObject
) -> None:
    tensor = random(shape)
    mask = data.draw(st.just(np.ones(kernel_grid(shape)[:2], np.bool_)) | arrays(np.bool_, kernel_grid(shape)[:2]))
    if not mask.any():
        mask[0, 0] = True
    before = tensor.copy()
    live, _ = drawn(brush, points, tensor, Selection(mask))
    assert live.tobytes() == at_once(brush, points, tensor, Selection(mask)).tobytes()
    assert tensor.tobytes() == before.tobytes()
    kept = ~mask
    assert live.reshape(kernel_grid(shape))[kept].tobytes() == before.reshape(kernel_grid(shape))[kept].tobytes()


@given(brushes, lines)
@settings(max_examples=60, deadline=None)
def test_repeats_and_mirrors_are_what_they_say(brush: Brush, points: Any) -> None:
    """Painting cover itself: "set" to 1 on zeros leaves each weight at its cover."""
    shape = (3, 4, 4, 5)
    zeros, plain = np.zeros(shape, np.float32), {"mode": "set", "value": 1.0}
    once = at_once(brush.model_copy(update=plain | {"repeat": "none", "mirror": "none"}), points, zeros)
    wanted = once
    if brush.mirror in ("horizontal", "both"):
        wanted = np.maximum(wanted, wanted[:, :, :, ::-1])
    if brush.mirror in ("vertical", "both"):
        wanted = np.maximum(wanted, wanted[:, :, ::-1])
    if brush.repeat in ("row", "all"):
        wanted = np.broadcast_to(wanted.max(axis=1, keepdims=True), shape)
    if brush.repeat in ("column", "all"):
        wanted = np.broadcast_to(wanted.max(axis=0, keepdims=True), shape)
    assert np.array_equal(at_once(brush.model_copy(update=plain), points, zeros), wanted)


def test_a_repeated_stroke_starts_from_kernels_that_are_not_selected_and_keeps_to_those_that_are() -> None:
    zeros = np.zeros((2, 3, 3, 3), np.float32)
    brush = Brush(radius=0.5, hardness=1.0, mode="set", value=1.0, repeat="row")
    painted = at_once(brush, [(1.5, 1.5)], zeros, Selection.kernels(zeros.shape, [(0, 2), (1, 0)]))
    assert np.argwhere(painted).tolist() == [[0, 2, 1, 1]]


def test_smooth_moves_towards_the_mean_within_the_kernel() -> None:
    tensor = random((2, 2, 4, 3))
    brush = Brush(radius=50.0, hardness=1.0, opacity=0.25, mode="smooth")
    wanted = tensor.astype(np.float64)
    for row, column, i, j in np.ndindex(tensor.shape):
        near = tensor[row, column, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].astype(np.float64)
        wanted[row, column, i, j] += 0.25 * (near.mean() - wanted[row, column, i, j])
    assert np.allclose(at_once(brush, [(4, 3)], tensor), wanted, atol=1e-6)
    assert np.array_equal(at_once(brush, [(4, 3)], np.full((2, 2, 3, 3), 0.5, np.float32)), np.full((2, 2, 3, 3), 0.5))


def test_noise_is_gaussian_and_belongs_to_place_and_seed() -> None:
    zeros = np.zeros((40, 40, 8, 8), np.float32)
    brush = Brush(radius=1000.0, hardness=1.0, mode="noise", value=2.0, seed=7)
    noise = to_sheet(at_once(brush, [(0, 0)], zeros)) / 2
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(1, rel=0.02)
    assert [(np.abs(noise) < k).mean() for k in (1, 2, 3)] == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.006)
    for shifted in (np.roll(noise, 1, axis=0), np.roll(noise, 1, axis=1), noise.T):
        assert abs(np.corrcoef(noise.ravel(), shifted.ravel())[0, 1]) < 0.02
    other = to_sheet(at_once(brush.model_copy(update={"seed": 8}), [(0, 0)], zeros)) / 2
    assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.02
    # A smaller stroke elsewhere finds the same noise where both have been.
    small = to_sheet(at_once(brush.model_copy(update={"radius": 20.0}), [(100, 200)], zeros)) / 2
    assert (small != 0).sum() > 1000
    assert np.array_equal(small[small != 0], noise[small != 0])


def test_noise_of_one_seed_is_the_same_on_every_machine() -> None:
    brush = Brush(radius=10.0, hardness=1.0, mode="noise", value=1.0, seed=3)
    assert at_once(brush, [(0, 0)], np.zeros(4, np.float32)).tolist() == pytest.approx(
        [-1.0763137340545654, -0.011876935139298439, 1.9920473098754883, 1.1843942403793335], abs=1e-7
    )


def test_pressure_scales_the_opacity_evenly_along_the_line() -> None:
    zeros = np.zeros((1, 1, 1, 9), np.float32)
    brush = Brush(radius=1.0, hardness=1.0, mode="set", value=1.0, opacity=0.8)
    painted = at_once(brush, [(0.5, 0.5, 0.0), (0.5, 8.5, 1.0)], zeros).ravel()
    assert painted == pytest.approx(0.8 * np.arange(9) / 8)
    light = at_once(brush, [(0.5, 4.5, 0.5)], zeros).ravel()
    assert light == pytest.approx([0, 0, 0, 0.4, 0.4, 0.4, 0, 0, 0])
    stroke = Stroke(brush, zeros, Selection.everything(zeros.shape))
    patch = stroke.to(0.5, 4.5, pressure=7.0)
    assert patch is not None
    assert patch.values.max() == pytest.approx(0.8)


def test_a_patch_is_no_larger_than_its_segment() -> None:
    tensor = random((64, 64, 4, 4))
    stroke = Stroke(Brush(radius=3.0), tensor, Selection.everything(tensor.shape))
    first, second, third = stroke.to(100, 50), stroke.to(103, 60), stroke.to(200, 60)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.rect == (97, 47, 6, 6)
    assert second.rect == (97, 47, 9, 16)
    assert third.rect == (100, 57, 103, 6)


def test_a_segment_that_adds_nothing_makes_no_patch() -> None:
    tensor = random((4, 4, 4, 4))
    stroke = Stroke(Brush(radius=2.0), tensor, Selection.rows(tensor.shape, [0]))
    assert stroke.to(-50, -50) is None
    assert stroke.to(-50, 3) is None
    assert Stroke(Brush(radius=2.0), tensor, Selection.rows(tensor.shape, [3])).to(3, 3) is None
    stroke = Stroke(Brush(radius=2.0), tensor, Selection.everything(tensor.shape))
    assert stroke.to(5, 5) is not None
    assert stroke.to(5, 5) is None
    assert stroke.to(5, 5, pressure=0.5) is None


@given(st.floats(0.5, 40), st.sampled_from([0.0, 0.5, 1.0]), st.tuples(places, places), st.tuples(places, places))
@settings(max_examples=60, deadline=None)
def test_a_long_line_in_strips_covers_what_one_rectangle_does(
    radius: float, hardness: float, start: tuple[float, float], end: tuple[float, float]
) -> None:
    zeros = np.zeros((5, 5, 60, 60), np.float32)
    brush = Brush(radius=radius, hardness=hardness, mode="set", value=1.0)
    line = [(start[0] * 3, start[1] * 3), (end[0] * 3, end[1] * 3)]
    in_strips = at_once(brush, line, zeros)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.edits._cover._STRIP", 1e9)
        assert np.array_equal(at_once(brush, line, zeros), in_strips)


def test_a_stroke_checks_its_selection() -> None:
    with pytest.raises(StudioError, match="No filter is selected"):
        Stroke(Brush(), np.zeros((2, 2, 3, 3), np.float32), Selection(np.zeros((2, 2), np.bool_)))


def test_the_thousandth_segment_costs_what_the_tenth_does() -> None:
    tensor = np.zeros((256, 256, 4, 4), np.float32)
    stroke = Stroke(Brush(radius=6.0), tensor, Selection.everything(tensor.shape))
    held = []
    tracemalloc.start()
    for step in range(1000):
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        stroke.to(500 + 400 * np.sin(step / 50), 500 + 400 * np.cos(step / 50))
        held.append(tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    # What it works on, in bytes, is as large: time would tell the same of a machine that does nothing else.
    assert np.median(held[-100:]) < 1.5 * np.median(held[10:110])


def test_a_dot_on_a_large_tensor_makes_room_for_what_it_reaches_alone() -> None:
    tensor = np.zeros((512, 1024, 4, 4), np.float32)
    selection = Selection.everything(tensor.shape)
    tracemalloc.start()
    try:
        stroke = Stroke(Brush(radius=60.0), tensor, selection)
        assert stroke.extend(1000, 2000) is not None
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < tensor.nbytes / 8
