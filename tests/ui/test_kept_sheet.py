"""The filter sheet is kept from one paint to the next: only what has changed is drawn, and nothing old is left."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from filter_editor_desk import LEFT, NONE, WEIGHT, Desk, move
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.model.bends.clusters import CLUSTERS
from studio.model.bends.stage import Cluster
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import Rect, sheet_size, to_sheet
from studio.model.views.brush import Brush
from studio.ui.filters import sheet_painter
from studio.ui.filters.depths import Depth
from studio.ui.filters.kept_sheet import KeptSheet
from studio.ui.filters.rulers import Rulers
from studio.ui.filters.sheet_scene import SheetScene


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    found = Desk(qtbot)
    found.workspace.choose("enc", "weight")
    found.workspace.brush = Brush(mode="set", value=0.4, radius=1.5, hardness=0.5)
    QApplication.processEvents()
    yield found
    found.editing.close()


def seen(desk: Desk) -> QImage:
    return desk.canvas.grab().toImage()


def drawn_anew(desk: Desk) -> QImage:
    desk.editor.sheet._kept.spoil()
    return seen(desk)


class Painted(QObject):
    """The rectangles of a sheet that are painted from now on."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.canvas)
        self.rects: list[QRect] = []
        desk.canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        del watched
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return False


@pytest.mark.parametrize("depth", ["overview", "filters", "weights"])
@pytest.mark.parametrize("some", [False, True])
def test_after_strokes_it_looks_as_if_all_of_it_had_been_drawn(desk: Desk, depth: Depth, some: bool) -> None:
    desk.editor.sheet.show_depth(depth)
    if some:
        mask = np.zeros((6, 3), np.bool_)
        mask[1:4, :2] = True
        desk.workspace.select(Selection(mask))
    before = seen(desk)
    desk.workspace.protected = False
    size = desk.canvas.size()
    way = [QPoint(size.width() * k // 12, size.height() * (3 + k % 3) // 8) for k in range(3, 11)]
    desk.qtbot.mousePress(desk.canvas, LEFT, NONE, way[0])
    for at in way:
        move(desk.canvas, at)
        QApplication.processEvents()
    desk.qtbot.mouseRelease(desk.canvas, LEFT, NONE, way[-1])
    move(desk.canvas, QPoint(3, 3), button=Qt.MouseButton.NoButton)
    desk.qtbot.waitUntil(lambda: not desk.editor.sheet._scene.glow.lasts)
    after = seen(desk)
    assert after != before
    assert after == drawn_anew(desk)


def test_a_dab_paints_its_own_rectangle_and_a_move_the_ring(desk: Desk) -> None:
    desk.workspace.tool = "select"
    QApplication.processEvents()
    painted = Painted(desk)
    desk.document.apply("Dab", WEIGHT, Patch(Rect(9, 6, 1, 1), np.full((1, 1), 2.5, np.float32)))
    QApplication.processEvents()
    size, kernel = desk.canvas.size(), desk.editor.sheet.camera.zoom * 4
    assert painted.rects
    assert all(rect.width() <= 3 * kernel + 10 and rect.height() <= 3 * kernel + 10 for rect in painted.rects)
    assert all(rect.contains(desk.at(9.5, 6.5)) for rect in painted.rects)
    desk.workspace.tool = "paint"
    move(desk.canvas, desk.at(3, 3), button=Qt.MouseButton.NoButton)
    QApplication.processEvents()
    painted.rects.clear()
    move(desk.canvas, desk.at(4, 4), button=Qt.MouseButton.NoButton)
    QApplication.processEvents()
    assert painted.rects
    assert all(rect.width() * rect.height() < size.width() * size.height() / 4 for rect in painted.rects)


def test_of_a_whole_sheet_that_is_turned_the_rulers_stay(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ruled: list[object] = []
    draw = Rulers.draw
    monkeypatch.setattr(Rulers, "draw", lambda *given: (ruled.append(given), draw(*given)))
    height, width = sheet_size(desk.trained.shape)
    before = seen(desk)
    turned = Patch(Rect(0, 0, height, width), -to_sheet(desk.trained))
    desk.document.apply("Turn", WEIGHT, turned)
    after = seen(desk)
    assert after != before
    assert not ruled
    assert after == drawn_anew(desk)


def test_marks_go_everywhere_once_there_are_too_many_and_come_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_painter, "MOST_EDGES", 3)
    desk.workspace.tool = "select"
    counts = []
    for count in (2, 3, 5, 18, 3):
        values = to_sheet(desk.trained).copy()
        for k in range(count):
            values[k // 3 * 4, k % 3 * 4] += 0.01
        before = to_sheet(desk.tensor())
        for k in range(18):
            row, column = k // 3 * 4, k % 3 * 4
            if before[row, column] != values[row, column]:
                dab = Patch(Rect(row, column, 1, 1), values[row : row + 1, column : column + 1].copy())
                desk.document.apply("Dab", WEIGHT, dab)
                seen(desk)
        QApplication.processEvents()
        desk.qtbot.waitUntil(lambda: not desk.editor.sheet._scene.glow.lasts)
        kept = seen(desk)
        assert kept == drawn_anew(desk)
        counts.append(np.count_nonzero(desk.editor.sheet._scene._sheet.bent))
    assert counts == [2, 3, 5, 18, 3]


def test_a_paint_that_failed_is_made_up_for(desk: Desk) -> None:
    kept, drawn = KeptSheet(), []

    def fail(painter: QPainter) -> None:
        painter.fillRect(0, 0, 8, 8, QColor("red"))
        raise KeyError("odd")

    def paint(painter: QPainter) -> None:
        drawn.append(painter.hasClipping())
        painter.fillRect(0, 0, 8, 8, QColor("green"))

    given = QSize(8, 8), 1.0, (), desk.canvas.font()
    with pytest.raises(KeyError) as failed:
        kept.picture(*given, fail)
    # Whoever keeps the failure, as the log does, keeps the frame in which it came about.
    assert kept.picture(*given, paint).toImage().pixelColor(4, 4) == QColor("green")
    assert failed.value
    assert drawn == [False]


def test_a_move_of_the_mouse_draws_nothing_of_the_sheet(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    QApplication.processEvents()
    seen(desk)
    drawn: list[object] = []
    monkeypatch.setattr(SheetScene, "draw", lambda *arguments: drawn.append(arguments))
    for k in range(5):
        move(desk.canvas, desk.at(3 + k, 3), button=Qt.MouseButton.NoButton)
        QApplication.processEvents()
    assert not drawn


def test_the_ring_leaves_nothing_behind(desk: Desk) -> None:
    move(desk.canvas, QPoint(3, 3), button=Qt.MouseButton.NoButton)
    before = seen(desk)
    for k in range(5):
        move(desk.canvas, desk.at(3 + k, 3), button=Qt.MouseButton.NoButton)
        QApplication.processEvents()
        assert seen(desk) != before
    move(desk.canvas, QPoint(3, 3), button=Qt.MouseButton.NoButton)
    QApplication.processEvents()
    assert seen(desk) == before


@pytest.mark.parametrize("what", ["colours", "selection", "pan", "zoom", "resize", "clusters"])
def test_whatever_else_changes_is_seen(desk: Desk, what: str) -> None:
    desk.editor.sheet.show_depth("filters")
    before = seen(desk)
    if what == "colours":
        desk.workspace.colours = "grey"
    elif what == "selection":
        desk.workspace.select(Selection(np.eye(6, 3, dtype=np.bool_)))
    elif what == "pan":
        desk.key(Qt.Key.Key_Down)
    elif what == "zoom":
        desk.wheel(desk.at(4, 4), 1)
    elif what == "resize":
        desk.editor.resize(500, 800)
        QApplication.processEvents()
    else:
        desk.document.set_section(CLUSTERS, (Cluster("enc", "eyes", (0, 2)),), "Keep")
    after = seen(desk)
    assert after != before
    assert after == drawn_anew(desk)
