"""What is done with a range of values that was marked out in a histogram, each as one item of the history."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.bends.clamp import Clamp as ClampBend
from studio.bends.multiply import Multiply
from studio.edits.clamp import Clamp
from studio.model.bends.stage import ChannelList
from studio.model.bends.stages import STAGES, added
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit, Selection
from studio.model.filters.gesture import Gesture
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.between import ScaleBetween, channels_between, kernels_between
from studio.runtime.editing.previews import Editing
from studio.runtime.editing.varying import filters_of
from studio.ui.histogram.chart import Chart
from studio.ui.services.effects import source_of

Values = Callable[[], Array | None]


class WeightRange:
    """A range of the selected tensor's weights; painting's protection holds here, too.

    Args:
        chart: in which it is marked out.
        document: whose tensor it is.
        workspace: which tensor and which of its kernels are selected.
        editing: works edits out.
    """

    def __init__(self, chart: Chart, document: Document, workspace: Workspace, editing: Editing) -> None:
        self._chart, self._document, self._workspace, self._editing = chart, document, workspace, editing
        bar = chart.bar
        bar.selected.connect(self._select)
        bar.clamped.connect(lambda: self._do("Clamp", lambda low, high: Clamp(low=low, high=high)))
        bar.scaled.connect(self._scale)
        bar.settled.connect(editing.commit)

    def _select(self) -> None:
        name, marked = self._workspace.tensor, self._chart.plot.marked_range
        if name is not None and marked is not None:
            tensor = self._document.tensor(name)
            mask = kernels_between(tensor.reshape(kernel_grid(tensor.shape)), *marked)
            if mask.any():
                self._workspace.select(Selection(mask))

    def _do(self, what: str, edit: Callable[[float, float], Edit]) -> None:
        name, marked, selection = self._target()
        if name is not None and marked is not None:
            self._editing.apply(f"{what} {name} by its histogram", edit(*marked), name, selection)

    def _scale(self, factor: float) -> None:
        name, marked, selection = self._target()
        if name is not None and marked is not None:
            edit = ScaleBetween(low=marked[0], high=marked[1], factor=factor)
            self._editing.preview(f"Scale {name} by its histogram", edit, name, selection)

    def _target(self) -> tuple[str | None, tuple[float, float] | None, Selection]:
        name = self._workspace.tensor
        everything = Selection.everything(self._document.tensor(name).shape if name is not None else (1,))
        chosen = self._workspace.selection if self._workspace.protected else None
        return name, self._chart.plot.marked_range, chosen if chosen is not None else everything


class ChannelRange:
    """A range of the selected layer's values: filters are selected, activations bent.

    Args:
        chart: in which it is marked out.
        document: whose layer it is.
        workspace: which layer is selected.
        values: (C, n) of it; None where nothing is known.
    """

    def __init__(self, chart: Chart, document: Document, workspace: Workspace, values: Values) -> None:
        self._chart, self._document, self._workspace, self._values = chart, document, workspace, values
        self._gesture: Gesture | None = None
        self._stage = 0
        bar = chart.bar
        bar.selected.connect(self._select)
        bar.clamped.connect(self._clamp)
        bar.scaled.connect(self._scale)
        bar.settled.connect(self._settle)

    @property
    def channels(self) -> tuple[int, ...]:
        """Those most of whose values lie in the range."""
        values, marked = self._values(), self._chart.plot.marked_range
        if values is None or marked is None:
            return ()
        return tuple(int(channel) for channel in channels_between(values, *marked))

    def _select(self) -> None:
        layer, channels = source_of(self._document.graph, self._workspace.layer), self.channels
        if layer is None or not channels:
            return
        self._workspace.choose(layer, "weight")
        self._workspace.found = layer, channels[:8]
        self._workspace.select(Selection(filters_of(self._document.graph, layer, channels)))

    def _clamp(self) -> None:
        marked = self._chart.plot.marked_range
        if marked is not None:
            low, high = (float(np.clip(value, -1000.0, 1000.0)) for value in marked)
            self._document.add_stage(self._workspace.layer, ClampBend(low=low, high=high))

    def _scale(self, factor: float) -> None:
        """While the slider is held it is one stage, and one item of the history."""
        gesture = self._gesture
        if gesture is not None and gesture.is_open:
            gesture.set(f"/bend/{self._stage}/factor", factor)
            return
        channels = self.channels
        if channels:
            layer, chosen = self._workspace.layer, ChannelList(channels=channels, name="by histogram")
            after, stage = added(self._document.stages, layer, Multiply(factor=factor), channels=chosen)
            self._gesture, self._stage = self._document.begin(f"Scale channels of {layer} by their histogram"), stage.id
            self._gesture.set_section(STAGES, after)

    def _settle(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.commit()
