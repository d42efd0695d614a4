"""The panel of cameras: which one, how large and how often, mirrored or not, and how it exposes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.errors import StudioError
from studio.io.sources.base import rate_text
from studio.io.sources.camera import list_cameras
from studio.model.declared.size import Size
from studio.model.views.camera_setup import is_camera, setup_given
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.reached import name_control
from studio.ui.kit.spins import DecimalSpin
from studio.ui.services.session import Session

_SIZES = tuple(
    Size(*sides) for sides in ((480, 640), (600, 800), (720, 1280), (1080, 1920), (1440, 2560), (2160, 3840))
)
_RATES = (15, 24, 25, 30, 50, 60, 120)
_LEAVE = "As it comes"
_EXPOSURE = "In the driver's own unit: 100 µs on Linux; on Windows powers of two, -5 being 1/32 s"


class CameraPanel(QWidget):
    """What is asked of a camera. It is kept for each camera, and holds whenever that is played.

    Args:
        telemetry: tells what plays.
        session: keeps what is asked.
        play: plays a source.
        worker: looks for cameras, which may block.
        find_cameras: numbers of cameras.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        session: Session,
        play: Callable[[str], object],
        worker: Worker,
        find_cameras: Callable[[], list[int]] = list_cameras,
    ) -> None:
        super().__init__()
        self.setAccessibleName("Camera")
        self.setAutoFillBackground(True)
        self._telemetry, self._session, self._play = telemetry, session, play
        self._worker, self._find = worker, find_cameras
        self._setup = session.camera(0)
        self._looks = self._has_looked = False
        self._shown: PlayerState | None = None
        self._make()
        self._lay_out()
        telemetry.on(PlayerState, self._follow)
        self._follow(telemetry[PlayerState])
        self._show()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look for cameras, the first time."""
        super().showEvent(event)
        if not self._has_looked:
            self.look()

    def look(self) -> None:
        """Look for cameras; one that plays, or that another program holds, may not be found."""
        if not self._looks:
            self._looks = self._has_looked = True
            self._say()
            self._worker.do(self._find, self._found, lambda _: self._found([]))

    # -- within -----------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.device = _box("Which camera", lambda: self._ask(number=self.device.currentData()))
        self.again = tool_button("arrows-clockwise", "Look for cameras again", "Look for cameras", self.look)
        self.resolution = _box("Of its pictures; the camera takes the nearest that it has", self._ask_size)
        name_control(self.resolution, "size")
        self.resolution.addItem(_LEAVE, None)
        for size in _SIZES:
            self.resolution.addItem(str(size), size)
        self.rate = _box("Pictures a second", lambda: self._ask(fps=self.rate.currentData()))
        self.rate.addItem(_LEAVE, None)
        for fps in _RATES:
            self.rate.addItem(f"{fps} fps", fps)
        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Exchange left and right, as in a mirror")
        self.mirror.clicked.connect(lambda on: self._ask(mirrored=on))
        self.exposure = DecimalSpin()
        self.exposure.setRange(-15.0, 100_000.0)
        self.exposure.setDecimals(1)
        self.exposure.setKeyboardTracking(False)
        self.exposure.setAccessibleName("Exposure")
        self.exposure.setToolTip(_EXPOSURE)
        self.exposure.valueChanged.connect(lambda value: self._ask(exposure=value))
        self.by_hand = QCheckBox("Exposure")
        name_control(self.by_hand, "exposure_by_hand")
        self.by_hand.setToolTip("Set the exposure by hand; otherwise the camera sees to it")
        self.by_hand.clicked.connect(lambda on: self._ask(exposure=self.exposure.value() if on else None))
        self.start = QPushButton("Play the camera")
        self.start.clicked.connect(lambda: self._play(self._setup.spec))
        self.says = QLabel(wordWrap=True)
        self.says.setStyleSheet(f"color: {theme.FAINT};")

    def _lay_out(self) -> None:
        device = QHBoxLayout()
        device.addWidget(self.device, 1)
        device.addWidget(self.again)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Camera", device)
        form.addRow("Size", self.resolution)
        form.addRow("Rate", self.rate)
        form.addRow("", self.mirror)
        form.addRow(self.by_hand, self.exposure)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.addWidget(self.says)
        column.addLayout(form)
        column.addWidget(self.start)
        column.addStretch(1)

    def _ask_size(self) -> None:
        self._ask(size=self.resolution.currentData())

    def _ask(self, **changes: object) -> None:
        """Something has been chosen: it holds at once where the camera plays."""
        if "number" in changes:
            if changes["number"] is None:
                return
            setup = self._session.camera(int(str(changes["number"])))
        else:
            setup = replace(self._setup, **changes)  # type: ignore[arg-type]  # names and types are a setup's
        plays = self._plays
        self._setup = setup
        self._session.set_camera(setup)
        self._show()
        if plays:
            self._play(setup.spec)

    @property
    def _plays(self) -> bool:
        return is_camera(self._telemetry[PlayerState].spec)

    def _follow(self, state: PlayerState) -> None:
        before, self._shown = self._shown, state
        if before is not None and (before.spec, before.info, before.status, before.warning, before.exposure) == (
            state.spec,
            state.info,
            state.status,
            state.warning,
            state.exposure,
        ):
            return  # it tells of every picture
        if is_camera(state.spec) and (before is None or before.spec != state.spec):
            try:
                self._setup = setup_given(state.spec)
            except StudioError:
                return
            self._session.set_camera(self._setup)
        self._show()

    def _found(self, cameras: list[int]) -> None:
        self._looks = False
        with QSignalBlocker(self.device):
            self.device.clear()
            there = {*cameras, self._setup.number} if self._plays else set(cameras)
            for number in sorted(there):
                self.device.addItem(f"Camera {number + 1}", number)
            if not there:
                self.device.addItem("No camera found", None)
        self._show()

    def _show(self) -> None:
        setup, state = self._setup, self._telemetry[PlayerState]
        plays = self._plays
        at = self.device.findData(setup.number)
        self.device.setCurrentIndex(max(at, 0))
        if setup.size is not None and self.resolution.findText(str(setup.size)) < 0:
            self.resolution.addItem(str(setup.size), setup.size)
        if setup.fps is not None and self.rate.findData(setup.fps) < 0:
            self.rate.addItem(f"{setup.fps} fps", setup.fps)
        self.resolution.setCurrentIndex(self.resolution.findText(str(setup.size)) if setup.size is not None else 0)
        self.rate.setCurrentIndex(self.rate.findData(setup.fps) if setup.fps is not None else 0)
        self.mirror.setChecked(setup.mirrored)
        self.by_hand.setChecked(setup.exposure is not None)
        gives = not plays or state.exposure is not None or setup.exposure is not None
        self.by_hand.setEnabled(gives)
        self.by_hand.setToolTip(
            "Set the exposure by hand; otherwise the camera sees to it"
            if gives
            else "This camera says nothing of its exposure, so it cannot be set"
        )
        self.exposure.setEnabled(gives and setup.exposure is not None)
        shown = setup.exposure if setup.exposure is not None else state.exposure if plays else None
        if shown is not None and not self.exposure.hasFocus():
            with QSignalBlocker(self.exposure):
                self.exposure.setValue(shown)
        self.start.setVisible(not plays)
        self._say()

    def _say(self) -> None:
        state = self._telemetry[PlayerState]
        if self._looks:
            self.says.setText("Looking for cameras …")
        elif not self._plays:
            there = self.device.currentData() is not None
            self.start.setEnabled(there)
            self.says.setText(
                "No camera plays now. What is chosen here holds when it does."
                if there
                else "No camera was found: connect one, close other programs that use it, and look again."
            )
        elif state.status.startswith("lost"):
            self.says.setText(f"Camera {state.status}")
        elif state.warning:
            self.says.setText(state.warning[:1].upper() + state.warning[1:] + ".")
        elif state.info is not None:
            rate = f" at {rate_text(state.info.fps)}" if state.info.fps else ""
            self.says.setText(f"It gives {state.info.size}{rate}.")


def _box(tip: str, chosen: Callable[[], object]) -> QComboBox:
    box = QComboBox()
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    box.activated.connect(lambda _: chosen())
    return box
