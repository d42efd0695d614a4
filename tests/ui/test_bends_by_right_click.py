"""A right click on a layer of the list, or on a tile of the viewport, bends it: in the whole window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from whole_window import WholeWindow

from studio.model.bends.stage import AllChannels, ChannelList, Channels
from studio.ui.bends.adding import BendChooser
from studio.ui.bends.panel import BendsPanel

pytestmark = pytest.mark.gl


def right_click(on: QWidget, at: QPoint) -> QMenu:
    """What the system sends for one; gives the menu that opens."""
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(on, QContextMenuEvent(reason, at, on.mapToGlobal(at)))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def choose(menu: QMenu, text: str) -> None:
    """Press an entry."""
    next(action for action in menu.actions() if action.text().startswith(text)).trigger()
    menu.close()


def type_name(whole: WholeWindow, name: str) -> None:
    """Find a bend by its name where one is chosen, and take it."""
    panel = whole.context[BendsPanel]
    whole.until(lambda: any(chooser.isVisible() for chooser in panel.findChildren(BendChooser)))
    [chooser] = [each for each in panel.findChildren(BendChooser) if each.isVisible()]
    whole.qtbot.keyClicks(chooser.search, name)
    whole.qtbot.keyClick(chooser.search, Qt.Key.Key_Return)


def bends(whole: WholeWindow) -> list[tuple[str, str, Channels]]:
    return [(stage.layer, type(stage.bend).__name__, stage.channels) for stage in whole.document.stages]


def test_a_right_click_on_a_layer_adds_a_bend_behind_it(whole: WholeWindow) -> None:
    whole.workspace.choose("enc")
    rows = whole.network.list
    index = next(
        rows.model().index(k, 0) for k in range(rows.model().rowCount()) if rows.model().index(k, 0).data() == "dec"
    )
    rows.scrollTo(index)
    choose(right_click(rows.viewport(), rows.visualRect(index).center()), "Add bend…")
    type_name(whole, "rotat")
    assert bends(whole) == [("dec", "Rotate", AllChannels())]
    assert whole.workspace.layer == "dec"
    assert whole.context[BendsPanel].isVisible()


@pytest.mark.parametrize("before", [False, True])
def test_a_right_click_on_a_tile_bends_its_channel_before_and_after_bends(whole: WholeWindow, before: bool) -> None:
    whole.workspace.choose("enc")
    whole.workspace.show("layer", before=before)
    shown = "enc>made" if before else "enc"
    whole.until(lambda: [part.shown.name for part in whole.viewport._parts] == [shown])
    whole.settle()
    (tiles,) = whole.viewport._parts
    height, width = tiles.shown.crop
    # The third tile of the first row: three of six channels lie beside each other.
    left, top = whole.viewport.camera.to_view(2.6 * width, 0.5 * height)
    ratio = whole.viewport.devicePixelRatioF()
    whole.workspace.choose("act")
    at = QPoint(round(left / ratio), round(top / ratio))
    choose(right_click(whole.viewport, at), "Bend channel 2 of enc…")
    type_name(whole, "invert")
    assert bends(whole) == [("enc", "Invert", ChannelList(channels=(2,)))]
    assert whole.workspace.layer == "enc"
