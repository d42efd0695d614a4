"""Painted rates and pulls: what they say, that undo and presets keep them, what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.io.presets import load_preset, save_preset
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.filters.learning_sheets import LEARNING_SHEETS, MOST, USUAL, Kind, LearningSheets
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.preset import Preset

SHAPE = (3, 2, 4, 4)


@given(st.sampled_from(["rates", "pulls"]), st.floats(0, 1, width=32), st.data())
def test_a_patch_is_there_and_nothing_else_has_changed(kind: Kind, value: float, data: st.DataObject) -> None:
    height, width = sheet_size(SHAPE)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
    patch = Patch(rect, np.full((rect.height, rect.width), value, np.float32))
    found = LearningSheets().with_patches(kind, "a.weight", SHAPE, [patch]).of(kind, "a.weight", SHAPE)
    wanted = np.full((height, width), USUAL[kind], np.float32)
    wanted[y : y + rect.height, x : x + rect.width] = value
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", ["rates", "pulls"])
def test_a_sheet_that_says_nothing_is_left_out(kind: Kind) -> None:
    one = LearningSheets().with_kernels(kind, "a", SHAPE, Selection.everything(SHAPE), 0.5)
    assert one.sheets(kind)
    assert one.with_kernels(kind, "a", SHAPE, Selection.everything(SHAPE), USUAL[kind]) == LearningSheets()


@pytest.mark.parametrize("kind", ["rates", "pulls"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1000.0])
def test_what_is_out_of_range_is_refused(kind: Kind, value: float) -> None:
    with pytest.raises(StudioError, match="not"):
        LearningSheets().with_sheet(kind, "a", np.full((4, 4), value, np.float32))
    assert MOST[kind] < 1000


def test_undo_takes_a_stroke_on_rates_back_and_its_memory_is_counted() -> None:
    document = Document(Preset("tiny", tiny_network(), {}))
    name = next(name for name, tensor in document.network.tensors.items() if tensor.ndim == 4)
    shape = document.tensor(name).shape
    painted = LearningSheets().with_kernels("rates", name, shape, Selection.everything(shape), 0.0)
    document.set_section(LEARNING_SHEETS, painted, "Pin")
    document.set_section(LEARNING_SHEETS, LearningSheets(), "Release")
    assert document.history.nbytes >= painted.nbytes > 0
    document.undo()
    assert document.section(LEARNING_SHEETS) == painted
    document.undo()
    assert document.section(LEARNING_SHEETS) == LearningSheets()
    assert not document.unsaved


def _saved(folder: Path) -> tuple[Path, str]:
    network = tiny_network()
    name, tensor = next((name, tensor) for name, tensor in network.tensors.items() if tensor.ndim == 4)
    values = np.random.default_rng(1).random(sheet_size(tensor.shape), np.float32)
    sheets = LearningSheets(towards="elsewhere").with_sheet("rates", name, values).with_sheet("pulls", name, values)
    save_preset(Preset("kept", network, {}, sections={LEARNING_SHEETS: sheets}), folder)
    assert load_preset(folder).section(LEARNING_SHEETS) == sheets
    return folder / "preset.json", name


def test_presets_keep_them(tmp_path: Path) -> None:
    _saved(tmp_path / "kept")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda sheets: sheets.update(other=sheets.popitem()[1]), "has not"),
        (lambda sheets: next(iter(sheets.values())).update(size=[1, 1]), "does not hold"),
        (lambda sheets: next(iter(sheets.values())).update(values="AAAA"), "damaged"),
        (lambda sheets: next(iter(sheets.values())).update(size=[100000, 100000]), "larger"),
    ],
)
def test_a_damaged_sheet_is_one_sentence(tmp_path: Path, damage: object, said: str) -> None:
    file, _ = _saved(tmp_path / "kept")
    document = json.loads(file.read_text())
    damage(document["learning"]["rates"])  # type: ignore[operator]
    file.write_text(json.dumps(document))
    with pytest.raises(StudioError, match=said):
        load_preset(tmp_path / "kept")
