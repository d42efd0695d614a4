"""Tabs of panels: names are whole and said once, and what a title offers is at the tab."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar
from whole_window import WholeWindow


def bars(whole: WholeWindow) -> list[QTabBar]:
    found = whole.window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [bar for bar in found if bar.isVisible()]


@pytest.mark.gl
@pytest.mark.parametrize("width", [960, 1280, 1600])
def test_names_are_whole_at_every_width(whole: WholeWindow, width: int) -> None:
    whole.window.resize(width, 700)
    whole.settle()
    assert len(bars(whole)) >= 4
    for bar in bars(whole):
        assert bar.elideMode() == Qt.TextElideMode.ElideNone
        metrics = bar.fontMetrics()
        for place in range(bar.count()):
            name = bar.tabText(place)
            assert bar.tabRect(place).width() >= metrics.horizontalAdvance(name) * 0.87, (width, name)
        # The foremost is in sight whatever has no room.
        chosen = bar.tabRect(bar.currentIndex())
        assert chosen.left() >= 0
        assert chosen.right() <= bar.width()
    if width >= 1280:
        for bar in bars(whole):
            assert bar.tabRect(bar.count() - 1).right() <= bar.width(), "all have room"


@pytest.mark.gl
def test_a_panel_under_a_tab_has_no_title_and_a_floating_one_has(whole: WholeWindow) -> None:
    docks = whole.window.docks
    whole.settle()
    histogram = docks["histogram"]
    blank = histogram.titleBarWidget()
    assert blank is not None
    assert blank.height() == 0
    bar = next(bar for bar in bars(whole) if "Histogram" in [bar.tabText(k) for k in range(bar.count())])
    place = [bar.tabText(k) for k in range(bar.count())].index("Histogram")
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton)
    assert histogram.isFloating()
    whole.until(lambda: histogram.titleBarWidget() is None)
    histogram.setFloating(False)
    whole.until(lambda: histogram.titleBarWidget() is not None)
    # What the title's buttons do is in the tab's menu.
    menu = whole.window._docks.tabs.menu(histogram)
    menu.actions()[1].trigger()
    assert histogram.isHidden()
    histogram.show()
    menu.actions()[0].trigger()
    assert histogram.isFloating()
    histogram.setFloating(False)
    # Alone in its place it says what it is.
    for other in docks.values():
        if other is not histogram and other in whole.window.tabifiedDockWidgets(histogram):
            other.hide()
    QApplication.processEvents()
    whole.until(lambda: histogram.titleBarWidget() is None)
