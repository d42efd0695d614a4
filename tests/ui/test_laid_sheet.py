"""The sheet's colours, however large the tensor: a few rows in every paint, where they are seen, and all in the end."""

from __future__ import annotations

import numpy as np
import pytest
from filter_editor_desk import WEIGHT, Desk
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from studio.edits.stroke import Stroke
from studio.model.declared.size import Size
from studio.model.filters.edit import Selection
from studio.model.filters.version import Version
from studio.model.networks.layout import Rect, put, sheet_size
from studio.model.views.brush import Brush
from studio.ui.filters import laid_sheet, sheet_colours
from studio.ui.filters.arrangement import Laid, arranged
from studio.ui.filters.laid_sheet import LaidSheet

ALL = slice(0, 10_000)
SHAPE = (30, 5, 3, 3)


def kernels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)


def laid(of: np.ndarray, scaling: str) -> LaidSheet:
    return LaidSheet(of, kernels(1), arranged(SHAPE, Size(120, 300)), "signed", scaling)  # type: ignore[arg-type]


@given(st.data())
def test_all_is_as_if_it_had_been_laid_out_at_once(data: st.DataObject) -> None:
    scaling = data.draw(st.sampled_from(["tile", "whole"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laid_sheet, "_AT_ONCE", data.draw(st.integers(1, 2000)))
        now = kernels(1)
        sheet = laid(now, scaling)
        for seed in range(data.draw(st.integers(0, 3))):
            sheet.refresh(now, slice(0, data.draw(st.integers(1, 40))), slice(0, data.draw(st.integers(1, 40))))
            height, width = sheet_size(SHAPE)
            y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
            rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
            put(now, rect, np.random.default_rng(seed).standard_normal((rect.height, rect.width)).astype(np.float32))
            sheet.changed(now, rect)
        while not sheet.refresh(now, ALL, ALL):
            pass
        patch.undo()
        once = laid(kernels(1), scaling)
        once.changed(now, Rect(0, 0, *sheet_size(SHAPE)))
        assert once.refresh(now, ALL, ALL)
        np.testing.assert_array_equal(sheet._weights, once._weights)
        np.testing.assert_array_equal(sheet._cells, once._cells)
        np.testing.assert_array_equal(sheet.bent, (now != kernels(1)).any(axis=(2, 3)))


def test_a_paint_of_many_weights_colours_a_few_and_asks_for_the_next(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(qtbot)
    size = desk.tensor().size
    most = size // 3
    monkeypatch.setattr(laid_sheet, "_AT_ONCE", most)
    coloured: list[int] = []
    plain = sheet_colours.indices

    def counted(values: np.ndarray, table: sheet_colours.Indices) -> sheet_colours.Indices:
        coloured.append(values.size)
        return plain(values, table)

    monkeypatch.setattr(sheet_colours, "indices", counted)
    trained = desk.document.original(WEIGHT)
    gesture = desk.document.begin("Learn")
    gesture.swap(WEIGHT, Version(np.full_like(trained, 0.5)))
    gesture.commit()
    assert not coloured, "nothing is coloured but by a paint"
    scene = desk.editor.sheet._scene
    qtbot.waitUntil(lambda: scene._sheet is not None and not scene._sheet._stale.any())
    # Weights, and kernels as a whole.
    assert max(coloured) <= most
    assert sum(coloured) >= size
    seen = scene._sheet
    assert seen is not None
    assert len(np.unique(seen._weights[~scene.arrangement.blank])) == 1  # type: ignore[union-attr]


def test_what_is_not_seen_is_not_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laid_sheet, "_AT_ONCE", 8)
    now = kernels(1)
    sheet = laid(now, "tile")
    one = slice(0, 1)
    while not sheet.refresh(now, one, one):
        pass
    assert 0 < (~sheet._stale).sum() < SHAPE[0]


def test_a_stroke_lays_the_kernels_that_it_reaches_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = (240, 4, 3, 3)
    arrangement = arranged(grid, Size(300, 300))
    assert not arrangement.is_plain
    kernels = np.random.default_rng(0).standard_normal(grid).astype(np.float32)
    whole = arrangement.lay(kernels)
    laid, plain = list[int](), Laid.__getitem__

    def counted(of: Laid, at: tuple[slice, slice]) -> np.ndarray:
        found = plain(of, at)
        laid.append(found.size)
        return found

    monkeypatch.setattr(Laid, "__getitem__", counted)
    everything = Selection(np.ones(arrangement.cells, np.bool_))
    for mode in ("set", "add", "smooth", "noise"):
        brush = Brush(radius=3.0, value=0.5, mode=mode)
        one, other = Stroke(brush, Laid(arrangement, kernels), everything), Stroke(brush, whole, everything)
        for place in ((20.0, 8.0), (33.0, 14.0), (60.0, 15.0)):
            mine, theirs = one.to(*place), other.to(*place)
            assert mine is not None
            assert theirs is not None
            assert mine.rect == theirs.rect
            np.testing.assert_array_equal(mine.values, theirs.values)
    assert max(laid) < kernels.size / 4
