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
from studio.model.bends.stage import Luma, SomeChannels
from studio.model.movement.address import Number
from studio.model.movement.route import ROUTES
from studio.ui.kit.addressed import address_at, address_of, addresses_of, give_address
from studio.ui.kit.reached import addresses_of_control

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


ELSEWHERE = ("/generator/", "/state/", "/fade", "/morph/")
"""What this network has not, and what lies between presets, none of which is kept."""


def test_all_addresses_in_the_window_have_numbers(whole: WholeWindow) -> None:
    document = whole.document
    whole.workspace.choose("enc2")
    document.add_edit("enc2.weight", make_edit("Noise", {}))
    document.add_stage("enc2", make_bend("Rotate", {"angle": 3.0}))
    document.set_section(ROUTES, move((), "/bend/1/angle", "lfo")[0], "Move")
    # Behind the brush, edits are made when they are looked at.
    whole.editor.panels.setCurrentIndex(2)
    known = set(whole.studio.controllers.hub.names.numbers())
    found = {each for widget in whole.window.findChildren(QWidget) for each in addresses_of(widget)}
    wanted = {"/edit/1/amount", "/edit/1/own/amount", "/bend/1/angle", "/bend/1/amount", "/route/1/rate", "/tempo/bpm"}
    assert not any(whole.window.docks[name].isVisible() for name in ("state",))
    assert wanted <= {address for address in found if not address.startswith(ELSEWHERE)} <= known


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


def check_addresses(whole: WholeWindow) -> None:
    """Every one of them, also of what is only about to be made; and of all but what this network has not, a number."""
    known = whole.studio.controllers.hub.names.numbers()
    lacking, unknown = set(), set()
    for widget in whole.window.findChildren(QWidget):
        is_field = isinstance(widget, QAbstractSlider | QAbstractSpinBox) and not isinstance(widget, QScrollBar)
        if not is_field or not widget.isEnabled():
            continue
        name, addresses = widget.accessibleName() or str(widget), addresses_of_control(widget)
        if not addresses:
            lacking.add(name)
        unknown |= {(name, each) for each in addresses if each not in known and not each.startswith(ELSEWHERE)}
    assert lacking == set()
    # What a card hides, as the deviations of a guard of another kind, is there when it is seen.
    assert {each for each in unknown if not each[1].startswith("/panel/")} == set()


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
    # What is pressed and chosen has a test of its own.
    own |= {address for address in known if address.startswith(("/command/", "/panel/"))}
    others = {address: number for address, number in known.items() if address not in own}
    owners = {address.split("/")[1] for address in others}
    assert owners >= {"source", "view", "brush", "lesson"}
    whole.workspace.show("split")
    whole.until(lambda: names.get("/view/split") == 0.5)
    # A film that plays is somewhere else by the time it is looked where it is.
    whole.live.pause(True)
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
