"""Every control that turns a number of the preset says which: each such address has a number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QScrollBar, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control.move import move
from studio.edits import make_edit
from studio.errors import StudioError
from studio.model.address import Number
from studio.model.route import ROUTES
from studio.model.stage import Luma, SomeChannels
from studio.ui.bends.channels import ChannelsEditor
from studio.ui.filters.edits_panel import EditsPanel
from studio.ui.kit.addressed import address_at, address_of, give_address
from studio.ui.kit.controls import Seed

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


def opened(qtbot: QtBot, home: Path, network: str) -> Iterator[WholeWindow]:
    made = WholeWindow(qtbot, home, network, "demo")
    yield made
    made.close()


@pytest.fixture
def generator(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    yield from opened(qtbot, tmp_path / "home", "landscapes")


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    yield from opened(qtbot, tmp_path / "home", "autoencoder-transposed")


def test_all_addresses_in_the_window_have_numbers(whole: WholeWindow) -> None:
    document = whole.document
    whole.workspace.choose("enc2")
    document.add_edit("enc2.weight", make_edit("Noise", {}))
    document.add_stage("enc2", make_bend("Rotate", {"angle": 3.0}))
    document.set_section(ROUTES, move((), "/bend/1/angle", "lfo")[0], "Move")
    # Behind the brush, edits are made when they are looked at.
    whole.editor.panels.setCurrentIndex(2)
    known = set(whole.studio.controllers.hub.names.numbers())
    found = {address_of(widget) for widget in whole.window.findChildren(QWidget)} - {""}
    wanted = {"/edit/1/amount", "/edit/1/own/amount", "/bend/1/angle", "/bend/1/amount", "/route/1/rate", "/tempo/bpm"}
    # The panels of generators and of states have nothing to turn in this network, and are hidden.
    elsewhere = ("/generator/", "/state/")
    assert not any(whole.window.docks[name].isVisible() for name in ("state",))
    assert wanted <= {address for address in found if not address.startswith(elsewhere)} <= known


ASKED_FIRST = {
    "Low": "of an edit that is about to be made",
    "High": "of an edit that is about to be made",
    "How many kernels": "of a selection that is about to be made",
    "Crossfader": "between presets, of which none is kept here",
    "Scale": "of what is marked out in a histogram",
    "Deviations": "of a guard of another kind than the stage has",
    "Bright": "of a stage without a mask by brightness",
    "Dark": "of a stage without a mask by brightness",
}
"""What nothing goes by until something else is done."""

STRUCTURE = {
    "How many of the strongest channels": "finds channels, which the stage then has as a list",
    "Share of the channels": "of a stage whose channels are not drawn by seed",
}
"""What is not turned, but chosen."""


def test_every_slider_and_every_field_for_numbers_has_an_address(whole: WholeWindow) -> None:
    document = whole.document
    whole.workspace.choose("enc2")
    document.add_edit("enc2.weight", make_edit("Noise", {}))
    document.add_stage("enc2", make_bend("Rotate", {"angle": 3.0}), mask=Luma(source="input"))
    document.add_stage("enc2", make_bend("Delay", {"frames": 3}), channels=SomeChannels(share=0.25, seed=3))
    document.add_stage("enc2", make_bend("Noise", {}))
    routes = move((), "/bend/1/angle", "lfo", lag=0.2, range=(0.0, 1.0))[0]
    document.set_section(ROUTES, move(routes, "/bend/1/amount", "midi")[0], "Move")
    whole.until(lambda: "/bend/3/seed" in {address_of(widget) for widget in whole.window.findChildren(QWidget)})
    found = {address_of(widget) for widget in whole.window.findChildren(QWidget)}
    # What chooses rather than turns has one as well.
    assert {"/bend/1/mask/low", "/bend/1/mask/high"} <= found
    assert {"/bend/2/frames", "/bend/2/channels/share", "/bend/2/channels/seed", "/route/1/seed"} <= found
    assert {"/route/2/channel", "/route/2/number", "/vary/strength", "/lesson/steps"} <= found
    check_addresses(whole)


def test_so_it_is_with_a_generator(generator: WholeWindow) -> None:
    check_addresses(generator)


def is_drawn(widget: QWidget) -> bool:
    """Whether a seed belongs to something that goes by it: not that of a stage with other channels, or of an action."""
    within = widget
    while within is not None and not isinstance(within, ChannelsEditor | EditsPanel):
        within = within.parentWidget()
    return within is None


def check_addresses(whole: WholeWindow) -> None:
    known = whole.studio.controllers.hub.names.numbers()
    is_generator = "/generator/pace" in known
    lacking, unknown = set(), set()
    for widget in whole.window.findChildren(QWidget):
        is_field = isinstance(widget, QAbstractSlider | QAbstractSpinBox) and not isinstance(widget, QScrollBar)
        if not is_field or not widget.isEnabled():
            continue
        name, address = widget.accessibleName() or widget.parentWidget().accessibleName(), address_of(widget)
        unused = isinstance(widget.parentWidget(), Seed) and not is_drawn(widget)
        if not address and name not in (*ASKED_FIRST, *STRUCTURE) and not unused:
            lacking.add(name or str(widget))
        if address and address not in known and (is_generator or not address.startswith("/generator/")):
            unknown.add((name, address))
    assert lacking == set()
    assert unknown == set()


def value_elsewhere(number: Number) -> float:
    """Within its reach, and another than its default."""
    lo, hi = number.reach
    return number.clipped(next(at for at in (lo + (hi - lo) / 4, hi) if abs(at - number.default) > 1e-6))


def test_the_numbers_of_panels_are_turned_by_their_addresses(whole: WholeWindow) -> None:
    names = whole.studio.controllers.hub.names
    whole.until(lambda: whole.viewport._parts)
    known, own = names.numbers(), {number.address for number in whole.document.numbers()}
    # Cues and brushes by number are taken where there are so many, which tests of their own see to.
    own |= {"/source/cue", "/brush/preset"}
    others = {address: number for address, number in known.items() if address not in own}
    owners = {address.split("/")[1] for address in others}
    assert owners >= {"source", "view", "brush", "lesson"}
    whole.workspace.show("split")
    whole.until(lambda: names.get("/view/split") == 0.5)
    for address, number in others.items():
        wanted = value_elsewhere(number)
        names.set(address, wanted)
        # A player in a thread of its own goes there soon, and to a frame; a camera keeps whole pixels.
        whole.until(lambda address=address, wanted=wanted: abs(names.get(address) - wanted) < 0.02 * (1 + abs(wanted)))
        with pytest.raises(StudioError):
            names.set(address, "a word")
    assert whole.viewport.camera.zoom == pytest.approx(value_elsewhere(others["/view/zoom"]))
    assert whole.workspace.brush.radius == pytest.approx(value_elsewhere(others["/brush/radius"]))
    assert whole.document.history.labels == (), "none of it is the document's"
