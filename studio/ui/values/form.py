"""In which values a network is fed and shown, as a form: ranges, mean and deviation, order of channels, luma."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from studio.errors import StudioError
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.values import Values, values_of
from studio.ui.kit import theme
from studio.ui.values.controls import Numbers, RangeChoice

_ORDERS = dict(zip(("Red, green, blue", "Blue, green, red"), get_args(ChannelOrder), strict=True))


LABEL_WIDTH = 112
"""Pixels of the column of labels."""


class ValuesForm(QWidget):
    """A row for each; those that a network has no use for cannot be changed, or are not there.

    ``changed`` brings a `Values` of what a person has just changed, and of nothing else; ``failed`` follows with a
    sentence as long as something that is written there is no number.
    """

    changed = Signal(object)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.range = RangeChoice("Picture range")
        self.mean = Numbers("Mean")
        self.std = Numbers("Deviation")
        self.order = _orders("Order of the picture's channels")
        self.output_range = RangeChoice("Output range")
        self.output_order = _orders("Order of the output's channels")
        self.luma = QCheckBox("Output is luma")
        self.luma.setToolTip("The network works on brightness alone; the picture's own colour is put back")
        self.luma.setAccessibleName("Output is luma")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE)
        self._grid.setVerticalSpacing(theme.SPACE // 2)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._add("Picture range", self.range, "Values that black and white have when the network is fed")
        self._add("Mean", self.mean, "Taken off each channel of a picture in that range: 0.485, 0.456, 0.406")
        self._add("Deviation", self.std, "What each channel is then divided by: 0.229, 0.224, 0.225")
        self._add("Channels", self.order, "Which channel comes first; blue with OpenCV and Caffe")
        self._add("Output range", self.output_range, "Values of the output that are shown black and white")
        self._add("Output channels", self.output_order, "Which channel of the output comes first")
        self._grid.addWidget(self.luma, self._grid.rowCount(), 1)
        self._listen("range", self.range.settled, self.range.value)
        self._listen("mean", self.mean.settled, self.mean.value)
        self._listen("std", self.std.settled, self.std.value)
        self._listen("order", self.order.activated, self.order.currentData)
        self._listen("output_range", self.output_range.settled, self.output_range.value)
        self._listen("output_order", self.output_order.activated, self.output_order.currentData)
        self._listen("colour", self.luma.clicked, lambda: "input" if self.luma.isChecked() else "own")
        self._wrong: dict[str, str] = {}

    def show_graph(self, graph: Graph, output_channels: int | None) -> None:
        """Show the values of a network; tells nobody.

        Args:
            graph: the network's.
            output_channels: how many channels its output has; None where that is not known.
        """
        values = values_of(graph)
        self._wrong.clear()
        self.range.show_value(values.range or (0.0, 1.0))
        self.mean.show_value(values.mean or ())
        self.std.show_value(values.std or ())
        self.order.setCurrentIndex(self.order.findData(values.order or "rgb"))
        self.output_range.show_value(values.output_range or (0.0, 1.0))
        self.output_order.setCurrentIndex(self.output_order.findData(values.output_order))
        self.luma.setChecked(values.colour == "input")
        self.fit(graph, output_channels)

    def fit(self, graph: Graph, output_channels: int | None) -> None:
        """Offer what such a network has a use for; what is written stays."""
        pictures = [i for i in graph.inputs if i.kind == "picture"]
        for control in (self.range, self.mean, self.std):
            control.setEnabled(bool(pictures))
        self.order.setEnabled(any(i.channels == 3 for i in pictures))
        self.output_order.setEnabled(output_channels in (3, None))
        self.luma.setVisible(bool(pictures) and output_channels in (1, None))

    def _add(self, text: str, control: QWidget, tip: str) -> None:
        row, label = self._grid.rowCount(), QLabel(text)
        label.setBuddy(control.focusProxy() or control)
        for widget in (label, control, *control.findChildren(QLineEdit), *control.findChildren(QComboBox)):
            widget.setToolTip(tip)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(control, row, 1)

    def _listen(self, field: str, signal: SignalInstance, value: Callable[[], object]) -> None:
        signal.connect(partial(self._tell, field, value))

    def _tell(self, field: str, value: Callable[[], object], *_: object) -> None:
        self._wrong.pop(field, None)
        try:
            said = Values(**{field: value()})  # type: ignore[arg-type]
        except StudioError as error:
            self._wrong[field] = str(error)
        else:
            self.changed.emit(said)
        if self._wrong:
            self.failed.emit(next(iter(self._wrong.values())))


def _orders(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for text, order in _ORDERS.items():
        box.addItem(text, order)
    return box
