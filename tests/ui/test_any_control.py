"""Every control of the window, whatever it does, has a menu to be learnt by, and goes where its address is set."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QMenu,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control.hub import Hub
from studio.control.move import move
from studio.edits import make_edit
from studio.errors import StudioError
from studio.model.bends.stage import Luma, SomeChannels
from studio.model.movement.address import Number
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import ROUTES
from studio.ui.controllers.address_menu import AddressMenu
from studio.ui.fades.panel import FadesPanel
from studio.ui.kit import reached_dials
from studio.ui.kit.addressed import addresses_of
from studio.ui.kit.reached import addresses_of_control, controls, opens_a_list
from studio.ui.services.controllers import Controllers

pytestmark = pytest.mark.gl


on_each = pytest.mark.parametrize("filled", ["autoencoder-transposed", "landscapes"], indirect=True)


@pytest.fixture
def filled(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[WholeWindow]:
    """A window on a network with filters, or on another, as one that is fed a vector, with cards in its panels."""
    del gl_app
    made = WholeWindow(qtbot, tmp_path / "home", getattr(request, "param", "autoencoder-transposed"), "demo", "64")
    document = made.document
    layer = next(node.name for node in document.graph.nodes if node.tensor_names)
    made.workspace.choose(layer)
    document.add_edit(f"{layer}.weight", make_edit("Noise", {}))
    document.add_stage(layer, make_bend("Rotate", {"angle": 3.0}), mask=Luma(source=document.graph.inputs[0].name))
    document.add_stage(layer, make_bend("Delay", {"frames": 3}), channels=SomeChannels(share=0.25, seed=3))
    routes = move((), "/bend/1/angle", "lfo", lag=0.2, range=(0.0, 1.0))[0]
    document.set_section(ROUTES, move(routes, "/bend/1/amount", "keyframes")[0], "Move")
    number = Mapping("midi/1/cc/7", "/bend/1/amount")
    document.set_section(MAPPINGS, (number,), "Map")
    made.settle()
    yield made
    made.close()


def is_qts(widget: QWidget) -> bool:
    """What Qt puts there: the frames of docks, the arrows of tabs, what is inside a field."""
    within = widget.parentWidget()
    inside = isinstance(within, QTabBar | QAbstractSpinBox | QComboBox | QLineEdit)
    return isinstance(widget, QScrollBar) or inside or widget.objectName().startswith("qt_")


LEFT_OUT = {
    "a button that opens a list, from which the mouse or the keyboard chooses": lambda w: (
        isinstance(w, QAbstractButton) and opens_a_list(w)
    ),
    "a line of text, which no control can say": lambda w: isinstance(w, QLineEdit),
    "rows of a list, each of which is a thing and no control: what is done with them are commands": lambda w: (
        isinstance(w, QAbstractItemView)
    ),
    "tabs, which only bring forward what can be reached behind as well": lambda w: isinstance(w, QTabBar | QTabWidget),
    "a place that is scrolled, and what is scrolled in it": lambda w: (
        isinstance(w, QScrollArea) or isinstance(w.parentWidget(), QAbstractScrollArea)
    ),
    "a canvas for mouse and pen: what is done there is a stroke, a zoom, a curve that is dragged": lambda w: (
        type(w).__name__ in ("Viewport", "SheetCanvas", "BarsCanvas", "Timeline", "StillPlot", "GraphView", "HeatMap")
    ),
}
"""What may have the keyboard, or be clicked, and has no menu; each with the reason."""


@on_each
def test_every_control_of_every_panel_has_a_menu_but_for_a_named_few(filled: WholeWindow) -> None:
    menu, lacking, empty = filled.context[AddressMenu], [], []
    docks = {dock.objectName() for dock in filled.window.findChildren(QDockWidget)}
    assert len(docks) > 14
    asked = 0
    for widget in filled.window.findChildren(QWidget):
        pressed = isinstance(widget, QAbstractButton | QComboBox | QAbstractSpinBox | QAbstractSlider)
        if is_qts(widget) or not (pressed or widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
            continue
        addresses = addresses_of_control(widget)
        if not addresses:
            if not any(fits(widget) for fits in LEFT_OUT.values()):
                lacking.append(f"{type(widget).__name__} {widget.accessibleName()} in {type(widget.parentWidget())}")
            continue
        asked += 1
        for address in addresses:
            texts = [action.text() for action in menu.menu(address).actions() if action.text()]
            if "Learn a control" not in texts and not may_be_missing(widget, address):
                empty.append(address)
    assert not lacking, "\n".join(lacking)
    assert empty == []
    assert asked > 250


def may_be_missing(widget: QWidget, address: str) -> bool:
    """Whether there may be nothing to turn: between presets none of which is kept, or of what the network has not."""
    hidden = [widget]
    while hidden[-1].parentWidget() is not None and not isinstance(hidden[-1], QDockWidget):
        hidden.append(hidden[-1].parentWidget())
    elsewhere = address.startswith(("/fade", "/morph/", "/generator/", "/state/", "/feedback/"))
    return elsewhere or not widget.isEnabled() or any(each.isHidden() for each in hidden)


@on_each
def test_no_two_controls_have_one_address_and_all_are_listed(filled: WholeWindow) -> None:
    twice = Counter(address for address, _ in controls(filled.window))
    assert [address for address, count in twice.items() if count > 1] == []
    names = filled.context[Controllers].hub.names
    listed = names.listed()
    assert twice.keys() <= listed.keys()
    for address, (number, value) in listed.items():
        assert number.address == address
        assert number.lo <= value <= number.hi, address
        if number.kind == "choice":
            assert number.choices or number.hi == 0.0
    assert {"/command/edit.undo", "/command/output.black"} <= listed.keys()
    # A show does not end by a knob.
    assert "/command/file.quit" not in listed


NOT_TURNED = ("/panel/tools/", "/panel/camera/", "/panel/controllers/", "/panel/performance/", "/panel/messages/")
"""What would run another engine, ask for a camera or a microphone, record, or take away what is tested here."""


def another(number: Number, now: float) -> float:
    lo, hi = number.reach
    return number.clipped(next(at for at in (lo, hi, (lo + hi) / 2) if abs(number.clipped(at) - now) > 1e-9))


@on_each
def test_switches_choices_and_numbers_of_panels_go_where_their_address_says(filled: WholeWindow) -> None:
    names, turned, refused = filled.context[Controllers].hub.names, Counter[str](), []
    for address, control in list(controls(filled.window)):
        if address.startswith(NOT_TURNED) or "folder" in address:
            continue
        try:
            number = names.number(address)
        except StudioError:
            continue  # what was chosen before has taken it away
        if number.kind == "trigger" or number.lo == number.hi:
            continue
        wanted = another(number, names.get(address))
        try:
            names.set(address, wanted)
        except StudioError as error:
            refused.append((control.isEnabled(), str(error)))
            continue
        turned[number.kind] += 1
    QApplication.processEvents()
    assert turned["switch"] > 15
    assert turned["choice"] > 15
    assert sum(turned.values()) > 40
    assert refused
    assert all(not enabled and "greyed out at the moment" in said for enabled, said in refused)
    for kind, word in (("/panel/fades/easing", "Bounce"), ("/panel/bends/1/mask", "")):
        number = names.number(kind)
        names.set(kind, word or number.choices[-1])
        assert number.word(names.get(kind)) == (word or number.choices[-1])


def test_a_press_by_address_is_a_click_and_a_command_is_done(filled: WholeWindow) -> None:
    names = filled.context[Controllers].hub.names
    names.set("/command/view.layer", 1)
    assert filled.workspace.view.kind == "layer"
    assert names.get("/command/view.layer") == 1.0
    names.set("/command/view.layer", 1)
    assert filled.workspace.view.kind == "layer", "it is on already"
    before = len(filled.document.history.labels)
    names.set("/panel/bends/1/remove_rotate", 1)
    filled.until(lambda: len(filled.document.stages) == 1)
    assert len(filled.document.history.labels) == before + 1
    # The card goes in a moment.
    filled.until(lambda: "/panel/bends/1/remove_rotate" not in names.numbers())
    with pytest.raises(StudioError, match="There is no number at /panel/bends/1/remove_rotate"):
        names.set("/panel/bends/1/remove_rotate", 1)
    names.set("/command/edit.undo", 0)
    names.set("/command/edit.undo", 1)
    filled.until(lambda: len(filled.document.stages) == 2)
    with pytest.raises(StudioError, match="“Paste filters” is greyed out at the moment"):
        names.set("/command/edit.paste", 1)
    for address, known in (("/panel/vary/draw_eight", "trigger"), ("/panel/source/loop", "switch")):
        assert names.number(address).kind == known
    with pytest.raises(StudioError, match="There is no number at /panel/nowhere/at_all"):
        names.set("/panel/nowhere/at_all", 1)


@pytest.mark.parametrize(
    ("control", "first", "title"),
    [
        (lambda w: w.context[FadesPanel].slots["A"], "What is open", "Slot A, empty   /panel/fades/slot_a"),
        (lambda w: w.context[FadesPanel].keys[3], "Take it here", "Snapshot 3, empty   /panel/fades/snapshot_3"),
        (lambda w: w.transport.seek, "Set a cue here", "Position   /source/position"),
    ],
)
def test_a_control_with_a_menu_of_its_own_has_both(
    filled: WholeWindow, control: Callable[[WholeWindow], QWidget], first: str, title: str
) -> None:
    widget = control(filled)
    place = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)

    def own() -> QMenu | None:
        popup = QApplication.activePopupWidget()
        return popup if isinstance(popup, QMenu) else None

    filled.until(lambda: (opened := own()) is not None and opened.actions()[-1].menu() is not None)
    opened = own()
    assert opened is not None
    assert opened.actions()[0].text().partition("\t")[0] == first
    within = opened.actions()[-1].menu()
    assert isinstance(within, QMenu)
    assert [action.text() for action in within.actions() if action.text()][:2] == [title, "Learn a control"]
    opened.close()


def test_a_pad_has_a_menu_for_each_of_its_two_numbers(filled: WholeWindow) -> None:
    pad = filled.context[FadesPanel].pad
    assert addresses_of(pad) == ("/morph/x", "/morph/y")
    menu = filled.context[AddressMenu].menu_of(addresses_of_control(pad))
    first = [action.menu() for action in menu.actions()]
    assert [each.title() for each in first if each is not None] == [  # type: ignore[attr-defined]
        "Nothing to turn yet   /morph/x",
        "Nothing to turn yet   /morph/y",
    ]
    for letter in "ABCD":
        QTest.mouseClick(filled.context[FadesPanel].slots[letter], Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    menu = filled.context[AddressMenu].menu_of(addresses_of_control(pad))
    texts = [action.text() for action in menu.actions()[0].menu().actions()]  # type: ignore[attr-defined]
    assert "Learn a control" in texts


def test_a_hand_that_drags_has_no_control_of_the_window_looked_for(
    filled: WholeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find them all takes milliseconds, and each step of a drag is a change; they are looked for when it rests."""
    for dock in filled.window.findChildren(QDockWidget):
        dock.show()
    hub = filled.context[Controllers].hub
    rest = hub.rest
    # The window has it done now and then, however long this takes here.
    monkeypatch.setattr(Hub, "rest", lambda _: None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as controller:
        controller.bind(("127.0.0.1", 0))
        hub.send_osc("127.0.0.1", controller.getsockname()[1])
        hub.hear_osc(port=0)
        asked = list[str]()
        monkeypatch.setattr(reached_dials, "controls", lambda window: (asked.append("all"), controls(window))[1])
        hand = filled.document.begin("Turn")
        for step in range(20):
            hand.set("/bend/1/amount", step / 20)
            hub.pump()
            QApplication.processEvents()
            assert hub.listing.listed["/bend/1/amount"][1] == step / 20
        hand.commit()
        assert not asked
        rest()
        assert asked == ["all"]
        rest()
        assert asked == ["all"], "nothing has changed"
        hub.stop_sending()
