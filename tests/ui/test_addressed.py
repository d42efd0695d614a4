"""Every control that turns a number of the preset says which: each such address has a number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control.move import move
from studio.edits import make_edit
from studio.model.route import ROUTES
from studio.ui.kit.addressed import address_at, address_of, give_address

pytestmark = pytest.mark.gl


def test_what_a_control_stands_for_is_found_from_any_part_of_it(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    inner = QWidget(outer)
    assert address_of(inner) == address_of(None) == ""
    give_address(outer, "/bend/1/amount")
    assert address_of(inner) == "/bend/1/amount"
    outer.show()
    qtbot.waitExposed(outer)
    assert address_at(outer.mapToGlobal(outer.rect().center())) == "/bend/1/amount"
    give_address(outer, "")
    assert address_of(inner) == ""


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    opened = WholeWindow(qtbot, tmp_path / "home", "autoencoder-transposed", "demo")
    yield opened
    opened.close()


def test_all_addresses_in_the_window_have_numbers(whole: WholeWindow) -> None:
    document = whole.document
    whole.workspace.choose("enc2")
    document.add_edit("enc2.weight", make_edit("Noise", {}))
    document.add_stage("enc2", make_bend("Rotate", {"angle": 3.0}))
    document.set_section(ROUTES, move((), "/bend/1/angle", "lfo")[0], "Move")
    known = set(whole.studio.controllers.hub.names.numbers())
    found = {address_of(widget) for widget in whole.window.findChildren(QWidget)} - {""}
    wanted = {"/edit/1/amount", "/edit/1/own/amount", "/bend/1/angle", "/bend/1/amount", "/route/1/rate", "/tempo/bpm"}
    assert wanted <= found <= known
