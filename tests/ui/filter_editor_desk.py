"""A filter editor on a small network, and hands for it: real events of mouse, pen and keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from helpers import layer, network
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.ui.filters import FilterEditor
from studio.ui.filters.commands import COMMANDS
from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Context
from studio.ui.services.messages import MessageBar
from studio.ui.services.posting import Post

WEIGHT = "enc.weight"
NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def small_network(seed: int = 0) -> Network:
    """Kernels of two sizes, vectors, and a layer without tensors."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=4, stride=2, padding=1),
        layer("act", "ReLU", "enc"),
        layer("mid", "Conv2d", "act", in_channels=6, out_channels=6, kernel_size=3, padding=1),
        layer("dec", "ConvTranspose2d", "mid", in_channels=6, out_channels=3, kernel_size=4, stride=2, padding=1),
        seed=seed,
        name="small",
    )


class Desk:
    """An editor in a window, its models, and what was said."""

    def __init__(self, qtbot: QtBot, size: tuple[int, int] = (420, 720)) -> None:
        self.qtbot = qtbot
        self.document = Document(Preset("small", small_network(), {}))
        self.workspace = Workspace(self.document)
        # Where a brush reaches is told in weights here.
        self.workspace.brush, self.workspace.brush_unit = Brush(), "weights"
        self.said: list[str] = []
        self._post = Post()
        self.editing = Editing(self.document, self._post, self.said.append)
        self.editor = FilterEditor(self.document, self.workspace, self.editing)
        qtbot.addWidget(self.editor)
        context = Context(self.editor, self.document, self.workspace, self.editing, self.editor, MessageBar())
        self.actions = Actions(context, COMMANDS, self.editor, self.said.append)
        self.editor.resize(*size)
        self.editor.show()
        qtbot.waitExposed(self.editor)
        QApplication.processEvents()
        self.trained = self.tensor()

    @property
    def canvas(self) -> QWidget:
        return self.editor.sheet

    def tensor(self, name: str = WEIGHT) -> Array:
        return self.document.tensor(name).copy()

    @property
    def everything(self) -> Selection:
        return Selection.everything(self.document.tensor(WEIGHT).shape)

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.editing.is_active)

    def at(self, y: float, x: float) -> QPoint:
        return self.editor.sheet.at(y, x).toPoint()

    def place(self, y: float, x: float) -> tuple[float, float]:
        """Where on the sheet the pixel lies that is pressed for this place."""
        return self.editor.sheet.place(QPointF(self.at(y, x)))

    def drag(self, *places: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE, release: bool = True) -> None:
        drag(self.qtbot, self.canvas, [self.at(*place) for place in places], modifiers, release=release)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, widget: QWidget | None = None) -> None:
        # The keys of commands are for the active window alone, and no window manager makes it so here.
        self.editor.activateWindow()
        self.qtbot.waitUntil(self.editor.isActiveWindow)
        self.qtbot.keyClick(widget or self.canvas, key, modifiers)

    def wheel(self, at: QPoint, notches: int) -> None:
        event = QWheelEvent(
            QPointF(at),
            QPointF(self.canvas.mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)


def drag(
    qtbot: QtBot, widget: QWidget, points: list[QPoint], modifiers: Qt.KeyboardModifier = NONE, *, release: bool = True
) -> None:
    """Press at the first point, move over all, and let go at the last."""
    qtbot.mousePress(widget, LEFT, modifiers, points[0])
    for point in points[1:]:
        move(widget, point, modifiers)
    if release:
        qtbot.mouseRelease(widget, LEFT, modifiers, points[-1])


def move(widget: QWidget, point: QPoint, modifiers: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
    """A move with a button held; QTest's own moves come late, and without modifiers."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    where = QPointF(point), QPointF(widget.mapToGlobal(point))
    QApplication.sendEvent(
        widget, QMouseEvent(QEvent.Type.MouseMove, *where, Qt.MouseButton.NoButton, button, modifiers)
    )


def differs(a: Array, b: Array) -> np.ndarray:
    return np.asarray(a != b)


Act = Callable[[], None]
