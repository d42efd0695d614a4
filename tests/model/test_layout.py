"""Atlases and filter sheets: there and back bit for bit, and patches where they belong."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import normal
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.networks.layout import (
    Rect,
    atlas_for,
    channel_grid,
    check_rect,
    from_sheet,
    kernels_touched,
    pack_atlas,
    put,
    sheet_size,
    to_sheet,
    unpack_atlas,
)
from studio.model.networks.shape import Shape

shapes = st.builds(Shape, st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
tensor_shapes = (
    st.tuples(st.integers(1, 9))
    | st.tuples(st.integers(1, 9), st.integers(1, 9))
    | st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5))
)


@settings(max_examples=100)
@given(shape=shapes)
def test_an_activation_packed_into_an_atlas_comes_back(shape: Shape) -> None:
    values, atlas = normal(*shape), atlas_for(shape, 4096)
    texels = pack_atlas(values, atlas)

    assert texels.shape == (atlas.rows * shape.height, atlas.columns * shape.width, 4)
    np.testing.assert_array_equal(unpack_atlas(texels, atlas), values)
    assert np.count_nonzero(texels) == np.count_nonzero(values)


@settings(max_examples=100)
@given(shape=shapes, data=st.data())
def test_a_channel_lies_in_the_tile_and_lane_that_the_picture_of_an_atlas_shows(
    shape: Shape, data: st.DataObject
) -> None:
    c, y, x = (data.draw(st.integers(0, length - 1)) for length in shape)
    values, atlas = normal(*shape), atlas_for(shape, 4096)
    row, column = divmod(c // 4, atlas.columns)

    texels = pack_atlas(values, atlas)

    assert texels[row * shape.height + y, column * shape.width + x, c % 4] == values[c, y, x]


@settings(max_examples=150)
@given(shape=shapes, limit=st.integers(4, 120))
def test_an_atlas_fits_the_limit_or_none_does(shape: Shape, limit: int) -> None:
    tiles = -(-shape.channels // 4)
    try:
        atlas = atlas_for(shape, limit)
    except StudioError as error:
        most = (limit // shape.width) * (limit // shape.height)
        assert most < tiles
        assert f"{shape}" in str(error)  # noqa: PT017 - either outcome is checked
        assert f"{limit}×{limit}" in str(error)  # noqa: PT017
        return
    assert max(atlas.size) <= limit
    assert atlas.tiles == tiles
    assert tiles <= atlas.columns * atlas.rows < tiles + atlas.columns


@pytest.mark.parametrize("shape", [Shape(64, 128, 128), Shape(256, 20, 30), Shape(512, 1, 1), Shape(36, 90, 10)])
def test_an_atlas_is_near_square(shape: Shape) -> None:
    height, width = atlas_for(shape, 16384).size
    assert width <= 2 * max(height, shape.width)
    assert height <= 2 * max(width, shape.height)


@settings(max_examples=100)
@given(shape=tensor_shapes)
def test_a_tensor_as_its_sheet_comes_back(shape: tuple[int, ...]) -> None:
    values = normal(*shape)
    sheet = to_sheet(values)

    assert sheet.shape == sheet_size(shape)
    assert from_sheet(sheet, shape).tobytes() == values.tobytes()


def test_a_sheet_is_a_grid_of_kernels() -> None:
    values = normal(2, 3, 4, 5)
    sheet = to_sheet(values)
    np.testing.assert_array_equal(sheet[4:8, 10:15], values[1, 2])
    np.testing.assert_array_equal(to_sheet(values[0, 0, 0]), values[0, 0, :1])


@settings(max_examples=200)
@given(shape=tensor_shapes, data=st.data())
def test_a_patch_changes_its_rectangle_of_the_sheet_and_nothing_else(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    height, width = sheet_size(shape)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
    patch, found = normal(rect.height, rect.width, seed=1), normal(*shape)
    wanted = to_sheet(found)
    wanted[y : y + rect.height, x : x + rect.width] = patch
    untouched = np.ones((height, width), bool)

    put(found, rect, patch)

    np.testing.assert_array_equal(to_sheet(found), wanted)
    rows, columns = kernels_touched(rect, shape)
    kh, kw = shape[2:] if len(shape) == 4 else (1, 1)
    untouched[rows.start * kh : rows.stop * kh, columns.start * kw : columns.stop * kw] = False
    np.testing.assert_array_equal(to_sheet(found)[untouched], to_sheet(normal(*shape))[untouched])


@pytest.mark.parametrize(
    ("rect", "patch", "words"),
    [
        (Rect(0, 0, 1, 1), (1, 2), "does not fill"),
        (Rect(-1, 0, 1, 1), (1, 1), "outside the filter sheet of 8×15"),
        (Rect(0, 15, 1, 1), (1, 1), "outside"),
        (Rect(7, 0, 2, 1), (2, 1), "outside"),
        (Rect(0, 0, 0, 1), (0, 1), "outside"),
    ],
)
def test_a_rectangle_outside_the_sheet_is_refused(rect: Rect, patch: tuple[int, int], words: str) -> None:
    with pytest.raises(StudioError, match=words):
        check_rect(rect, np.zeros(patch), (2, 3, 4, 5))


def test_every_channel_has_its_tile_of_a_grid_and_the_rest_is_nan() -> None:
    values = normal(5, 3, 4)
    grid = channel_grid(values)
    assert grid.shape == (9, 8)
    np.testing.assert_array_equal(grid[:3, 4:8], values[1])
    np.testing.assert_array_equal(grid[6:9, :4], values[4])
    assert np.isnan(grid[6:9, 4:8]).all()


@pytest.mark.parametrize("rect", [Rect(0, 0, 120, 80), Rect(3, 4, 99, 60), Rect(1, 3, 100, 70), Rect(6, 8, 9, 8)])
def test_a_patch_of_any_size_lands_in_its_rectangle(rect: Rect) -> None:
    tensor, patch = normal(40, 20, 3, 4), normal(rect.height, rect.width, seed=1)
    whole = to_sheet(tensor)
    whole[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = patch
    put(tensor, rect, patch)
    np.testing.assert_array_equal(to_sheet(tensor), whole)
