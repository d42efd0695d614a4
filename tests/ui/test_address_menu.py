"""Right clicks on controls that have addresses: learn, modulate, reset, copy; and the panel that lists all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.control import microphone, midi_ports
from studio.control.midi_ports import RtMidi
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.modulator import Measurements
from studio.model.movement.route import ROUTES
from studio.ui.bends.panel import BendsPanel
from studio.ui.controllers.address_menu import AddressMenu
from studio.ui.controllers.panel import ControllersPanel
from studio.ui.kit.addressed import address_of
from studio.ui.services.controllers import Controllers

pytestmark = pytest.mark.gl


class Device:
    """Stands for the library: one port, whose messages the test sends."""

    def __init__(self) -> None:
        self.receive: Any = None
        self.got: list[bytes] = []

    def names(self) -> list[str]:
        return ["Fader"]

    out_names = names

    def open(self, _: str, receive: Any) -> Any:
        self.receive = receive
        return self

    def open_out(self, _: str) -> Any:
        return self

    def send(self, data: bytes) -> None:
        self.got.append(data)

    def close(self) -> None: ...


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    made = Device()
    monkeypatch.setattr(midi_ports, "RtMidi", lambda: made)
    return made


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    made = WholeWindow(qtbot, tmp_path, str(tmp_path / "tiny"), "demo", "64")
    made.document.add_stage("enc", make_bend("Rotate", {}))
    yield made
    made.close()


def right_click(widget: QWidget) -> QMenu | None:
    """As Qt tells of it; the menu that opened."""
    place = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    popup = QApplication.activePopupWidget()
    return popup if isinstance(popup, QMenu) else None


def choose(menu: QMenu, text: str) -> None:
    action = next(action for action in menu.actions() if action.text() == text)
    action.trigger()
    menu.close()


def control(whole: WholeWindow, address: str) -> QWidget:
    """A control of the window that stands for a number."""
    found = [each for each in whole.window.findChildren(QWidget) if each.property("address") == address]
    assert found, address
    return found[0]


def test_any_control_has_the_menu_and_what_is_learnt_turns_it(whole: WholeWindow, device: Device) -> None:
    angle = whole.context[BendsPanel].findChildren(QWidget)
    field = next(each for each in angle if address_of(each) == "/bend/1/angle" and each.accessibleName() == "Angle")
    menu = right_click(field)
    assert menu is not None
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Rotate angle   /bend/1/angle",
        "Learn a control",
        "Learn a control, for all presets",
        "Modulate",
        "Reset",
        "Copy the address",
        "Copy the OSC path",
    ]
    choose(menu, "Learn a control")
    assert whole.context[Controllers].hub.learns == "/bend/1/angle"
    device.receive(bytes([0xB0, 7, 0]))
    whole.until(lambda: whole.document.section(MAPPINGS) == (Mapping("midi/1/cc/7", "/bend/1/angle"),))
    assert "midi/1/cc/7 turns Rotate angle." in whole.said
    device.receive(bytes([0xB0, 7, 64]))
    device.receive(bytes([0xB0, 7, 127]))
    whole.until(lambda: whole.document.get("/bend/1/angle") == whole.document.number("/bend/1/angle").reach[1])
    whole.document.set("/bend/1/angle", whole.document.number("/bend/1/angle").reach[0])
    whole.until(lambda: bytes([0xB0, 7, 0]) in device.got)
    menu = right_click(field)
    assert menu is not None
    choose(menu, "Forget midi/1/cc/7")
    assert whole.document.section(MAPPINGS) == ()
    whole.document.undo()
    assert len(whole.document.section(MAPPINGS)) == 1


def test_the_menu_modulates_resets_and_copies(whole: WholeWindow) -> None:
    menu = whole.context[AddressMenu].menu("/bend/1/amount")
    assert menu is not None
    choose(menu, "Modulate")
    assert [route.target for route in whole.document.section(ROUTES)] == ["/bend/1/amount"]
    whole.document.set("/bend/1/amount", 0.2)
    choose(menu, "Reset")
    assert whole.document.get("/bend/1/amount") == 1.0
    choose(menu, "Copy the OSC path")
    assert QGuiApplication.clipboard().text() == "/studio/bend/1/amount"
    choose(menu, "Copy the address")
    assert QGuiApplication.clipboard().text() == "/bend/1/amount"
    speed = whole.context[AddressMenu].menu("/source/speed")
    assert speed is not None
    assert next(action for action in speed.actions() if action.text() == "Modulate").isEnabled()
    # What may be there at another time can be copied meanwhile.
    nothing = [action.text() for action in whole.context[AddressMenu].menu("/nowhere").actions() if action.text()]
    assert nothing == ["Nothing to turn yet   /nowhere", "Copy the address", "Copy the OSC path"]
    menu = right_click(control(whole, "/tempo/bpm"))
    assert menu is not None
    assert menu.actions()[0].text() == "Bpm   /tempo/bpm"
    # A route that moved the tempo would move the time by which it moves.
    assert not next(action for action in menu.actions() if action.text() == "Modulate").isEnabled()
    menu.close()
    menu = right_click(control(whole, "/source/speed"))
    assert menu is not None
    menu.close()


def test_escape_stops_learning_and_without_midi_it_says_why(
    whole: WholeWindow, monkeypatch: pytest.MonkeyPatch, device: Device
) -> None:
    del device
    controllers = whole.context[Controllers]
    assert controllers.learn("/bend/1/amount")
    whole.key(Qt.Key.Key_Escape, on=whole.window)
    assert controllers.hub.learns == ""
    assert "Nothing was learnt." in whole.said
    controllers.hear_midi(False)

    def without() -> RtMidi:
        raise StudioError("MIDI needs the package rtmidi2.")

    monkeypatch.setattr(midi_ports, "RtMidi", without)
    assert not controllers.learn("/bend/1/amount")
    assert whole.said[-1] == "MIDI needs the package rtmidi2."


def test_the_panel_lists_mappings_and_changes_them(whole: WholeWindow, device: Device) -> None:
    panel, controllers = whole.context[ControllersPanel], whole.context[Controllers]
    dock = whole.window.docks["controllers"]
    dock.show()
    dock.raise_()
    QApplication.processEvents()
    assert panel.empty.isVisible()
    QTest.mouseClick(panel.midi, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.midi.height() // 2))
    assert controllers.hub.ports.midi == ("Fader",)
    assert "MIDI from Fader" in panel.ports.text()
    controllers.learn("/bend/1/angle")
    device.receive(bytes([0xB0, 7, 1]))
    whole.until(lambda: len(panel.rows) == 1)
    assert "midi/1/cc/7" in panel.last.whole
    row = panel.rows[0]
    assert row.name.whole == "Rotate angle"
    row.mode.setCurrentIndex(row.mode.findData("relative twos"))
    row.mode.activated.emit(row.mode.currentIndex())
    row = panel.rows[0]
    assert whole.document.section(MAPPINGS)[0].mode == "relative twos"
    row.ends.setText("0, 45")
    row.ends.editingFinished.emit()
    assert (whole.document.section(MAPPINGS)[0].lo, whole.document.section(MAPPINGS)[0].hi) == (0.0, 45.0)
    row = panel.rows[0]
    row.ends.setText("5")
    row.ends.editingFinished.emit()
    assert whole.said[-1].startswith("Range: give two numbers")
    row.scope.setCurrentIndex(1)
    row.ends.setText("0, 45")
    row.scope.activated.emit(1)
    assert whole.document.section(MAPPINGS) == ()
    assert controllers.hub.own[0].target == "/bend/1/angle"
    assert "relative twos" in controllers.choice.mappings
    panel.rows[0].remove.click()
    assert panel.rows == []
    assert controllers.hub.own == ()


def test_ports_of_osc_are_chosen_and_remembered(whole: WholeWindow) -> None:
    panel, controllers = whole.context[ControllersPanel], whole.context[Controllers]
    for text, sentence in (("x", '"x" is no UDP port'), ("99999", "is no UDP port")):
        panel.osc.setText(text)
        panel.osc.editingFinished.emit()
        assert sentence in whole.said[-1]
    panel.sends.setText("nowhere")
    panel.sends.editingFinished.emit()
    assert '"nowhere" is no place to send OSC to' in whole.said[-1]
    panel.sends.setText("127.0.0.1:9")
    panel.sends.editingFinished.emit()
    assert controllers.hub.ports.sends == ("127.0.0.1", 9)
    assert controllers.choice.sends == "127.0.0.1:9"
    panel.sends.setText("")
    panel.sends.editingFinished.emit()
    assert controllers.hub.ports.sends is None


def test_own_mappings_come_back_and_what_is_damaged_is_said(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> None:
    del gl_app
    from dataclasses import replace

    from PySide6.QtCore import QSettings

    from studio.ui.services.session import Session

    save_network(tiny_network(), tmp_path / "tiny")
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    session = Session(settings)
    held = '[{"signal": "midi/1/cc/7", "target": "/tempo/bpm", "mode": "absolute", "takeover": true}]'
    for text, own in ((held, (Mapping("midi/1/cc/7", "/tempo/bpm"),)), ("[{]", ()), ('[{"signal": 3}]', ())):
        session.control = replace(session.control, mappings=text)
        settings.sync()
        made = WholeWindow(qtbot, tmp_path, str(tmp_path / "tiny"), "demo", "64")
        try:
            assert made.context[Controllers].hub.own == own
            assert any("mappings cannot be read" in said for said in made.said) == (not own)
        finally:
            made.close()


def test_the_mouse_over_the_picture_is_a_signal(whole: WholeWindow) -> None:
    hub = whole.context[Controllers].hub
    view = whole.viewport
    QTest.mouseMove(view, QPoint(view.width() // 4, view.height() // 2))
    whole.until(lambda: "mouse/x" in hub.listen(1.0).values)
    values = hub.listen(1.0).values
    assert values["mouse/x"] == pytest.approx(0.25, abs=0.02)
    assert values["mouse/y"] == pytest.approx(0.5, abs=0.02)


def test_the_microphone_takes_the_films_place_and_its_end_is_said(
    whole: WholeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Made:
        is_heard = True

        def listen(self, time: float) -> Measurements:
            return Measurements({"sound/level": 0.75}, {"sound/onset": time})

        def close(self) -> None: ...

    panel, controllers = whole.context[ControllersPanel], whole.context[Controllers]
    made = Made()
    monkeypatch.setattr(microphone, "Microphone", lambda: made)
    panel._hear_microphone(True)
    assert panel.microphone.isChecked()
    assert controllers.listen(3.0).values["sound/level"] == 0.75
    made.is_heard = False
    whole.until(lambda: controllers.microphone is None)
    assert "The microphone was disconnected; the film's sound is used again." in whole.said
    assert not panel.microphone.isChecked()

    def without() -> Made:
        raise StudioError("No microphone can be heard (none); connect one.")

    monkeypatch.setattr(microphone, "Microphone", without)
    panel._hear_microphone(True)
    assert whole.said[-1] == "No microphone can be heard (none); connect one."
    assert not panel.microphone.isChecked()
