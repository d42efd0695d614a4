"""Everything by keys: buttons, going about with Tab, full screen, other windows, what is held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import save_network
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.views.workspace import ORIGINALS
from studio.runtime.live.playing import PlayerState
from studio.ui.kit import theme
from studio.ui.kit.panel import bring_forward

pytestmark = pytest.mark.gl


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    made.until(lambda: made.told[PlayerState].info)
    yield made
    made.close()


def focus(whole: WholeWindow, widget: QWidget) -> None:
    whole.window.activateWindow()
    whole.until(whole.window.isActiveWindow)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    whole.until(lambda: QApplication.focusWidget() is widget)


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_space_and_return_press_the_button_that_has_the_keyboard(whole: WholeWindow, key: Qt.Key) -> None:
    playing = whole.told[PlayerState].playing
    pressed: list[QWidget] = []
    window = whole.window
    buttons = [
        button
        for button in window.findChildren(QAbstractButton)
        if button.focusPolicy() & Qt.FocusPolicy.TabFocus
        and button.isVisible()
        and button.isEnabled()
        and not window._docks.is_behind(button)
        # Those that open a menu, a dialog or a folder, play, or record.
        and button.accessibleName() not in ("Source", "Pause", "Play", "Your presets", "Previous frame", "Next frame")
        and button.accessibleName() not in ("Cue points", "Keep the brush", "More of the brush")
        and button.text() != "Record"
    ]
    assert len(buttons) > 5
    for button in buttons:
        if not (button.isVisible() and button.isEnabled()):
            continue
        pressed.clear()
        slot = lambda _=False, button=button: pressed.append(button)  # noqa: E731
        button.clicked.connect(slot)
        focus(whole, button)
        whole.qtbot.keyClick(button, key)
        assert pressed == [button], button.accessibleName() or button.text()
        button.clicked.disconnect(slot)
    assert whole.told[PlayerState].playing == playing


def test_on_a_slider_or_a_list_space_still_plays(whole: WholeWindow) -> None:
    slider = next(slider for slider in whole.window.findChildren(QSlider) if slider.isVisible())
    for widget in (slider, whole.network.list):
        playing = whole.told[PlayerState].playing
        focus(whole, widget)
        whole.qtbot.keyClick(widget, Qt.Key.Key_Space)
        whole.until(lambda before=playing: whole.told[PlayerState].playing != before)


def test_return_opens_a_box(whole: WholeWindow) -> None:
    box = next(box for box in whole.window.findChildren(QComboBox) if box.accessibleName() == "Engine")
    focus(whole, box)
    whole.qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.view().isVisible()
    box.hidePopup()


def stops(whole: WholeWindow, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Where the keyboard comes by, until it is back."""
    focus(whole, whole.viewport)
    found: list[QWidget] = []
    for _ in range(300):
        whole.qtbot.keyClick(QApplication.focusWidget(), key)
        now = QApplication.focusWidget()
        assert now is not None
        if found and now is found[0]:
            return found
        found.append(now)
    raise AssertionError("Tab never comes back")


def seen_of(widget: QWidget, window: QWidget) -> QRect:
    """What of a widget lies within everything that it lies in."""
    seen, above = QRect(QPoint(), window.size()), widget
    while above is not window:
        seen &= QRect(above.mapTo(window, QPoint()), above.size())
        above = above.parentWidget()
    return seen


