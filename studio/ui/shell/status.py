"""The status bar: which engine runs where, at what size, and how fast."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar

from studio.runtime.live.report import Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme


class StatusBar(QStatusBar):
    """Engine, device, sizes, frames a second; what lies under the cursor on the left."""

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._under_cursor = self._label("What lies under the cursor", stretch=1)
        self._sizes = self._label("Size of the picture in the network, and of what comes out")
        self._speed = self._label("Frames of the network in the last second, and what one took")
        self._engine = self._label("What runs the network")
        telemetry.changed.connect(self._take)

    def _label(self, tip: str, stretch: int = 0) -> QLabel:
        label = QLabel()
        label.setToolTip(tip)
        label.setAccessibleName(tip)
        label.setStyleSheet(f"color: {theme.FAINT}; padding: 2px 8px;")
        self.addWidget(label, stretch)
        return label

    def show_hovered(self, text: str) -> None:
        """What lies under the cursor."""
        self._under_cursor.setText(text)

    def _take(self, report: Report) -> None:
        if not report.engine:
            self._engine.setText("starting …")
            return
        kind = "CPU" if report.engine == "torch" and report.device.startswith("CPU") else "GPU"
        kind = "CPU, software OpenGL" if report.engine != "torch" and report.is_software else kind
        self._engine.setText(f"{report.engine} · {kind}")
        self._engine.setToolTip(f"Engine {report.engine} on {report.device}, because {report.reason}.")
        if report.size is not None and report.output_size is not None:
            (height, width), (out_height, out_width) = report.size, report.output_size
            same = (height, width) == (out_height, out_width)
            self._sizes.setText(f"{width}×{height}" + ("" if same else f" → {out_width}×{out_height}"))
        self._speed.setText(f"{report.fps:.0f} fps · {report.seconds * 1000:.1f} ms" if report.serial else "")
