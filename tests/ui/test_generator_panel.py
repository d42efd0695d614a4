"""The panel that steers generators, in the whole window: mouse, keys, and what becomes of the source's own path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filter_editor_desk import drag
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.model.movement.generator import GENERATOR
from studio.runtime.live.playing import PlayerState
from studio.ui.generator.panel import GeneratorPanel
from studio.ui.kit.panel import bring_forward


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path) -> Iterator[WholeWindow]:
    made = WholeWindow(qtbot, tmp_path, "landscapes", "latent:loop,seed=12,seconds=6", "64")
    bring_forward(made.context[GeneratorPanel])
    made.until(lambda: made.told[PlayerState].spec.startswith("latent"))
    yield made
    made.close()


def test_what_the_source_says_is_shown_and_becomes_the_presets(at: WholeWindow) -> None:
    panel = at.context[GeneratorPanel]
    at.until(lambda: panel.seed.value() == 12)
    assert panel.kinds.checkedButton().text() == "Loop"
    assert panel.seconds.value() == 6.0
    assert at.transport.source.text() == "Loop · seed 12"
    undoable = len(at.document.history.labels)
    at.click(panel.seed.die)
    panel.seed.settled.emit()
    path = at.document.section(GENERATOR).path
    assert (path.kind, path.seconds) == ("loop", 6.0)
    assert path.seed == panel.seed.value() != 12
    assert len(at.document.history.labels) == undoable + 1
    at.until(lambda: at.told[PlayerState].spec == "latent")
    assert at.transport.source.text() == "Generator"
    at.click(panel.kinds.button(2))
    assert at.document.section(GENERATOR).path.kind == "between"
    assert panel.to.isVisible()
    assert not panel.pace.isVisible()
    at.document.undo()
    assert panel.kinds.checkedButton().text() == "Loop"


def test_the_pad_turns_two_numbers_in_one_undo_and_the_picture_follows(at: WholeWindow) -> None:
    panel = at.context[GeneratorPanel]
    at.click(panel.kinds.button(1))
    at.until(lambda: at.told[PlayerState].spec == "latent")
    at.live.pause(True)
    at.until(lambda: not at.told[PlayerState].playing)
    plain = at.picture().astype(float)
    undoable = len(at.document.history.labels)
    pad = panel.pad
    drag(at.qtbot, pad, [pad.place(0, 0).toPoint(), pad.place(1, 1).toPoint(), pad.place(2.5, -2).toPoint()])
    steps = at.document.section(GENERATOR).steps
    assert steps == pytest.approx((2.5, -2.0), abs=0.1)
    assert len(at.document.history.labels) == undoable + 1
    assert [control.value() for control in panel.directions[:2]] == pytest.approx(steps, abs=1e-6)
    at.until(lambda: np.abs(at.picture() - plain).mean() > 2)
    at.qtbot.mouseDClick(pad, Qt.MouseButton.LeftButton)
    assert at.document.section(GENERATOR).steps == ()
    pad.setFocus()
    at.key(Qt.Key.Key_Right, on=pad)
    assert at.document.section(GENERATOR).steps == (0.25,)


def test_a_direction_has_a_slider_and_all_go_back_at_once(at: WholeWindow) -> None:
    panel = at.context[GeneratorPanel]
    assert len(panel.directions) == 8
    for number in (3, 7):
        panel.directions[number].spin.setValue(1.25)
        panel.directions[number].settled.emit()
    assert at.document.get("/generator/direction/4") == at.document.get("/generator/direction/8") == 1.25
    undoable = len(at.document.history.labels)
    panel._scroll.ensureWidgetVisible(panel.back)
    at.click(panel.back)
    assert at.document.section(GENERATOR).steps == ()
    assert len(at.document.history.labels) == undoable + 1


def test_where_there_is_no_generator_it_says_what_to_do(at: WholeWindow) -> None:
    panel = at.context[GeneratorPanel]
    at.studio.parts.opener.open("restorer")
    at.until(lambda: at.document.network.name == "restorer")
    assert panel.nothing.isVisible()
    assert not panel.directions
    at.click(panel.example)
    at.until(lambda: at.document.network.name == "landscapes" and at.told[PlayerState].spec == "latent")
    assert len(panel.directions) == 8
