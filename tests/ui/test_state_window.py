"""A cellular automaton in the whole window: it grows by itself, at the steps that are asked for, and begins again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import layer, network
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from test_import_dialog import begin, pick, write_onnx
from whole_window import WholeWindow

import studio.bends
from studio.io.networks import save_network
from studio.model.bends.stage import Painted, Stage
from studio.model.bends.stages import STAGES
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.state import STEPPING
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Progress
from studio.ui.kit.panel import bring_forward
from studio.ui.source.state_panel import StatePanel


def counting() -> Network:
    """Each step adds 1/255 to every value, so that a picture says how many steps it is old."""
    state = Input("cells", 4, kind="state", comes_from="next")
    return network(
        layer("next", "Affine", "cells", shift=1 / 255),
        layer("shown", "SliceChannels", "next", start=0, end=3),
        inputs=(state,),
    )


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path) -> Iterator[WholeWindow]:
    save_network(counting(), tmp_path / "counting")
    made = WholeWindow(qtbot, tmp_path, str(tmp_path / "counting"), "demo", "32")
    bring_forward(made.context[StatePanel])
    made.live.pause(True)
    made.until(lambda: not made.told[PlayerState].playing)
    yield made
    made.close()


def age(at: WholeWindow) -> int:
    return int(at.picture()[0, 0, 0])


def test_it_goes_on_while_the_source_stands_still_and_begins_again(at: WholeWindow) -> None:
    panel = at.context[StatePanel]
    assert panel.isEnabled()
    before = age(at)
    at.until(lambda: age(at) > before + 3)
    at.document.set("/state/steps", 0.0)
    # What ran before the order is over.
    at.until(lambda: age(at) == age(at))
    stopped, seen = age(at), at.told[Progress].serial
    at.until(lambda: at.told[Progress].serial > seen + 3)
    assert age(at) == stopped
    at.click(panel.again)
    at.until(lambda: age(at) == 1)
    at.document.set("/state/steps", 3.0)
    at.until(lambda: age(at) > 10)
    assert at.document.section(STEPPING).steps == 3.0
    at.document.set("/state/held", 1)
    at.until(lambda: age(at) == 1)
    at.document.undo()
    at.until(lambda: age(at) > 5)
    at.document.set("/state/steps", 0.0)
    at.key(Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    at.until(lambda: age(at) == 1)


def test_what_is_painted_out_behind_it_is_gone_in_the_next_step(at: WholeWindow) -> None:
    at.until(lambda: age(at) > 4)
    mask = np.zeros((8, 8), np.float32)
    mask[:4] = 1.0
    stage = Stage(1, "next", studio.bends.make_bend("Ablate", {}), mask=Painted(mask))
    at.document.set_section(STAGES, (stage,), "Erase")
    at.until(lambda: int(at.picture()[2, 2, 0]) == 0)
    at.until(lambda: int(at.picture()[-1, -1, 0]) > 8)
    at.document.undo()
    at.until(lambda: int(at.picture()[2, 2, 0]) > 2)


def test_an_import_offers_a_state_where_output_and_input_agree(at: WholeWindow, tmp_path: Path) -> None:
    dialog = begin(at, write_onnx(tmp_path / "same.onnx", (8, 4, 8)))
    assert dialog.state.isVisibleTo(dialog)
    assert "“State” seed" in dialog.remarks.text()
    pick(dialog.state, 2)
    at.until(lambda: dialog.preview.imported.network.graph.states)
    assert dialog.state.value == "seed"
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    at.until(lambda: bool(at.document.graph.states) and at.document.graph.states[0].begins == "seed")
    dialog = begin(at, write_onnx(tmp_path / "other.onnx", (3, 4, 3)))
    assert not dialog.state.isVisibleTo(dialog)
    dialog.reject()
