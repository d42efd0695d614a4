"""The dice in the whole window: eight live variants, a choice is one undo, and eight of each choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.runtime.live.variants import COUNT
from studio.ui.vary.panel import VaryPanel


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path) -> Iterator[WholeWindow]:
    made = WholeWindow(qtbot, tmp_path, "negative-space", "demo", "64")
    yield made
    made.close()


def drawn(panel: VaryPanel) -> bool:
    return panel.breeding.now is not None and len(panel.breeding.now.variants) == COUNT


def test_a_choice_is_one_undo_and_breeds(at: WholeWindow) -> None:
    panel = at.context[VaryPanel]
    assert panel.breeding.now is None  # nothing is worked out that nobody sees
    at.command("vary.roll")
    assert panel.isVisible()
    at.until(lambda: drawn(panel))
    first = panel.breeding.now
    assert first is not None
    # They are live: each gets other pictures as the film goes on.
    before = dict(first.pictures)
    at.until(lambda: all(not np.array_equal(first.pictures[k], before[k]) for k in range(COUNT)))
    undoable = len(at.document.history.labels)
    weights = {name: at.tensor(name) for name in at.document.graph.tensor_shapes}
    label = first.variants[4].label
    at.until(lambda: not panel.tiles[4].visibleRegion().isEmpty())
    at.click(panel.tiles[4])
    assert at.document.history.labels[undoable:] == (f"Vary: {label}",)
    changed = {name for name, tensor in weights.items() if not np.array_equal(at.tensor(name), tensor)}
    assert changed == {f"{first.variants[4].genes[0].layer}.weight"}
    at.until(lambda: drawn(panel) and panel.breeding.now is not first)
    second = panel.breeding.now
    assert second is not None
    assert second.parent is first.variants[4]
    # The children are the parent's, so that the second choice makes more of the first.
    at.click(panel.tiles[0])
    assert len(at.document.history.labels) == undoable + 2
    at.document.undo()
    assert panel.breeding.now is second
    at.document.undo()
    assert panel.breeding.now is first
    for name, tensor in weights.items():
        np.testing.assert_array_equal(at.tensor(name), tensor)


def test_what_other_hands_change_is_varied_anew_and_never_lost(at: WholeWindow) -> None:
    panel = at.context[VaryPanel]
    at.command("vary.roll")
    at.until(lambda: drawn(panel))
    at.stroke((2, 2), (6, 6))
    assert panel.breeding.now is None
    at.until(lambda: drawn(panel))
    painted = at.tensor("dec2.weight")
    now = panel.breeding.now
    assert now is not None
    np.testing.assert_array_equal(now.base.changed["dec2.weight"], painted)


def test_kind_strength_and_place_are_what_is_drawn(at: WholeWindow) -> None:
    panel = at.context[VaryPanel]
    at.command("vary.roll")
    row = panel.kind.findData("Rotate")
    panel.kind.setCurrentIndex(row)
    panel.kind.activated.emit(row)
    panel.where.setCurrentIndex(1)
    panel.where.activated.emit(1)
    at.until(lambda: drawn(panel))
    assert panel.breeding.now is not None
    genes = [variant.genes[0] for variant in panel.breeding.now.variants.values()]
    assert {type(gene.edit).__name__ for gene in genes} == {"Rotate"}
    assert len({gene.layer for gene in genes}) > 1


def test_tiles_are_reached_and_pressed_by_keys(at: WholeWindow) -> None:
    panel = at.context[VaryPanel]
    at.command("vary.roll")
    at.until(lambda: drawn(panel))
    panel.tiles[2].setFocus(Qt.FocusReason.TabFocusReason)
    undoable = len(at.document.history.labels)
    at.key(Qt.Key.Key_Space, on=panel.tiles[2])
    assert len(at.document.history.labels) == undoable + 1
    assert panel.tiles[2].accessibleName().startswith("Variant 3")
