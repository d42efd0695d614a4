"""Forms that are made from what a record declares: a labelled control for every parameter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSizePolicy, QWidget

from studio.errors import StudioError
from studio.model.declared.explain import explain
from studio.model.declared.form import Field, fields
from studio.model.declared.param import Declared
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.controls import Choice, Control, Seed, Tick, Wholes
from studio.ui.kit.number_controls import Number, Whole
from studio.ui.kit.text_controls import Line, Points

D = TypeVar("D", bound=Declared)


def align(labels: Iterable[QWidget]) -> None:
    """Make labels of forms that stand above one another equally wide, so that all their controls begin in one line.

    Hidden ones count, too: what appears later moves nothing.
    """
    all_labels = tuple(labels)
    width = max((label.sizeHint().width() for label in all_labels), default=0)
    for label in all_labels:
        label.setMinimumWidth(width)


class _Signals(QObject):
    changed = Signal(object)
    settled = Signal(object)


class Form(QWidget, Generic[D]):
    """One row for every parameter of a declared record.

    ``changed`` brings the record whenever a person moves something, ``settled`` once they let go. Neither comes from
    `show_record`.

    Args:
        kind: the record's class.
        record: what is shown first; the defaults where it is None.
        without: parameters that are not asked for.

    Raises:
        TypeError: where a parameter that no form can ask for is not among ``without``.
    """

    def __init__(self, kind: type[D], record: D | None = None, without: Collection[str] = ()) -> None:
        super().__init__()
        self._kind = kind
        self._signals = _Signals(self)
        self.changed, self.settled = self._signals.changed, self._signals.settled
        self._controls: dict[str, Control] = {}
        self._ticks: dict[str, QCheckBox] = {}
        self._rows: dict[str, tuple[QWidget, QWidget]] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnStretch(1, 1)
        for field in fields(kind):
            if field.name not in without:
                self._add(field)
        if record is not None:
            self.show_record(record)

    @property
    def controls(self) -> Mapping[str, Control]:
        """The control of each parameter, by the parameter's name."""
        return self._controls

    @property
    def labels(self) -> tuple[QWidget, ...]:
        """What stands before the controls, in their order."""
        return tuple(label for label, _ in self._rows.values())

    def record(self) -> D:
        """What the form says.

        Raises:
            StudioError: where its values do not go together.
        """
        values = {name: self._value(name) for name in self._controls}
        try:
            return self._kind.model_validate(values)
        except ValidationError as error:
            raise StudioError(f"{self._kind.__name__}: {explain(error)}.") from error

    def show_record(self, record: D) -> None:
        """Show other values."""
        for name, control in self._controls.items():
            value = getattr(record, name)
            if name in self._ticks:
                self._ticks[name].setChecked(value is not None)
            if value is not None:
                control.show_value(value)

    def give_addresses(self, addresses: Mapping[str, str]) -> None:
        """Let the controls of parameters, with their labels, stand for the numbers at these addresses."""
        for name in addresses.keys() & self._rows.keys():
            for widget in self._rows[name]:
                give_address(widget, addresses[name])

    def add_tip(self, name: str, tip: str) -> None:
        """Say more in a parameter's tool tip: its keys, say."""
        for widget in self._rows[name]:
            widget.setToolTip(f"{widget.toolTip()}. {tip}")
        self._controls[name].add_tip(tip)

    def set_shown(self, name: str, shown: bool) -> None:
        """Show or hide a parameter that does not count at the moment; it keeps its value."""
        for widget in self._rows[name]:
            widget.setVisible(shown)

    def reset(self) -> None:
        """Show the defaults; what is required keeps its value."""
        for field in fields(self._kind):
            control = self._controls.get(field.name)
            if control is not None and field.default is not None:
                control.show_value(field.default)

    def _value(self, name: str) -> Any:
        tick = self._ticks.get(name)
        return self._controls[name].value() if tick is None or tick.isChecked() else None

    def _add(self, field: Field) -> None:
        row = self._grid.rowCount()
        control = _control(field)
        control.setToolTip(field.doc)
        control.name_parts(field.label, field.doc)
        control.changed.connect(self._tell_changed)
        control.settled.connect(self._tell_settled)
        self._controls[field.name] = control
        if field.default is None and not field.required:
            tick = self._ticks[field.name] = QCheckBox(field.label)
            tick.setToolTip(field.doc)
            tick.setChecked(False)
            control.setEnabled(False)
            tick.toggled.connect(control.setEnabled)
            tick.clicked.connect(self._tell_changed)
            tick.clicked.connect(self._tell_settled)
            label: QWidget = tick
        else:
            label = text = QLabel(field.label)
            text.setToolTip(field.doc)
            text.setBuddy(control.focus_part())
            text.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._rows[field.name] = label, control
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(control, row, 1)

    def _tell_changed(self) -> None:
        self._tell(self.changed)

    def _tell_settled(self) -> None:
        self._tell(self.settled)

    def _tell(self, signal: Any) -> None:
        try:
            record = self.record()
        except StudioError:
            # Values that do not go together yet; whoever asks for the record is told which.
            return
        signal.emit(record)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Scroll what the form lies in."""
        event.ignore()


def _control(field: Field) -> Control:
    if field.kind == "number":
        return Number(field.lo, field.hi, field.default, field.unit, field.safe)
    if field.kind == "integer":
        return Whole(field.lo, field.hi, field.default, field.unit, field.safe)
    if field.kind == "seed":
        return Seed(field.lo, field.hi, field.default)
    if field.kind == "choice":
        return Choice(field.choices, field.default)
    if field.kind == "boolean":
        return Tick(field.default)
    if field.kind == "tuple" and isinstance(field.default, tuple):
        return Wholes(field.default)
    if field.kind == "text":
        return Line(field.default or "")
    # What has a default can be typed; what has none is drawn.
    if field.kind == "points" and isinstance(field.default, tuple):
        return Points(field.default)
    raise TypeError(f'no form can ask for "{field.name}", which is of kind {field.kind}')
