"""A text that changes many times a second moves nothing else."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from studio.ui.kit.steady import SteadyLabel


class Layouts(QObject):
    """Counts how often a widget is asked to lay out what it holds."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__()
        self.count, self._watched = 0, watched
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        del watched
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def row(qtbot: QtBot, label: QLabel) -> Layouts:
    holder = QWidget()
    qtbot.addWidget(holder)
    QHBoxLayout(holder).addWidget(label)
    label.setText("0:00.0 / 0:15.0")
    holder.show()
    QApplication.processEvents()
    counted = Layouts(holder)
    for tenth in range(10):
        label.setText(f"0:00.{tenth} / 0:15.0")
        QApplication.processEvents()
    return counted


def test_texts_for_which_there_is_room_ask_for_no_layout(qtbot: QtBot) -> None:
    usual, steady = QLabel(), SteadyLabel()
    many, few = row(qtbot, usual), row(qtbot, steady)
    assert many.count >= 9  # which is why there is another
    assert few.count <= 1
    assert steady.text() == "0:00.9 / 0:15.0"


def test_a_longer_text_is_seen_whole_and_a_shorter_one_leaves_the_room(qtbot: QtBot) -> None:
    label = SteadyLabel()
    qtbot.addWidget(label)
    label.setText("9.9 fps")
    narrow = label.width()
    label.setText("100 fps · 10000.0 ms")
    assert label.width() >= label.fontMetrics().horizontalAdvance("100 fps · 10000.0 ms") > narrow
    wide = label.width()
    label.setText("")
    assert label.width() == wide
