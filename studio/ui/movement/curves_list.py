"""The curves of a route, one below the other in the order in which values go through them."""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from studio.model.declared.param import Declared, turnables
from studio.model.movement.curve import CURVES, Curve
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.forms import Form
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import give_place

Curves = tuple[Curve, ...]


class _Row(QFrame):
    """One curve: its name, buttons to move and remove it, and its numbers."""

    turned = Signal(object)
    settled = Signal()
    moved = Signal(int)
    removed = Signal()

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self.kind = type(curve)
        self.setObjectName("curve")
        self.setStyleSheet(f"QFrame#curve {{ border-left: 2px solid {theme.LINE}; }}")
        name = QLabel(curve.label)
        name.setToolTip(first_sentence(self.kind))
        self.up = tool_button("arrow-up", "Earlier", f"{curve.label} earlier", lambda: self.moved.emit(-1))
        self.down = tool_button("arrow-down", "Later", f"{curve.label} later", lambda: self.moved.emit(1))
        self.remove = tool_button("x", "Remove this curve", f"Remove {curve.label}", self.removed.emit)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE // 2)
        head.addWidget(name, 1)
        for button in (self.up, self.down, self.remove):
            head.addWidget(button)
        self.form: Form[Curve] = Form(self.kind, without=("kind",))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.form)
        self.form.changed.connect(self.turned)
        self.form.settled.connect(lambda _: self.settled.emit())


class CurvesList(QWidget):
    """``turned`` brings all curves while a hand is at one, ``settled`` comes when it lets go; ``changed`` brings all
    when one came, went or moved, with what was done.

    Args:
        route: the number of the route.
    """

    turned = Signal(object)
    settled = Signal()
    changed = Signal(str, object)

    def __init__(self, route: int) -> None:
        super().__init__()
        self._route = route
        self._curves: Curves = ()
        self.rows: list[_Row] = []
        self.add = QPushButton(icon("plus"), "Add curve")
        self.add.setToolTip("What the source's values go through on their way to the number")
        self.add.setMenu(self.menu())
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE // 2)
        self._column.addWidget(self.add)

    def menu(self) -> QMenu:
        """The curves that there are."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for kind in CURVES:
            menu.addAction(kind.label, partial(self._put, cast(Curve, kind()))).setToolTip(first_sentence(kind))
        return menu

    def show_curves(self, curves: Curves) -> None:
        """Show these; a row that is there already stays, so that a drag goes on."""
        self._curves = curves
        if [row.kind for row in self.rows] != [type(curve) for curve in curves]:
            for row in self.rows:
                self._column.removeWidget(row)
                row.deleteLater()
            self.rows = [self._new_row(place, curve) for place, curve in enumerate(curves)]
        for place, (row, curve) in enumerate(zip(self.rows, curves, strict=True)):
            row.form.show_record(curve)
            row.up.setEnabled(place > 0)
            row.down.setEnabled(place < len(curves) - 1)

    def _new_row(self, place: int, curve: Curve) -> _Row:
        row = _Row(curve)
        give_place(row, "curve", place + 1)
        head = f"/route/{self._route}/curve/{place + 1}"
        row.form.give_addresses({name: f"{head}/{name}" for name in turnables(type(curve))})
        row.turned.connect(partial(self._turn, place))
        row.settled.connect(self.settled)
        row.moved.connect(partial(self._move, place))
        row.removed.connect(partial(self._remove, place))
        self._column.insertWidget(place, row)
        return row

    def _turn(self, place: int, curve: Curve) -> None:
        self.turned.emit((*self._curves[:place], curve, *self._curves[place + 1 :]))

    def _put(self, curve: Curve) -> None:
        self.changed.emit(f"Add {curve.label.lower()}", (*self._curves, curve))

    def _remove(self, place: int) -> None:
        label = self._curves[place].label.lower()
        self.changed.emit(f"Remove {label}", (*self._curves[:place], *self._curves[place + 1 :]))

    def _move(self, place: int, by: int) -> None:
        curves = list(self._curves)
        curves.insert(place + by, curves.pop(place))
        self.changed.emit(f"Move {self._curves[place].label.lower()}", tuple(curves))


def first_sentence(kind: type[Declared]) -> str:
    """The first paragraph of a curve's docstring, without its markup."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].replace("``", "").split())
