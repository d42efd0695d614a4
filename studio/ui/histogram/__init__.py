"""Values of the selected layer and of its weights, as histograms."""

from __future__ import annotations

from studio.runtime.live.telemetry import Telemetry
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.kit.panel import Panel

PANELS = (
    Panel(
        "histogram",
        "Histogram",
        "right",
        lambda c: HistogramPanel(c.document, c.workspace, c[Telemetry], c.live.watch),
        stack=20,
        order=10,
        scrolled=True,
    ),
)
