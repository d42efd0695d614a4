"""What was touched glows for a while, wherever its cell lies, and little of a large sheet is looked at for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.ui.filters.arrangement import arranged
from studio.ui.filters.glow import SECONDS, Glow

GRID = (30, 5, 3, 3)
SCALE = 4
"""Pixels across a cell."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def drawn(glow: Glow, rows: slice, columns: slice) -> np.ndarray:
    """(rows, columns) how light the middle of each cell is."""
    wide, tall = (columns.stop - columns.start) * SCALE, (rows.stop - rows.start) * SCALE
    image = QImage(wide, tall, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    glow.draw(painter, QRectF(0, 0, wide, tall), rows, columns)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(tall, wide, 4)
    return pixels[SCALE // 2 :: SCALE, SCALE // 2 :: SCALE, 0].copy()


@pytest.mark.usefixtures("qapp")
@given(data=st.data())
def test_each_touched_cell_glows_as_long_as_it_should_and_no_other(data: st.DataObject) -> None:
    order = np.random.default_rng(data.draw(st.integers(0, 9))).permutation(GRID[0])
    arrangement, clock = arranged(GRID, Size(120, 300), order), Clock()
    glow, touched = Glow(clock), np.full(arrangement.cells, -np.inf)
    glow.forget(arrangement.cells)
    for _ in range(data.draw(st.integers(0, 4))):
        clock.now += data.draw(st.floats(0, 2 * SECONDS))
        y, x = data.draw(st.integers(0, 89)), data.draw(st.integers(0, 14))
        rect = Rect(y, x, data.draw(st.integers(1, 90 - y)), data.draw(st.integers(1, 15 - x)))
        glow.touch(arrangement, rect)
        touched[arrangement.cells_of(rect)] = clock.now
    clock.now += data.draw(st.floats(0, SECONDS))
    (height, width) = arrangement.cells
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    seen = slice(top, data.draw(st.integers(top + 1, height))), slice(left, data.draw(st.integers(left + 1, width)))
    alpha = 210 * np.clip(1 - (clock.now - touched[seen]) / SECONDS, 0, 1) ** 1.5
    np.testing.assert_allclose(drawn(glow, *seen).astype(float), np.floor(alpha), atol=1)


@pytest.mark.usefixtures("qapp")
@given(mask=arrays(np.bool_, GRID[:2]))
def test_kernels_that_are_touched_at_once_glow_as_those_that_are_one_by_one(mask: np.ndarray) -> None:
    arrangement, clock = arranged(GRID, Size(120, 300), np.random.default_rng(1).permutation(GRID[0])), Clock()
    glow, wanted = Glow(clock), Glow(clock)
    for each in (glow, wanted):
        each.forget(arrangement.cells)
    glow.touch_cells(arrangement.lay_mask(mask))
    for row, column in np.argwhere(mask).tolist():
        wanted.touch(arrangement, Rect(row * GRID[2], column * GRID[3], GRID[2], GRID[3]))
    clock.now += SECONDS / 3
    whole = slice(0, arrangement.cells[0]), slice(0, arrangement.cells[1])
    assert glow.lasts == wanted.lasts == mask.any()
    np.testing.assert_array_equal(drawn(glow, *whole), drawn(wanted, *whole))


@pytest.mark.usefixtures("qapp")
def test_of_a_large_sheet_only_what_glows_is_made_light(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = (512, 1024, 4, 4)
    arrangement, glow = arranged(grid, Size(1000, 1000)), Glow(Clock())
    glow.forget(arrangement.cells)
    glow.touch(arrangement, Rect(40, 80, 8, 12))
    sizes = list[int]()
    plain = np.clip
    monkeypatch.setattr(np, "clip", lambda values, *ends: sizes.append(np.size(values)) or plain(values, *ends))
    assert drawn(glow, slice(0, 512), slice(0, 1024)).any()
    assert max(sizes) <= 2 * 3
