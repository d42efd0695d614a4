"""Values of the selected layer and of its weights, as histograms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Context
from studio.ui.kit.events import Events
from studio.ui.kit.panel import Panel
from studio.ui.services.watching import Watching

if TYPE_CHECKING:
    from studio.ui.histogram.panel import HistogramPanel


def _make(context: Context) -> HistogramPanel:
    # It draws with pyqtgraph, which takes a while to import.
    from studio.ui.histogram.panel import HistogramPanel

    watching = context.once(Watching, lambda: Watching(context.live.watch))
    want = partial(watching.want, "histogram")
    paused = context[Events].paused
    return HistogramPanel(context.document, context.workspace, context[Telemetry], want, context.editing, paused=paused)


PANELS = (
    Panel(
        "histogram",
        "Histogram",
        "right",
        _make,
        stack=20,
        order=10,
        comes_later=True,
        modules=("studio.ui.histogram.panel",),
        scrolled=True,
        gestures=(("Drag along a histogram", "Mark out values, to select, clamp or scale them"),),
    ),
)
