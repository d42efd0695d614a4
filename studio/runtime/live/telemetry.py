"""Reports of the render thread, put together: what is known of the running engine at this moment."""

from __future__ import annotations

from psygnal import Signal

from studio.engine.base import Stats
from studio.model.op import Shape
from studio.model.picture import Picture
from studio.runtime.live.report import Report


class Telemetry:
    """The newest report, and of everything that reports bring piece by piece the newest piece.

    Belongs to the window's thread; ``changed`` emits each report after it has been taken in.

    Attributes:
        report: the newest.
        shapes: of every input and layer.
        stats: of what was watched, by layer or tensor.
        times: seconds by layer.
        thumbnails: by layer.
        warnings: by layer; only layers with which something is wrong.
    """

    changed = Signal(object)

    def __init__(self) -> None:
        self.report = Report()
        self.forget()

    def forget(self) -> None:
        """Another network is open: what was known of the old one's layers goes."""
        self.shapes: dict[str, Shape] = {}
        self.stats: dict[str, Stats] = {}
        self.times: dict[str, float] = {}
        self.thumbnails: dict[str, Picture] = {}
        self.warnings: dict[str, str] = {}

    def take(self, report: Report) -> None:
        """Take in a report."""
        self.report = report
        if report.shapes:
            self.shapes = dict(report.shapes)
        self.stats.update(report.stats)
        self.times.update(report.times)
        self.thumbnails.update(report.thumbnails)
        self.warnings.update(report.warnings)
        self.warnings = {layer: warning for layer, warning in self.warnings.items() if warning}
        self.changed.emit(report)
