"""The status bar: which engine runs where, at what size, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QStatusBar

from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.tuning import TuningState
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.reached import give_room
from studio.ui.kit.steady import SteadyLabel

_EVERY = 0.25
"""Seconds between two figures of the speed."""

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
        self._told = 0.0
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
        telemetry.on(Progress, self._show_progress)

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

    def _show_progress(self, progress: Progress) -> None:
        # Nobody reads more of them.
        now = time.monotonic()
        if progress.serial and now - self._told < _EVERY:
            return
        self._told = now
        fps = f"{progress.fps:.0f}" if progress.fps >= _WHOLE else f"{progress.fps:.1f}"
        self._speed.setText(f"{fps} fps · {progress.seconds * 1000:.1f} ms" if progress.serial else "")
