"""Plots that are looked at."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QWheelEvent


class StillPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """One that the wheel leaves alone: it scrolls what the plot lies in, also where the mouse is over an axis."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.wheelEvent`."""
        event.ignore()
