"""The output window: how the picture lies in it, black, the test picture, screens, and its menu."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.errors import StudioError
from studio.io.networks import save_network
from studio.model.framing import Framing
from studio.model.size import Size
from studio.ui.services.choices import OutputChoice


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
    # The keys are the studio's, pressed on the output window.
    whole.key(Qt.Key.Key_K)
    assert whole.projection.black
    until_seen(whole, np.zeros_like(straight))
    whole.key(Qt.Key.Key_K)
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
    assert {"Black", "Test picture", "Fill the window", "Mirror", "Next screen"} <= set(texts)
    menu.close()
    assert OutputChoice(fit="sideways", quarters=9).framing == Framing()
