"""Covers in blocks, against one array of all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.edits._covered import Covered
from studio.model.networks.layout import Rect

SHEETS = [(1, 1), (300, 300), (3, 40_000), (40_000, 3), (1, 20_000), (129, 257)]


@given(st.sampled_from(SHEETS), st.data())
@settings(max_examples=60, deadline=None)
def test_blocks_hold_what_one_array_would(sheet: tuple[int, int], data: st.DataObject) -> None:
    height, width = sheet
    covered, whole = Covered(height, width), np.zeros(sheet)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    for _ in range(data.draw(st.integers(1, 5))):
        y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
        rect = Rect(
            y, x, data.draw(st.integers(1, min(200, height - y))), data.draw(st.integers(1, min(200, width - x)))
        )
        cover = rng.uniform(0, data.draw(st.sampled_from([0.0, 0.1, 1.0])), (rect.height, rect.width))
        there = np.s_[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        assert covered.adds(rect, cover) == bool((cover > whole[there]).any())
        covered.add(rect, cover)
        whole[there] = np.maximum(whole[there], cover)
        assert np.array_equal(covered.at(rect), whole[there])
    assert np.array_equal(covered.at(Rect(0, 0, height, width)), whole)


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_place_takes_the_room_of_a_few_blocks(sheet: tuple[int, int]) -> None:
    covered = Covered(*sheet)
    assert not covered.nbytes
    covered.add(Rect(sheet[0] // 2, sheet[1] // 2, 1, 1), np.ones((1, 1)))
    assert covered.nbytes <= 128 * 1024
