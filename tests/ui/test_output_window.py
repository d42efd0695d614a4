"""The output window: how the picture lies in it, black, the test picture, screens, and its menu."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from whole_window import NONE, WholeWindow

from studio.errors import StudioError
from studio.io.networks import save_network
from studio.model.declared.size import Size
from studio.model.views.framing import Framing
from studio.ui.services.choices import OutputChoice
from studio.ui.viewport import output_window
from studio.ui.viewport.output_window import OutputWindow
from studio.ui.viewport.screens import ScreenMenu


def mapped(framing: Framing, picture: np.ndarray, view: Size) -> np.ndarray:
    """What the shader makes of a placement, pixel by pixel; -1 beside the picture."""
    height, width = picture.shape
    placement = framing.placement(Size(height, width), view)
    found = np.full(view, -1)
    (x0, y0), (a, b, c, d) = placement.origin, placement.axes
    for row in range(view.height):
        for column in range(view.width):
            px, py = column + 0.5, row + 0.5
            x = int(np.floor(x0 + (a * px + b * py) / placement.zoom))
            y = int(np.floor(y0 + (c * px + d * py) / placement.zoom))
            if 0 <= x < width and 0 <= y < height:
                found[row, column] = picture[y, x]
    return found


@settings(max_examples=30)
@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.booleans(), st.booleans(), st.sampled_from([1, 2, 3])
)
def test_a_turned_and_mirrored_picture_is_numpys(
    height: int, width: int, quarters: int, mirrored: bool, flipped: bool, scale: int
) -> None:
    picture = np.arange(height * width).reshape(height, width)
    wanted = picture[:, ::-1] if mirrored else picture
    wanted = np.rot90(wanted[::-1] if flipped else wanted, -quarters)
    enlarged = wanted.repeat(scale, 0).repeat(scale, 1)
    framing = Framing("fit", quarters, mirrored, flipped)  # type: ignore[arg-type]
    view = Size.of(enlarged)
    np.testing.assert_array_equal(mapped(framing, picture, view), enlarged)
    stretched = Framing("stretch", quarters, mirrored, flipped)  # type: ignore[arg-type]
    found = mapped(stretched, picture, Size(view.height, 2 * view.width))
    np.testing.assert_array_equal(found, enlarged.repeat(2, 1))


def test_fitting_leaves_edges_and_filling_cuts() -> None:
    picture = np.arange(8).reshape(2, 4)
    fit = mapped(Framing("fit"), picture, Size(8, 8))
    assert (fit[:2] == -1).all()
    assert (fit[6:] == -1).all()
    np.testing.assert_array_equal(fit[2:6], picture.repeat(2, 0).repeat(2, 1))
    fill = mapped(Framing("fill"), picture, Size(8, 8))
    np.testing.assert_array_equal(fill, picture[:, 1:3].repeat(4, 0).repeat(4, 1))
    actual = mapped(Framing("actual"), picture, Size(8, 8))
    np.testing.assert_array_equal(actual[3:5, 2:6], picture)
    assert (actual >= 0).sum() == 8


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    # One picture, which stands: what is seen changes by commands alone.
    still = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    cv2.imwrite(str(tmp_path / "still.png"), still)
    made = WholeWindow(qtbot, tmp_path, str(tmp_path / "tiny"), str(tmp_path / "still.png"), "64")
    yield made
    made.close()


def seen(whole: WholeWindow) -> np.ndarray:
    """The window's pixels as they are now; looking at them has what is newest drawn."""
    window = whole.projection.output
    assert window is not None
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def until_seen(whole: WholeWindow, wanted: np.ndarray) -> None:
    """Wait until the window shows just this."""
    whole.until(lambda: np.array_equal(seen(whole), wanted))


