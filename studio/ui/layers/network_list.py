"""The list of layers: keys and clicks on the rows of a network panel."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QListView, QWidget

from studio.ui.layers.network_actions import LayerActions
from studio.ui.layers.network_delegate import LayerDelegate
from studio.ui.layers.network_model import Index, LayerModel

KEYS = {
    Qt.Key.Key_B: "toggle_bypass",
    Qt.Key.Key_S: "toggle_solo",
    Qt.Key.Key_F: "view_filters",
    Qt.Key.Key_Return: "view",
    Qt.Key.Key_Enter: "view",
}
"""What keys do to the selected layer, by the method of `LayerActions`."""


class LayerList(QListView):
    """Layers from inputs to output; the row under the keyboard's focus is the selected layer."""

    def __init__(self, model: LayerModel, actions: LayerActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._actions = actions
        self._pointed: tuple[str, int] | None = None
        self.delegate = LayerDelegate(model, actions, self)
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setStyleSheet("QListView { border: none; }")
        self.setAccessibleName("Layers")

    # -- what the panel asks ----------------------------------------------------------------------------------------

    def show_selected(self) -> None:
        """Bring the selected layer into view, and the keyboard to it."""
        index = self._model.place(self._model.workspace.layer)
        if index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        self.viewport().update()

    def redraw(self, names: set[str]) -> None:
        """Draw these layers anew where they can be seen."""
        first, last = self.visible_rows()
        for place in range(first, last + 1):
            if self._model.rows[place].name in names:
                self.update(self._model.index(place))

    def visible_rows(self) -> tuple[int, int]:
        """The first and the last row that can be seen; (0, -1) where there is none."""
        count = self._model.rowCount()
        height = self.sizeHintForRow(0)
        if not count or height <= 0:
            return 0, -1
        top = self.verticalOffset()
        return max(0, top // height), min(count - 1, (top + self.viewport().height()) // height)

    # -- what Qt tells ----------------------------------------------------------------------------------------------

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802 - Qt's name
        """See Qt: the keyboard's row is the selected layer."""
        super().currentChanged(current, previous)
        if current.isValid():
            self._actions.choose(self._model.rows[current.row()].name)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: a button of a row works without selecting it; a click beside the rows changes nothing."""
        if not self._press_button(event):
            index = self.indexAt(event.position().toPoint())
            super().mousePressEvent(event)
            if index.isValid():
                self._actions.choose(self._model.rows[index.row()].name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: shows the layer; on a button it is a second click."""
        if not self._press_button(event):
            index = self.indexAt(event.position().toPoint())
            super().mouseDoubleClickEvent(event)
            if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
                self._actions.view(self._model.rows[index.row()].name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: the map of a channel whose chip the mouse is on lies over the picture."""
        super().mouseMoveEvent(event)
        place = event.position().toPoint()
        index = self.indexAt(place)
        row = self._model.rows[index.row()] if index.isValid() else None
        channel = None if row is None else self.delegate.chip_at(self.visualRect(index), place, row)
        self._point(None if row is None or channel is None else (row.name, channel))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        super().leaveEvent(event)
        self._point(None)

    def _point(self, channel: tuple[str, int] | None) -> None:
        if channel != self._pointed:
            self._pointed = self._model.workspace.pointed = channel
            self.viewport().update()

    def event(self, event: QEvent) -> bool:
        """See Qt: the list's own keys come before the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._means(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        does, index = self._means(event), self.currentIndex()
        if does and index.isValid():
            getattr(self._actions, does)(self._model.rows[index.row()].name)
        elif not does:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: what can be done with the layer, by mouse and by the menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            at = self.viewport().mapToGlobal(self.visualRect(index).center()) if by_key else event.globalPos()
            menu = self._actions.menu(self, self._model.rows[index.row()].name)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(at)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: rows grow with the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.delegate.set_font(self.font())
            self.scheduleDelayedItemsLayout()

    def _means(self, event: QKeyEvent) -> str:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        return KEYS.get(Qt.Key(event.key()), "") if plain else ""

    def _press_button(self, event: QMouseEvent) -> bool:
        place = event.position().toPoint()
        index = self.indexAt(place)
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return False
        row = self._model.rows[index.row()]
        button = self.delegate.button_at(self.visualRect(index), place, row)
        channel = self.delegate.chip_at(self.visualRect(index), place, row)
        if button is not None:
            self.delegate.press(button, row)
        elif channel is not None:
            add = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._actions.select_maker(row.name, channel, add=add)
        return button is not None or channel is not None
