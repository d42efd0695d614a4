from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import Rect, put

SHAPE = (3, 4, 2, 2)


def test_everything_of_each_kind_of_tensor() -> None:
    assert Selection.everything(SHAPE).mask.shape == (3, 4)
    assert Selection.everything((5,)).mask.shape == (1, 5)
    assert Selection.everything((5, 6)).count == 30


def test_rows_and_columns() -> None:
    assert Selection.rows(SHAPE, [0, 2]).mask.tolist() == [[True] * 4, [False] * 4, [True] * 4]
    assert Selection.columns(SHAPE, [1]).mask.tolist() == [[False, True, False, False]] * 3
    with pytest.raises(StudioError, match="no row 3 of kernels; they are numbered 0 to 2"):
        Selection.rows(SHAPE, [3])
    with pytest.raises(StudioError, match="no column -1"):
        Selection.columns(SHAPE, [-1])


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(0, 9), st.integers(0, 9))
def test_a_rectangle_is_cut_to_the_grid(top: int, left: int, height: int, width: int) -> None:
    wanted = np.array([[top <= y < top + height and left <= x < left + width for x in range(4)] for y in range(3)])
    if wanted.any():
        assert np.array_equal(Selection.rectangle(SHAPE, top, left, height, width).mask, wanted)
    else:
        with pytest.raises(StudioError, match="holds none"):
            Selection.rectangle(SHAPE, top, left, height, width)


def test_strongest_and_weakest_go_by_norm_and_take_the_first_of_equals() -> None:
    tensor = np.zeros(SHAPE, np.float32)
    tensor[1, 2] = -3
    tensor[2, 0, 0, 0] = 5
    assert np.argwhere(Selection.strongest(tensor, 2).mask).tolist() == [[1, 2], [2, 0]]
    assert np.flatnonzero(Selection.weakest(tensor, 2).mask).tolist() == [0, 1]
    assert Selection.strongest(tensor, 99).count == 12
    assert Selection.strongest(tensor, 0).count == 0
    with pytest.raises(StudioError, match="-1 kernels"):
        Selection.weakest(tensor, -1)


def test_single_kernels() -> None:
    assert np.argwhere(Selection.kernels(SHAPE, [(2, 3), (0, 1), (2, 3)]).mask).tolist() == [[0, 1], [2, 3]]
    assert Selection.kernels(SHAPE, []).count == 0
    assert Selection.kernels((5,), [(0, 4)]).count == 1
    with pytest.raises(StudioError, match="no row 3 of kernels"):
        Selection.kernels(SHAPE, [(3, 0)])
    with pytest.raises(StudioError, match="no column 4 of kernels"):
        Selection.kernels(SHAPE, [(0, 0), (0, 4)])


@given(st.integers(0, 20), st.integers(0, 2**31 - 1))
def test_random_kernels_follow_their_seed(n: int, seed: int) -> None:
    drawn = Selection.random(SHAPE, n, seed)
    assert drawn.count == min(n, 12)
    assert np.array_equal(drawn.mask, Selection.random(SHAPE, n, seed).mask)


def test_random_kernels_are_others_for_another_seed() -> None:
    assert len({Selection.random((8, 8, 1, 1), 9, seed).mask.tobytes() for seed in range(20)}) == 20
    with pytest.raises(StudioError, match="-1 kernels"):
        Selection.random(SHAPE, -1, 0)


@given(st.integers(0, 4095), st.integers(0, 4095))
def test_selections_combine_like_sets(one: int, two: int) -> None:
    def of(number: int) -> tuple[Selection, set[tuple[int, int]]]:
        places = {(bit // 4, bit % 4) for bit in range(12) if number >> bit & 1}
        return Selection.kernels(SHAPE, places), places

    def found(selection: Selection) -> set[tuple[int, int]]:
        return {(int(row), int(column)) for row, column in np.argwhere(selection.mask)}

    (a, in_a), (b, in_b) = of(one), of(two)
    assert found(a | b) == in_a | in_b
    assert found(a & b) == in_a & in_b
    assert found(a - b) == in_a - in_b


def test_selections_of_two_tensors_do_not_combine() -> None:
    with pytest.raises(StudioError, match="Selections of 3×4 and of 1×7 kernels cannot be combined"):
        Selection.everything(SHAPE) | Selection.everything((7,))


def test_strongest_does_not_overflow() -> None:
    tensor = np.full((1, 2, 2, 2), 2e38, np.float32)
    tensor[0, 1] = 3e38
    assert Selection.strongest(tensor, 1).mask.tolist() == [[False, True]]


@given(st.integers(0, 12))
def test_strongest_and_weakest_share_out_the_kernels(n: int) -> None:
    tensor = np.random.default_rng(n).standard_normal(SHAPE).astype(np.float32)
    strongest, weakest = Selection.strongest(tensor, n), Selection.weakest(tensor, 12 - n)
    assert np.array_equal(strongest.invert().mask, weakest.mask)


def test_a_selection_keeps_a_copy() -> None:
    mask = np.ones((1, 2), np.bool_)
    selection = Selection(mask)
    mask[:] = False
    assert selection.mask.all()
    with pytest.raises(ValueError, match="read-only"):
        selection.mask[0, 0] = False
    with pytest.raises(ValueError, match="not 1 axes"):
        Selection(np.ones(3, np.bool_))


def test_bounds_are_the_smallest_block() -> None:
    mask = np.zeros((3, 4), np.bool_)
    mask[1, 1] = mask[2, 3] = True
    assert Selection(mask).bounds() == (slice(1, 3), slice(1, 4))


def test_check_says_what_does_not_fit() -> None:
    with pytest.raises(StudioError, match="a grid of 3×4 kernels, but this tensor has 1×7"):
        Selection.everything(SHAPE).check((7,))
    with pytest.raises(StudioError, match="No filter is selected"):
        Selection.everything(SHAPE).invert().check(SHAPE)


def test_a_patch_applied_is_what_put_does() -> None:
    tensor = np.arange(48, dtype=np.float32).reshape(SHAPE)
    patch = Patch(Rect(1, 2, 3, 4), np.full((3, 4), -1, np.float32))
    expected = tensor.copy()
    put(expected, patch.rect, patch.values)
    before = tensor.copy()
    assert np.array_equal(patch.applied(tensor), expected)
    assert np.array_equal(tensor, before)
    # Also of a tensor that is a view of another order, in which put could not write.
    transposed = tensor.transpose(1, 0, 2, 3)
    assert (patch.applied(transposed) == -1).sum() == 12