def fitted(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture as large as it fits into a square window, on black."""
    places = mapped(
        Framing("fit"), np.arange(picture.shape[0] * picture.shape[1]).reshape(picture.shape[:2]), Size(side, side)
    )
    return np.where(places[:, :, None] >= 0, picture.reshape(-1, 3)[places], 0).astype(np.uint8)


def press(whole: WholeWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key on the output window, which the keyboard is in."""
    window = whole.projection.output
    assert window is not None
    window.activateWindow()
    window.setFocus()
    whole.until(lambda: window.isActiveWindow() and QApplication.focusWidget() is window)
    whole.qtbot.keyClick(window, key, modifiers)
    QApplication.processEvents()


@pytest.mark.gl
def test_every_key_works_on_it(whole: WholeWindow) -> None:
    whole.command("view.output_window")
    session = whole.window.parts.session
    press(whole, Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert whole.projection.test
    press(whole, Qt.Key.Key_Space)
    whole.until(lambda: not whole.live.player.state().playing)
    press(whole, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    window = whole.projection.output
    assert window is not None
    assert window.isFullScreen()
    assert session.output.screen == window.screen().name()
    # Escape and F11 are its own: they mean full screen of this window.
    press(whole, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    press(whole, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not whole.window.isFullScreen()
    # Macros are chosen and turned, snapshots taken and called.
    names = whole.studio.controllers.hub.names
    names.set("/macro/2", 0.5)
    press(whole, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    press(whole, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names.get("/macro/2") > 0.5
    press(whole, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    names.set("/macro/2", 0.1)
    press(whole, Qt.Key.Key_1)
    assert names.get("/macro/2") > 0.5
    press(whole, Qt.Key.Key_Escape)
    press(whole, Qt.Key.Key_F10)
    assert whole.projection.output is None


class Screen:
    """What the studio asks of a screen; here there is one alone."""

    def __init__(self, name: str, area: QRect, model: str = "") -> None:
        self.name, self.model = lambda: name, lambda: model
        self.size, self.availableGeometry = area.size, lambda: area
        self.devicePixelRatio = lambda: 2.0


class Screens:
    """Screens that come and go, and which of them windows are on."""

    def __init__(self, whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.projection = whole.projection
        self.desk, self.wall = (
            Screen("DP-1", QRect(0, 0, 300, 200), "Desk & Co"),
            Screen("HDMI-1", QRect(40, 0, 200, 100)),
        )
        self.there = [self.desk, self.wall]
        monkeypatch.setattr(self.projection, "_find_screens", lambda: list(self.there))
        monkeypatch.setattr(type(whole.window), "screen", lambda _: self.desk)
        monkeypatch.setattr(OutputWindow, "setScreen", lambda window, screen: setattr(window, "_screen", screen))
        monkeypatch.setattr(OutputWindow, "screen", lambda window: getattr(window, "_screen", self.desk))

    def pull(self, screen: Screen) -> None:
        self.there.remove(screen)
        self.projection.screen_went(screen)  # type: ignore[arg-type]
        window = self.projection.output
        if window is not None and window.screen() is screen:
            window.setScreen(self.desk)  # type: ignore[arg-type]  # as the system does

    def plug(self, screen: Screen) -> None:
        self.there.append(screen)
        self.projection.screen_came(screen)  # type: ignore[arg-type]


def listed(whole: WholeWindow) -> dict[str, QAction]:
    """The entries of the menu of screens, as View/Output has it."""
    [menu] = [menu for menu in whole.window.findChildren(ScreenMenu) if menu.parent() is not whole.projection.output]
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


@pytest.mark.gl
def test_a_screen_is_picked_from_a_list_and_remembered_by_name(
    whole: WholeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens, projection, session = Screens(whole, monkeypatch), whole.projection, whole.window.parts.session
    names = listed(whole)
    desk, wall = "1  DP-1 (Desk && Co)   600 × 400", "2  HDMI-1   400 × 200"
    assert list(names) == [desk, wall, "A window"]
    assert not any(action.isChecked() for action in names.values())
    names[wall].trigger()
    assert projection.filled is screens.wall
    assert session.output.screen == "HDMI-1"
    assert [text for text, action in listed(whole).items() if action.isChecked()] == [wall]
    # It is pulled: the studio is not covered, and the list says what is waited for.
    screens.pull(screens.wall)
    window = projection.output
    assert window is not None
    assert projection.filled is None
    assert not window.isFullScreen()
    assert "The screen HDMI-1 has gone; the output is a window until it is back." in whole.said
    assert not listed(whole)["HDMI-1: not connected"].isEnabled()
    assert listed(whole)["A window"].isChecked()
    # Another one is left alone; that one is filled again.
    screens.plug(Screen("HDMI-2", QRect(0, 0, 99, 99)))
    assert projection.filled is None
    screens.plug(screens.wall)
    assert projection.filled is screens.wall
    assert "The output is on HDMI-1 again." in whole.said
    # Another time it is opened there again, and where it is missing, once it comes.
    whole.command("view.output_window")
    assert projection.output is None
    whole.command("view.output_window")
    assert projection.filled is screens.wall
    whole.command("view.output_window")
    screens.pull(screens.wall)
    del screens.there[1:]
    whole.command("view.output_window")
    assert projection.filled is None
    screens.plug(screens.wall)
    assert projection.filled is screens.wall
    # As a window it is one, whatever comes.
    listed(whole)["A window"].trigger()
    assert projection.filled is None
    assert session.output.screen == ""
    screens.pull(screens.wall)
    screens.plug(screens.wall)
    assert projection.filled is None


@pytest.mark.gl
def test_what_another_system_has_is_greyed_out(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    outlets = {name: whole.window.actions_[f"send.{name}"] for name in ("camera", "ndi", "spout", "syphon")}
    system = {"win32": "spout", "darwin": "syphon"}.get(sys.platform)
    for name, action in outlets.items():
        assert action.isEnabled() == (name in ("camera", "ndi", system)), name
    if system != "spout":
        assert "Only on Windows" in outlets["spout"].toolTip()
    # What is sent is ticked, until that has failed or it is chosen again.
    monkeypatch.setitem(sys.modules, "cyndilib", None)
    whole.command("send.ndi")
    whole.until(lambda: any("NDI needs the package cyndilib" in text for text in whole.said))
    whole.until(lambda: not outlets["ndi"].isChecked())


@pytest.mark.gl
def test_the_picture_is_mirrored_turned_blacked_out_and_tested(whole: WholeWindow) -> None:
    whole.command("view.output_window")
    window = whole.projection.output
    assert window is not None
    window.resize(256, 256)
    straight = fitted(whole.picture(), 256)
    assert straight.any()
    until_seen(whole, straight)
    whole.command("output.mirror")
    until_seen(whole, straight[:, ::-1])
    whole.command("output.mirror")
    whole.command("output.turn")
    until_seen(whole, np.rot90(straight, -1))
    whole.command("output.turn")
    whole.command("output.flip")
    until_seen(whole, straight[:, ::-1])
    whole.command("output.turn")
    whole.command("output.turn")
    whole.command("output.flip")
    # The keys are the studio's, pressed on the output window while nothing else has the keyboard.
    press(whole, Qt.Key.Key_K)
    assert whole.projection.black
    until_seen(whole, np.zeros_like(straight))
    press(whole, Qt.Key.Key_K)
    until_seen(whole, straight)
    whole.command("output.test")
    whole.until(lambda: tuple(seen(whole)[80, 60]) == (255, 255, 255))
    assert len(np.unique(seen(whole).reshape(-1, 3), axis=0)) > 20
    whole.command("output.test")
    until_seen(whole, straight)
    # What the viewport looks at, and its colours, is nobody else's.
    whole.workspace.colours = "grey"
    whole.workspace.choose("enc", "weight")
    whole.workspace.show("layer")
    screen = whole.live.screen
    assert screen is not None
    whole.until(lambda: "enc" in [shown.name for shown in screen.front()])
    until_seen(whole, straight)


@pytest.mark.gl
def test_controllers_reach_it_by_addresses(whole: WholeWindow) -> None:
    names = whole.studio.controllers.hub.names
    for address, value in (("/output/black", 1.0), ("/output/quarters", 3.0), ("/output/mirrored", 1.0)):
        names.set(address, value)
        assert names.get(address) == value
        names.set(address, value)
        assert names.get(address) == value
    assert whole.projection.black
    assert whole.projection.framing == Framing("fit", 3, True)
    names.set("/output/black", 0)
    assert not whole.projection.black
    with pytest.raises(StudioError, match="/output/quarters takes a whole number from 0 to 3"):
        names.set("/output/quarters", 4)


@pytest.mark.gl
def test_its_place_and_size_are_remembered(whole: WholeWindow) -> None:
    whole.command("view.output_window")
    window = whole.projection.output
    assert window is not None
    room = window.screen().availableSize()
    assert window.height() <= room.height()
    window.setGeometry(40, 60, 500, 120)
    whole.command("view.output_window")
    assert whole.projection.output is None
    kept = whole.window.parts.session.output
    assert kept.rect == QRect(40, 60, 500, 120)
    whole.command("view.output_window")
    window = whole.projection.output
    assert window is not None
    assert window.geometry() == QRect(40, 60, 500, 120)
    # On a screen that has gone nobody would find it.
    window.setGeometry(40, 60, 300, 200)
    whole.command("view.output_window")
    whole.projection._place = QRect(90000, 90000, 300, 200)
    whole.command("view.output_window")
    window = whole.projection.output
    assert window is not None
    assert window.screen().geometry().intersects(window.geometry())
    assert OutputChoice(place="1,2,0,5").rect is None
    assert OutputChoice(place="nowhere").rect is None


def test_the_test_picture_says_its_own_pixels(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    words: list[str] = []
    monkeypatch.setattr(output_window, "draw_test_picture", lambda _painter, _rect, text: words.append(text))
    monkeypatch.setattr(output_window.OutputWindow, "devicePixelRatioF", lambda _: 1.5, raising=False)
    window = output_window.OutputWindow(lambda: None)
    whole.qtbot.addWidget(window)
    window.resize(400, 300)
    window.show_as(Framing(), black=False, test=True)
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    window.decorate(painter)
    painter.end()
    assert words[-1].endswith("600 × 450")


def test_how_it_was_left_is_remembered_and_its_menu_has_all_of_it(whole: WholeWindow) -> None:
    whole.command("output.next_screen")
    window = whole.projection.output
    assert window is not None
    assert window.isFullScreen()
    whole.command("output.fill")
    whole.command("output.flip")
    assert whole.window.parts.session.output == OutputChoice(window.screen().name(), "fill", 0, False, True)
    assert whole.window.actions_["output.fill"].isChecked()
    assert not whole.window.actions_["output.fit"].isChecked()
    place = window.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, window.mapToGlobal(place))
    QApplication.sendEvent(window, event)
    menu: QWidget | None = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions()]
    assert {"Black", "Test picture", "Fill the window", "Mirror", "Screen", "Next screen", "Send to NDI"} <= set(texts)
    menu.close()
    assert OutputChoice(fit="sideways", quarters=9).framing == Framing()
