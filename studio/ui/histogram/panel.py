"""The histogram panel: values of the selected layer's activation and of its selected tensor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QToolButton, QVBoxLayout, QWidget

from studio.engine.base import Stats
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.runtime.editing.varying import by_channel, filters_of
from studio.runtime.live.report import LayerSamples, LayerStats
from studio.runtime.live.telemetry import Telemetry
from studio.ui.histogram.before import StatsBefore
from studio.ui.histogram.chart import Chart
from studio.ui.histogram.numbers import Sample, measure
from studio.ui.histogram.ranges import ChannelRange, WeightRange
from studio.ui.kit.icons import icon
from studio.ui.services.effects import source_of

_EVERY = 100
_BETWEEN = 20
"""Milliseconds from one plot's being made to the next, in which the window answers."""
_WIDE = 560
_ROOMY = 330
"""Pixels from which on the buttons have their names."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is drawn; an empty tensor where the layer has none."""

    layer: str
    activation: Stats | None
    some: Sample | None = None
    tensor: str = ""
    values: Stats | None = None
    before: Stats | None = None
    original: Stats | None = None
    weights: Sample | None = None


class HistogramPanel(QWidget):
    """Two live histograms, with numbers.

    Args:
        document: whose edits begin a new "before", and whose trained tensors are compared.
        workspace: says which layer and tensor are selected.
        telemetry: brings statistics.
        live_watch: asks the running engine for statistics of these layers and tensors, and no others.
        editing: works out what is done with a range that is marked out.
        paused: while plots are made, of whose thousands of events none is a person's: see `Events.paused`.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        telemetry: Telemetry,
        live_watch: Callable[[Graph, tuple[str, ...]], None],
        editing: Editing | None = None,
        parent: QWidget | None = None,
        *,
        paused: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self._paused = paused
        self._document = document
        self._workspace = workspace
        self._telemetry = telemetry
        self._live_watch = live_watch
        self._watched: tuple[str, ...] = ()
        self._watched_of: Graph | None = None
        self._before = StatsBefore(document)
        self._worker = ThreadPoolExecutor(1, "originals")
        self._originals: dict[str, Future[Stats]] = {}
        self.activation = Chart("activation", compared=False)
        self.tensor = Chart("tensor", compared=True)
        self.log = self._button("Log", "chart-bar", "Heights by the logarithm of the counts: shows what is rare")
        self.channels = self._button("Channels", "rows", "A histogram of each channel, as a heat map")
        self.freeze = self._button("Freeze", "snowflake", "Keep what is drawn now")
        self._resting = QTimer(self, singleShot=True, interval=_EVERY)
        self._making = QTimer(self, singleShot=True, interval=_BETWEEN)
        self._due = True
        self._shown: _Shown | None = None
        self.log.setChecked(True)
        # No method of its own: it would keep the panel alive behind Qt's back.
        self._of_channels = partial(_channels_of, workspace, telemetry)
        self._ranges: tuple[object, ...] = (ChannelRange(self.activation, document, workspace, self._of_channels),)
        if editing is not None:
            self._ranges += (WeightRange(self.tensor, document, workspace, editing),)
        self._lay_out()
        self._resting.timeout.connect(self._rested)
        self._making.timeout.connect(self._make_plot)
        self.log.toggled.connect(self._draw)
        self.channels.toggled.connect(self._draw)
        self.freeze.toggled.connect(self._soon)
        for chart in (self.activation, self.tensor):
            chart.heat.chosen.connect(self._choose)
            chart.heat.pointed.connect(self._point)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        telemetry.on(LayerStats, self._take)
        telemetry.on(LayerSamples, self._take_samples)

    # -- within -----------------------------------------------------------------------------------------------------

    def _button(self, text: str, glyph: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setIcon(icon(glyph))
        button.setIconSize(QSize(14, 14))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        return button

    def _lay_out(self) -> None:
        self.activation.add(self.log)
        self.activation.add(self.channels)
        self.activation.add(self.freeze)
        self._charts = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._charts.setSpacing(0)
        self._charts.addWidget(self.activation, 1)
        self._charts.addWidget(self.tensor, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._charts, 1)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: statistics are asked for while they can be seen."""
        super().showEvent(event)
        self._ask()
        self._due = True
        self._making.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        super().hideEvent(event)
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: side by side where there is room."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE and self.width() > self.height()
        for button in (self.log, self.channels, self.freeze):
            styles = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            button.setToolButtonStyle(styles[self.width() >= _ROOMY])
        directions = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._charts.setDirection(directions[0] if is_wide else directions[1])

    def _ask(self) -> None:
        names: tuple[str, ...] = ()
        if self.isVisible() and self._workspace.layer:
            names = tuple(filter(None, (self._workspace.layer, self._workspace.tensor)))
        self._before.watch(names[1] if len(names) > 1 else None)
        graph = self._document.graph
        if names != self._watched or graph is not self._watched_of:
            self._watched, self._watched_of = names, graph
            self._live_watch(graph, names)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._originals.clear()
            self._ask()
        self._soon()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key"):
            for chart in (self.activation, self.tensor):
                chart.plot.mark(None)
            self._ask()
            self._soon()

    def _take(self, seen: LayerStats) -> None:
        if self._workspace.comparison is None:
            self._before.take(seen.stats)
        if not seen.stats.keys().isdisjoint(self._watched) or self._is_measuring():
            self._soon()

    def _take_samples(self, told: LayerSamples) -> None:
        if self._workspace.layer in told.samples:
            self._soon()

    def _is_measuring(self) -> bool:
        return any(not found.done() for found in self._originals.values())

    def _soon(self) -> None:
        """Draw now, or when the last drawing is long enough ago."""
        self._due = True
        if not self._resting.isActive() and not self._making.isActive():
            self._rested()

    def _make_plot(self) -> None:
        """One of those that are still to be made, for each takes as long as the rest of the panel; at last draw."""
        unmade = next((chart.plot for chart in (self.activation, self.tensor) if not chart.plot.is_made), None)
        if unmade is None:
            self._soon()
        else:
            with self._paused():
                unmade.make()
            self._making.start()

    def _rested(self) -> None:
        if self._due and self.isVisible():
            self._due = False
            self._resting.start()
            if not self.freeze.isChecked() or self._shown is None:
                self._shown = self._newest()
            self._draw()

    def _newest(self) -> _Shown:
        layer, tensor, stats = self._workspace.layer, self._workspace.tensor, self._telemetry[LayerStats].stats
        values = self._telemetry[LayerSamples].samples.get(layer)
        some = None if values is None else Sample(values)
        if tensor is None:
            return _Shown(layer, stats.get(layer), some)
        # While originals are compared with, what is reported is theirs.
        bends_run = self._workspace.comparison is None
        return _Shown(
            layer,
            stats.get(layer),
            some,
            tensor,
            stats.get(tensor),
            self._before.before(tensor),
            self._original(tensor),
            self._weights(self._document.tensor(tensor)) if bends_run else None,
        )

    def _weights(self, values: Array) -> Sample:
        """A sample of a tensor, the same one while the tensor stays as it is."""
        before = self._shown.weights if self._shown is not None else None
        return before if before is not None and before.is_of(values) else Sample(values)

    def _draw(self) -> None:
        shown, log = self._shown, self.log.isChecked()
        if shown is None:
            return
        if shown.activation is None:
            self.activation.show_message(shown.layer, "No values yet" if shown.layer else "Select a layer")
        else:
            self.activation.show_stats(shown.layer, shown.activation, logarithmic=log, sample=shown.some)
        if shown.values is None:
            self.tensor.show_message(shown.tensor, "No values yet" if shown.tensor else "This layer has no tensors")
        else:
            self.tensor.show_stats(
                shown.tensor, shown.values, shown.before, shown.original, logarithmic=log, sample=shown.weights
            )

        if self.channels.isChecked():
            self.activation.show_channels(self._of_channels())
            self.tensor.show_channels(self._of_filters())
        else:
            self.activation.show_channels(None)
            self.tensor.show_channels(None)

    # -- channels ---------------------------------------------------------------------------------------------------

    def _of_filters(self) -> Array | None:
        """(C, n): the weights that make each channel of the selected layer."""
        name, graph = self._workspace.tensor, self._document.graph
        if name is None or self._workspace.key != "weight" or self._document.tensor(name).ndim != 4:
            return None
        tensor = self._document.tensor(name)
        return by_channel(graph, self._workspace.layer, tensor)

    def _choose(self, channel: int) -> None:
        layer = source_of(self._document.graph, self._workspace.layer)
        if layer is not None:
            self._workspace.choose(layer, "weight")
            self._workspace.select(Selection(filters_of(self._document.graph, layer, [channel])))

    def _point(self, channel: int) -> None:
        self._workspace.pointed = (self._workspace.layer, channel) if channel >= 0 else None

    def _original(self, tensor: str) -> Stats | None:
        """Statistics of the trained values, measured once, in another thread; None until that is done."""
        if tensor not in self._originals:
            self._originals[tensor] = self._worker.submit(measure, self._document.original(tensor))
        found = self._originals[tensor]
        return found.result() if found.done() else None


def _channels_of(workspace: Workspace, telemetry: Telemetry) -> Array | None:
    """(C, n) of the selected layer, as its monitor has told."""
    found = telemetry[LayerSamples].samples.get(workspace.layer)
    return None if found is None else found.reshape(len(found), -1)
