"""One route: a head with its target and switches, and beneath it the source with everything that can be turned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.control.namespace import Namespace
from studio.control.quantised import switches_of
from studio.control.signals import TRIGGERS, check_signals
from studio.control.window import window_numbers
from studio.errors import StudioError
from studio.model.declared.form import fields
from studio.model.declared.param import turnables
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement.modulator import Modulator
from studio.model.movement.route import ROUTES, Route, changed, route_of, without
from studio.modulators import registry
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.forms import Form, align
from studio.ui.kit.number_controls import Number
from studio.ui.kit.reached import give_place
from studio.ui.kit.text_controls import Line
from studio.ui.movement.curves_list import CurvesList
from studio.ui.movement.limits import Limits, LimitsForm
from studio.ui.movement.stays import Stays
from studio.ui.movement.trace import Trace


def first_line(kind: type[Modulator]) -> str:
    """The first paragraph of a source's docstring, without its markup."""
    return " ".join((kind.__doc__ or kind.label).split("\n\n")[0].replace("``", "").split())


class RouteCard(QFrame):
    """A route as a card; it shows the document and changes it.

    ``target_asked`` comes when it is to move another number, ``refused`` with a sentence on what was typed in vain.

    Args:
        document: what holds the route.
        route: which.
        names: finds the number that it moves.
    """

    target_asked = Signal()
    refused = Signal(str)

    def __init__(self, document: Document, route: Route, names: Namespace) -> None:
        super().__init__()
        self._names = names
        self.number = route.id
        self._document = document
        self._kind = type(route.source)
        self._gesture: Gesture | None = None
        self.setObjectName("route")
        give_place(self, route.id)
        self.setStyleSheet(
            f"QFrame#route {{ background: {theme.PANEL}; border: 1px solid {theme.LINE}; border-radius: 4px; }}"
        )
        self.on = tool_button("power", "Rest or move", "The movement is on", self._toggle_on)
        self.on.setCheckable(True)
        self.name = ElidedLabel()
        self.bound = tool_button(
            "arrows-in-line-vertical", "A base and limits of its own", "A base and limits of its own", self._show_limits
        )
        self.bound.setCheckable(True)
        self.retarget = tool_button("target", "Move another number", "Move another number", self.target_asked.emit)
        self.remove = tool_button("x", "Remove this movement", "Remove this movement", self._remove)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE // 2)
        head.addWidget(self.on)
        head.addWidget(self.name, 1)
        head.addWidget(self.bound)
        head.addWidget(self.retarget)
        head.addWidget(self.remove)
        self.address = ElidedLabel()
        self.address.setStyleSheet(f"color: {theme.FAINT};")
        self.trace = Trace()
        self.stays = Stays()
        self._shown: object = None
        self._ends = 0.0, 0.0
        self.body = QWidget()
        self._fill()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(head)
        for part in (self.address, self.trace, self.stays, self.body):
            column.addWidget(part)
        self.show_route(route)

    def _fill(self) -> None:
        self.source = QComboBox()
        self.source.setAccessibleName("Source")
        for kind in sorted(registry().values(), key=lambda kind: (kind.group, kind.label)):
            self.source.addItem(kind.label, kind)
            self.source.setItemData(
                self.source.count() - 1, f"{kind.group}: {first_line(kind)}", Qt.ItemDataRole.ToolTipRole
            )
        self.source.setToolTip(first_line(self._kind))
        self.form: Form[Modulator] = Form(self._kind)
        self.reach = Number(-100.0, 100.0, 0.3, "", (-1.0, 1.0))
        self.reach.name_parts("Depth", "How far it moves, as a part of the number's reach; below 0 the other way")
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnStretch(1, 1)
        labels = QLabel("Source"), QLabel("Depth")
        for row, (label, control) in enumerate(zip(labels, (self.source, self.reach), strict=True)):
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(theme.SPACE // 2, 0, theme.SPACE // 2, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(grid)
        self.limits = LimitsForm()
        self.limits.hide()
        align((*labels, *self.limits.labels, *self.form.labels))
        column.addWidget(self.limits)
        if fields(self._kind):
            column.addWidget(self.form)
        self.curves = CurvesList(self.number)
        column.addWidget(self.curves)
        self.curves.turned.connect(lambda curves: self._turn(curves=curves))
        self.curves.settled.connect(self._settle)
        self.curves.changed.connect(lambda what, curves: self._set(what, curves=curves))
        give_address(self.reach, f"/route/{self.number}/depth")
        give_address(self.on, f"/route/{self.number}/on")
        self.form.give_addresses({name: f"/route/{self.number}/{name}" for name in turnables(self._kind)})
        self.source.activated.connect(self._set_source)
        self.reach.changed.connect(lambda: self._turn(depth=float(self.reach.value())))
        self.reach.settled.connect(self._settle)
        self.limits.changed.connect(self._turn_limits)
        self.limits.settled.connect(self._settle)
        self.form.changed.connect(self._turn_source)
        self.form.settled.connect(self._settle)
        for control in self.form.controls.values():
            if isinstance(control, Line):
                control.settled.connect(self._check)

    # -- showing ----------------------------------------------------------------------------------------------------

    def show_route(self, route: Route) -> None:
        """Show the route as it is now."""
        self.on.setChecked(route.on)
        self.on.setToolTip("Moves; click to let it rest" if route.on else "Rests; click to let it move")
        try:
            number, value = self._names.number(route.target), self._names.get(route.target)
            label, there = number.label, True
        except StudioError:
            number, value = None, 0.0
            waits = next((each.label for each in window_numbers() if each.address == route.target), "")
            label, there = f"{waits}: not there yet" if waits else "Nothing is at this address", False
        self.name.say(label)
        self.name.setToolTip("" if there else "It moves once there is such a number: a filled slot, a panel, a bend")
        colour = theme.WARNING if not there else theme.TEXT if route.on else theme.FAINT
        self.name.setStyleSheet(f"color: {colour}; font-weight: 600;")
        curves = "".join(f" · {curve.label.lower()}" for curve in route.curves)
        self.address.say(route.target + curves)
        for part in (self.address, self.name):
            give_address(part, route.target)
        self.source.setCurrentIndex(self.source.findText(route.source.label))
        self.reach.show_value(route.depth)
        self.form.show_record(route.source)
        idle = route.source.idle()
        for name in self.form.controls:
            self.form.set_shown(name, name not in idle)
        self.curves.show_curves(route.curves)
        self.limits.show_limits(route, number, value)
        if (route, value) != self._shown:
            self._shown = route, value
            self.stays.forget()
        if number is not None:
            self._ends = number.lo if route.lo is None else route.lo, number.hi if route.hi is None else route.hi
        self._show_limits()
        layers = [node.name for node in self._document.network.graph.nodes]
        for name, words in (("layer", layers), ("trigger", TRIGGERS), ("retrigger", TRIGGERS)):
            control = self.form.controls.get(name)
            if isinstance(control, Line):
                control.suggest(words)

    def shows(self, route: Route) -> bool:
        """Whether this is the card of such a route: of this number, with a source of this kind."""
        return route.id == self.number and type(route.source) is self._kind

    def take(self, said: float, values: Mapping[str, float]) -> None:
        """Plot what the source says now; where the number has no room to follow it, say so.

        Args:
            said: by the source.
            values: of the numbers that move, by their addresses.
        """
        self.trace.take(said)
        address = next((route.target for route in self._routes() if self.shows(route)), "")
        self.stays.note(said, values.get(address), self._ends)

    # -- changing ---------------------------------------------------------------------------------------------------

    def set_target(self, address: str) -> None:
        """Move another number."""
        self._set("Target", target=address, base=None, lo=None, hi=None)

    def _routes(self) -> tuple[Route, ...]:
        return self._document.section(ROUTES)

    def _label(self, what: str) -> str:
        return f"{what} of {route_of(self._routes(), self.number).source.label}"

    def _turn(self, **settings: Any) -> None:
        """Show a change while the hand is at it: all until it lets go are one item of the history."""
        if not any(self.shows(route) for route in self._routes()):
            return  # A line that loses the keyboard because its card goes tells what was typed.
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin(self._label("Movement"))
        self._gesture.set_section(ROUTES, changed(self._routes(), self.number, **settings))

    def _show_limits(self) -> None:
        """Those that there are stay in sight."""
        has_own = self.limits.record() != Limits()
        self.limits.setVisible(has_own or self.bound.isChecked())
        self.bound.setEnabled(not has_own)
        self.bound.setChecked(has_own or self.bound.isChecked())

    def _turn_limits(self, limits: Limits) -> None:
        try:
            self._turn(base=limits.base, lo=limits.lo, hi=limits.hi)
        except StudioError as error:
            self.refused.emit(str(error))
            for route in filter(self.shows, self._routes()):
                self.show_route(route)

    def _check_source(self, source: Modulator) -> None:
        # What waits for a layer of another network can be turned none the less.
        if all(source.signals() != route.source.signals() for route in self._routes() if self.shows(route)):
            check_signals(source, self._document.network.graph)

    def _turn_source(self, source: Modulator) -> None:
        with suppress(StudioError):  # which `_check` says
            self._check_source(source)
            self._turn(source=source)

    def _settle(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _check(self) -> None:
        """What was typed and cannot be goes back to what is."""
        try:
            self._check_source(self.form.record())
        except StudioError as error:
            self.refused.emit(str(error))
            for route in filter(self.shows, self._routes()):
                self.form.show_record(route.source)

    def _set(self, what: str, **settings: Any) -> None:
        self._settle()
        self._document.set_section(ROUTES, changed(self._routes(), self.number, **settings), self._label(what))

    def _set_source(self) -> None:
        kind: type[Modulator] = self.source.currentData()
        if kind is self._kind:
            return
        try:
            source = kind()
        except ValidationError as error:  # a plug-in's, whose parameters have no defaults
            self.source.setCurrentIndex(self.source.findText(self._kind.label))
            raise StudioError(f"{kind.label} has no defaults to begin with; add it by the command line.") from error
        self._set("Source", source=source)

    def _toggle_on(self) -> None:
        switches, address = switches_of(self._document), f"/route/{self.number}/on"
        on = not switches.waiting.get(address, route_of(self._routes(), self.number).on)
        number, document = self.number, self._document
        label = self._label("Go on" if on else "Rest")
        self._settle()

        def switch() -> None:
            document.set_section(ROUTES, changed(document.section(ROUTES), number, on=on), label)

        switches.switch(address, on, switch)

    def _remove(self) -> None:
        self._settle()
        self._document.set_section(ROUTES, without(self._routes(), self.number), self._label("Remove movement"))