def test_tab_stops_only_where_something_is_seen_and_everywhere_the_ring_shows_it(whole: WholeWindow) -> None:
    focus(whole, whole.viewport)
    found = []
    for _ in range(300):
        whole.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if found and now is found[0]:
            break
        found.append(now)
        name = now.accessibleName() or now.objectName() or type(now).__name__
        hit = whole.window.childAt(seen_of(now, whole.window).center())
        assert hit is not None, name
        assert hit is now or now.isAncestorOf(hit) or hit.isAncestorOf(now), name
        whole.qtbot.waitUntil(lambda: whole.window.ring.frame is not None)
        QApplication.processEvents()
        frame = whole.window.ring.frame
        assert frame is not None
        place = now.mapTo(whole.window, QPoint())
        assert frame.geometry().contains(place) or frame.geometry().intersects(now.rect().translated(place)), name
        grabbed = frame.grab().toImage()
        assert grabbed.pixelColor(grabbed.width() // 2, 0) == QColor(theme.FOCUS), name
    assert len(found) > 20
    assert whole.viewport in found
    whole.click(whole.viewport)
    whole.qtbot.waitUntil(lambda: whole.window.ring.frame is None)


def test_shift_tab_comes_by_the_same_places(whole: WholeWindow) -> None:
    there, back = stops(whole), stops(whole, Qt.Key.Key_Backtab)
    assert set(there) == set(back)


def test_alt_and_a_letter_open_a_menu(whole: WholeWindow) -> None:
    whole.key(Qt.Key.Key_V, Qt.KeyboardModifier.AltModifier, on=whole.window)
    whole.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    opened = QApplication.activePopupWidget()
    assert isinstance(opened, QMenu)
    assert opened.title() == "&View"
    opened.close()


def layout(whole: WholeWindow) -> dict[str, tuple[bool, int, int, int, int]]:
    QApplication.processEvents()
    return {
        name: (dock.isVisible(), *dock.geometry().getRect())  # type: ignore[misc]
        for name, dock in whole.window.docks.items()
    }


def by_keys(whole: WholeWindow) -> None:
    whole.key(Qt.Key.Key_F11, on=whole.window)


def by_escape(whole: WholeWindow) -> None:
    whole.key(Qt.Key.Key_Escape, on=whole.window)


def by_the_system(whole: WholeWindow) -> None:
    whole.window.showNormal()


@pytest.mark.parametrize("leave", [by_keys, by_escape, by_the_system])
def test_full_screen_however_it_is_left_restores_everything(
    whole: WholeWindow, leave: Callable[[WholeWindow], None]
) -> None:
    window = whole.window
    window.resizeDocks([window.docks["network"]], [313], Qt.Orientation.Horizontal)
    window.resizeDocks([window.docks["histogram"]], [222], Qt.Orientation.Vertical)
    window.docks["history"].hide()
    whole.settle()
    before = layout(whole)
    for _ in range(2):
        whole.key(Qt.Key.Key_F11, on=window)
        assert window.isFullScreen()
        assert not any(dock.isVisible() for dock in window.docks.values())
        assert not window.menuBar().isVisible()
        leave(whole)
        whole.until(lambda: not window.isFullScreen() and window.menuBar().isVisible())
        whole.until(lambda: layout(whole) == before)
        whole.qtbot.wait(250)
        assert layout(whole) == before
        assert not window.actions_["view.full_screen"].isChecked()


def test_closed_in_full_screen_the_layout_before_is_kept(whole: WholeWindow) -> None:
    session = whole.studio.parts.session
    whole.key(Qt.Key.Key_F11, on=whole.window)
    session.keep_window(whole.window, whole.projection.layout)
    by_keys(whole)
    assert session.restore_window(whole.window)
    assert not whole.window.isFullScreen()
    assert whole.window.docks["filters"].isVisible()


def test_full_screen_shows_the_picture_alone_on_black(whole: WholeWindow) -> None:
    whole.until(lambda: whole.viewport._parts)
    whole.key(Qt.Key.Key_F11, on=whole.window)
    QTest.mouseMove(whole.viewport, whole.viewport.rect().center())
    # What a pointer has shown would be there by now.
    whole.qtbot.wait(300)

    def corner() -> set[str]:
        image = whole.viewport.grab().toImage()
        return {image.pixelColor(x, image.height() - 1 - y).name() for x in range(0, 60, 5) for y in range(0, 40, 4)}

    whole.until(lambda: corner() == {"#000000"})
    by_keys(whole)


def test_keys_work_in_the_output_window_which_leaves_the_keyboard_where_it_is(whole: WholeWindow) -> None:
    focus(whole, whole.viewport)
    whole.command("view.output_window")
    output = whole.projection.output
    assert output is not None
    whole.qtbot.waitExposed(output)
    output.activateWindow()
    whole.until(output.isActiveWindow)
    playing = whole.told[PlayerState].playing
    QTest.keyClick(output, Qt.Key.Key_Space)
    whole.until(lambda: whole.told[PlayerState].playing != playing)
    rect = Rect(0, 0, 4, 4)
    whole.document.apply("louder", "enc.weight", Patch(rect, np.full((4, 4), 2.0, np.float32)))
    QTest.keyClick(output, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert whole.document.history.position == 0
    output.setFocus()
    QTest.keyPress(output, Qt.Key.Key_A)
    assert whole.workspace.comparison == ORIGINALS
    QTest.keyRelease(output, Qt.Key.Key_A)
    assert whole.workspace.comparison is None
    QTest.keyClick(output, Qt.Key.Key_F11)
    assert output.isFullScreen()
    assert not whole.window.isFullScreen()
    QTest.keyClick(output, Qt.Key.Key_F10)
    assert whole.projection.output is None


def test_keys_work_in_a_floated_panel(whole: WholeWindow) -> None:
    dock = whole.window.docks["filters"]
    dock.setFloating(True)
    dock.activateWindow()
    whole.until(dock.isActiveWindow)
    sheet = whole.editor.sheet
    sheet.setFocus()
    whole.until(lambda: QApplication.focusWidget() is sheet)
    QTest.keyClick(sheet, Qt.Key.Key_BracketRight)
    assert whole.workspace.brush.radius > 2.0
    QTest.keyPress(sheet, Qt.Key.Key_A)
    assert whole.workspace.comparison == ORIGINALS
    QTest.keyRelease(sheet, Qt.Key.Key_A)
    assert whole.workspace.comparison is None


@pytest.mark.parametrize("event", [QEvent.Type.WindowDeactivate, QEvent.Type.ApplicationDeactivate])
def test_what_is_held_ends_when_the_window_loses_the_keyboard(whole: WholeWindow, event: QEvent.Type) -> None:
    focus(whole, whole.viewport)
    QTest.keyPress(whole.viewport, Qt.Key.Key_A)
    assert whole.workspace.comparison == ORIGINALS
    target = whole.window if event == QEvent.Type.WindowDeactivate else QApplication.instance()
    QApplication.sendEvent(target, QEvent(event))
    assert whole.workspace.comparison is None
    # The release comes when something else has the keyboard, or never.
    QTest.keyRelease(whole.viewport, Qt.Key.Key_A)
    assert whole.workspace.comparison is None


def test_a_click_lets_text_be_written_wherever_it_can_be(whole: WholeWindow) -> None:
    """Size had the keyboard by Tab alone: after a click what was typed went to the commands."""
    fields = [*whole.window.findChildren(QLineEdit), *whole.window.findChildren(QPlainTextEdit)]
    deaf = set[str]()
    for field in (each for each in fields if not each.isReadOnly()):
        within: QWidget = field
        while within.focusProxy() is not None:
            deaf |= set() if within.focusPolicy() & Qt.FocusPolicy.ClickFocus else {field.accessibleName()}
            within = within.focusProxy()
        deaf |= set() if within.focusPolicy() & Qt.FocusPolicy.ClickFocus else {field.accessibleName()}
    assert deaf == set()
    size = next(each for each in fields if each.accessibleName() == "Size")
    whole.window.activateWindow()
    whole.until(whole.window.isActiveWindow)
    QTest.mouseClick(size, Qt.MouseButton.LeftButton)
    whole.until(size.hasFocus)
    size.selectAll()
    whole.qtbot.keyClicks(QApplication.focusWidget(), "48x64")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert whole.workspace.size == "48x64"
    whole.until(lambda: not size.hasFocus())
    QTest.mouseClick(size, Qt.MouseButton.LeftButton)
    whole.until(size.hasFocus)
    box = size.parent()
    assert isinstance(box, QComboBox)
    box.activated.emit(box.findText("128"))
    assert (whole.workspace.size, size.hasFocus()) == ("128", False)


def test_every_letter_can_be_written_where_text_is(whole: WholeWindow) -> None:
    """An editable box has the keyboard itself, not its field: "camera" and paths lost every a to the held key."""
    fields = [*whole.window.findChildren(QLineEdit), *whole.window.findChildren(QPlainTextEdit)]
    boxes = [box for box in whole.window.findChildren(QComboBox) if box.isEditable()]
    whole.workspace.pointed = ("enc", 0)
    whole.window.activateWindow()
    whole.until(whole.window.isActiveWindow)
    written = 0
    for field in (*boxes, *(each for each in fields if not each.isReadOnly())):
        bring_forward(field)
        field.setFocus()
        if QApplication.focusWidget() is not field:
            continue  # it lies in a box, or cannot be written into now
        for key in (Qt.Key.Key_A, Qt.Key.Key_Q):
            QTest.keyPress(field, key)
            assert whole.workspace.comparison is None, field.accessibleName()
            assert not whole.workspace.listening, field.accessibleName()
            QTest.keyRelease(field, key)
        written += 1
    assert written > len(boxes)
    source = next(box for box in boxes if box.accessibleName() == "Learn from")
    bring_forward(source)
    focus(whole, source)
    source.clearEditText()
    QTest.keyClicks(source, "camera qa")
    assert source.currentText() == "camera qa"


def test_a_layer_that_is_gone_is_not_heard_alone_afterwards(whole: WholeWindow) -> None:
    focus(whole, whole.viewport)
    whole.workspace.comparison = "enc"
    QTest.keyPress(whole.viewport, Qt.Key.Key_A)
    whole.window._keyboard._before = "gone"
    QTest.keyRelease(whole.viewport, Qt.Key.Key_A)
    assert whole.workspace.comparison is None


def test_areas_that_hold_what_has_the_keyboard_are_no_stops(whole: WholeWindow) -> None:
    for area in whole.window.findChildren(QScrollArea):
        assert area.focusPolicy() == Qt.FocusPolicy.NoFocus or area.accessibleName(), area.parentWidget()


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_what_the_keyboard_comes_to_from_outside_is_scrolled_into_sight(whole: WholeWindow, key: Qt.Key) -> None:
    whole.window.resize(1280, 620)
    whole.settle()
    areas = [(area, area.widget()) for area in whole.window.findChildren(QScrollArea)]
    focus(whole, whole.viewport)
    found = list[QWidget]()
    while True:
        for area, inside in areas:
            if inside is not None and not inside.isAncestorOf(QApplication.focusWidget()):
                bar = area.verticalScrollBar()
                bar.setValue(bar.maximum() if key == Qt.Key.Key_Tab else 0)
        whole.qtbot.keyClick(QApplication.focusWidget(), key)
        now = QApplication.focusWidget()
        if found and now is found[0]:
            break
        found.append(now)
        whole.settle()
        name = now.accessibleName() or type(now).__name__
        assert seen_of(now, whole.window).height() >= min(now.height(), 15), name
    assert any(area.verticalScrollBar().maximum() > 0 for area, _ in areas), "no panel is scrolled in so low a window"
    assert len(found) > 20
