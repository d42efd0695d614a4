"""The status bar: which engine runs where, at what size, and how fast."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar

from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.tuning import TuningState
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.reached import give_room
from studio.ui.kit.steady import SteadyLabel

_EVERY = 250
"""Milliseconds between two figures of the speed; nobody reads more of them."""

_SILENT = 0.5
"""Seconds without a report after which a frame, or what comes before it, takes long."""

_WHOLE = 9.5
"""Frames a second from which whole ones say enough."""


class StatusBar(QStatusBar):
    """Engine, device, sizes, frames a second; what lies under the cursor on the left.

    Args:
        telemetry: tells of the engine.
        stop_tuning: called where the person would rather not have it tuned.

    Attributes:
        tuning: how far tuning is; hidden while there is none.
    """

    def __init__(self, telemetry: Telemetry, stop_tuning: Callable[[], None]) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        give_room(self, "status")
        self._under_cursor = self._label("What lies under the cursor", stretch=1)
        self._sizes = self._label("Size of the picture in the network, and of what comes out")
        self._speed = self._label("Frames of the network in a second, and what one takes with all that is done for it")
        tip = "What runs fastest on this GPU is being found out, between the frames; click to leave it as it is"
        self.tuning = tool_button("", tip, "Stop tuning", stop_tuning)
        self.tuning.setStyleSheet(f"color: {theme.FAINT}; padding: 2px 8px;")
        self.addWidget(self.tuning)
        self.tuning.hide()
        self._engine = self._label("What runs the network")
        telemetry.on(TuningState, self._show_tuning)
        telemetry.on(EngineState, self._show_engine)
        self._telemetry = telemetry
        self._beat = QTimer(self, interval=_EVERY)
        self._beat.timeout.connect(self.show_speed)
        self._beat.start()

    def _label(self, tip: str, stretch: int = 0) -> QLabel:
        label = QLabel() if stretch else SteadyLabel()
        label.setToolTip(tip)
        label.setAccessibleName(tip)
        label.setStyleSheet(f"color: {theme.FAINT}; padding: 2px 8px;")
        self.addWidget(label, stretch)
        return label

    def show_hovered(self, text: str) -> None:
        """What lies under the cursor."""
        self._under_cursor.setText(text)

    def _show_engine(self, state: EngineState) -> None:
        if not state.name:
            self._engine.setText("no engine" if state.problem else "starting …")
            return
        kind = "CPU" if state.name == "torch" and state.device.startswith("CPU") else "GPU"
        kind = "CPU, software OpenGL" if state.name != "torch" and state.is_software else kind
        self._engine.setText(f"{state.name} · {kind}")
        self._engine.setToolTip(f"Engine {state.name} on {state.device}, because {state.reason}.")
        if state.size is not None and state.output_size is not None:
            same = state.size == state.output_size
            self._sizes.setText(str(state.size) if same else f"{state.size} → {state.output_size}")

    def _show_tuning(self, state: TuningState) -> None:
        self.tuning.setVisible(state.total > 0)
        self.tuning.setText(f"tuning {state.done} of {state.total} ×")

    def show_speed(self) -> None:
        """Show the newest figures; while one frame takes long, what it has taken so far."""
        progress, silence = self._telemetry[Progress], self._telemetry.silence
        rate, seconds = progress.fps, progress.seconds
        if silence > max(_SILENT, seconds):
            rate, seconds = min(rate, 1 / silence), silence
        fps = f"{rate:.0f}" if rate >= _WHOLE else f"{rate:.1f}"
        self._speed.setText(f"{fps} fps · {seconds * 1000:.1f} ms" if progress.serial else "")
