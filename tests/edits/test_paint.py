from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from studio.edits import make_edit
from studio.edits.paint import Paint
from studio.errors import StudioError
from studio.model.filters.edit import Selection
from studio.model.networks.layout import from_sheet, to_sheet

Array = NDArray[np.float32]
SHAPES = [(3, 4, 4, 4), (2, 5, 3, 7), (1, 1, 16, 16), (40,), (6, 6)]


def paint(tensor: Array, selection: Selection | None = None, **params: object) -> Array:
    edit = make_edit("Paint", params)
    return edit.apply(tensor, selection or Selection.everything(tensor.shape)).applied(tensor)


def distance(y: float, x: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """From a point to a segment, the slow and plain way."""
    dy, dx = b[0] - a[0], b[1] - a[1]
    squared = dy * dy + dx * dx
    t = 0.0 if squared < 1e-18 else max(0.0, min(1.0, ((y - a[0]) * dy + (x - a[1]) * dx) / squared))
    return math.hypot(y - a[0] - t * dy, x - a[1] - t * dx)


points = st.lists(st.tuples(st.floats(-6, 22), st.floats(-6, 22)), min_size=1, max_size=5)


@given(st.sampled_from(SHAPES), points, st.floats(0.5, 8), st.sampled_from([0.0, 0.3, 0.9, 1.0]))
@settings(max_examples=80, deadline=None)
def test_a_stroke_covers_what_is_within_its_radius_and_nothing_else(
    shape: tuple[int, ...], line: list[tuple[float, float]], radius: float, hardness: float
) -> None:
    old = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    new = to_sheet(paint(old, points=line, radius=radius, hardness=hardness, mode="set", value=50.0))
    sheet = to_sheet(old)
    segments = list(pairwise(line)) or [(line[0], line[0])]
    for (i, j), weight in np.ndenumerate(sheet):
        far = min(distance(i + 0.5, j + 0.5, a, b) for a, b in segments)
        if far > radius + 1e-9:
            assert new[i, j].tobytes() == weight.tobytes()
        elif far < radius * hardness - 1e-9:
            assert new[i, j] == 50.0
        elif far < radius * 0.99 and hardness < 1.0:
            assert new[i, j] != weight


@pytest.mark.parametrize(("mode", "expected"), [("add", 4 + 3), ("set", 3), ("multiply", 12), ("erase", 0)])
@pytest.mark.parametrize("opacity", [1.0, 0.5])
def test_modes(mode: str, expected: float, opacity: float) -> None:
    tensor = np.full((1, 1, 5, 5), 4, np.float32)
    painted = paint(tensor, points=[(2.5, 2.5)], radius=1.2, hardness=1.0, value=3.0, mode=mode, opacity=opacity)
    wanted = tensor.copy()
    for y, x in [(2, 2), (1, 2), (3, 2), (2, 1), (2, 3)]:
        wanted[0, 0, y, x] = 4 + (expected - 4) * opacity
    assert np.array_equal(painted, wanted)


def test_a_soft_brush_fades_out() -> None:
    profile = paint(np.zeros((1, 1, 1, 21), np.float32), points=[(0.5, 10.5)], radius=8.0, hardness=0.25, value=1.0)
    half = profile.ravel()[10:]
    assert half[:3].tolist() == [1, 1, 1]
    assert (np.diff(half[2:9]) < 0).all()
    assert half[8:].tolist() == [0, 0, 0]


def test_crossing_itself_does_not_paint_twice() -> None:
    there_and_back = [(4.0, 1.0), (4.0, 14.0), (4.0, 1.0), (4.0, 14.0)]
    zeros = np.zeros((1, 1, 8, 16), np.float32)
    once, thrice = (paint(zeros, points=line, opacity=0.3) for line in (there_and_back[:2], there_and_back))
    assert np.array_equal(once, thrice)


def test_the_line_is_unbroken_over_kernels() -> None:
    painted = to_sheet(paint(np.zeros((4, 4, 4, 4), np.float32), points=[(0, 0), (16, 16)], radius=1.0, hardness=1.0))
    assert (painted.diagonal() > 0).all()


def test_selection_masks_a_stroke() -> None:
    selection = Selection.columns((2, 2, 4, 4), [1])
    painted = paint(np.zeros((2, 2, 4, 4), np.float32), selection, points=[(4, 0), (4, 8)], radius=2.0)
    assert (painted[:, 0] == 0).all()
    assert (painted[:, 1] != 0).any()


def test_the_patch_is_no_larger_than_the_stroke() -> None:
    tensor = np.zeros((64, 64, 4, 4), np.float32)
    edit = Paint(points=((100.0, 50.0), (103.0, 60.0)), radius=3.0)
    assert edit.apply(tensor, Selection.everything(tensor.shape)).rect == (97, 47, 9, 16)


@pytest.mark.parametrize("where", [(-50.0, 3.0), (3.0, 900.0), (1e6, -1e6)])
def test_a_stroke_beside_the_sheet_changes_nothing(where: tuple[float, float]) -> None:
    tensor = np.random.default_rng(2).standard_normal((2, 2, 3, 3)).astype(np.float32)
    patch = make_edit("Paint", {"points": [where]}).apply(tensor, Selection.everything(tensor.shape))
    assert patch.values.shape == (1, 1)
    assert np.array_equal(patch.applied(tensor), tensor)


def test_a_stroke_from_far_outside_crosses_the_sheet() -> None:
    zeros = np.zeros((1, 1, 8, 8), np.float32)
    painted = paint(zeros, points=[(4.0, -1e6), (4.0, 1e6)], radius=1.0, hardness=1.0)
    assert (painted[0, 0, 3:5] > 0).all()
    assert (painted[0, 0, [0, 1, 2, 5, 6, 7]] == 0).all()


@pytest.mark.parametrize(
    "line", [[], [(0, 0, 1.5)], [(0, 0, -0.1)], [(math.nan, 0)], [(1e9, 0)], [(1,)], [("a", 0)], "line"]
)
def test_bad_lines_are_refused(line: object) -> None:
    with pytest.raises(StudioError, match='Paint: the field "points'):
        make_edit("Paint", {"points": line})


def test_a_vector_is_painted_as_one_row() -> None:
    painted = paint(np.zeros(9, np.float32), points=[(0.5, 4.5)], radius=1.0, hardness=1.0, value=2.0)
    assert painted.tolist() == [0, 0, 0, 2, 2, 2, 0, 0, 0]
    assert from_sheet(to_sheet(painted), (9,)).tolist() == painted.tolist()
