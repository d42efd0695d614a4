"""Recording: one button, how it goes, and what was chosen once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.io.sinks import CodecInfo, codecs
from studio.model.documents.document import Document
from studio.runtime.live.output_writer import Recording, Written
from studio.runtime.live.recorder import RecordingStatus, RecordingTarget, free_path
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.clock import clock
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import name_control
from studio.ui.recording.large_films import LargeFilms
from studio.ui.recording.large_stills import LARGER, LARGER_TIP, LargeStills
from studio.ui.recording.rate_box import RateBox
from studio.ui.services.session import Session

_SIZES = ("", "512x512", "1024x1024", "1280x720", "1920x1080", "3840x2160")
_NAME = "{preset} {date} {time}"
_BEGIN = "Begin a recording (R). It has no sound; Render the whole film keeps the film's"
_IDLE = f"QPushButton {{ font-size: 15px; font-weight: 600; padding: 8px; border-color: {theme.DANGER}; }}"
_RECORDING = (
    "QPushButton { font-size: 15px; font-weight: 600; padding: 8px;"
    f" background: {theme.DANGER}; color: {theme.ON_ACCENT}; }}"
)


class RecorderPanel(QWidget):
    """Starts and stops recordings, and writes single pictures.

    Args:
        document: gives its name to files.
        live: records.
        telemetry: tells how the recording goes.
        session: remembers how to record.
        worker: for trying the codecs, which takes half a second.
        stills: writes those that are larger than the output.
        films: renders films from their start, enlarged or not.
    """

    began_or_ended = Signal()

    def __init__(
        self,
        document: Document,
        live: LiveSession,
        telemetry: Telemetry,
        session: Session,
        worker: Worker,
        stills: LargeStills | None = None,
        films: LargeFilms | None = None,
    ) -> None:
        super().__init__()
        self.setAccessibleName("Recording")
        self._document = document
        self._live = live
        self._telemetry = telemetry
        self._session = session
        self._worker = worker
        self._stills, self.films = stills, films
        self._tried = False
        self._was_recording: bool | None = None
        self._ended: RecordingStatus | None = None
        self.last: Path | None = None
        """The newest file that is whole."""
        self._make()
        self._lay_out()
        telemetry.on(Recording, self._take)
        telemetry.on(Written, self._show_written)
        self._take(telemetry[Recording])

    # -- what commands call ---------------------------------------------------------------------------------------

    @property
    def is_recording(self) -> bool:
        """Whether a recording is under way."""
        status = self._telemetry[Recording].status
        return status is not None and not status.finished

    def toggle(self) -> None:
        """Begin a recording, or end it."""
        if self.is_recording:
            self._live.stop_recording()
            return
        choice = self._session.recording
        target = RecordingTarget(choice.path, choice.codec, self.rate.fps, choice.pixels, _NAME)
        self._live.record(target, self._document.name, shown=choice.shown)

    def save_still(self) -> None:
        """Write the output as a PNG into the folder."""
        times, how = self._session.recording.enlarged
        if times > 1 and self._stills is not None:
            self._stills.write(self._free(f" x{times}"), times, how)
        else:
            self._live.still(self._free(""))

    def save_sheet(self) -> None:
        """Write a PNG with all layers into the folder."""
        self._live.sheet(self._free(" layers"))

    # -- within ---------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        choice = self._session.recording
        self.button = QPushButton("Record")
        name_control(self.button, "record")
        self.button.setIconSize(QSize(20, 20))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.toggle)
        self.facts = QLabel()
        self.facts.setAccessibleName("State of the recording")
        self.facts.setWordWrap(True)
        self.still = _push("camera", "Still", "The output as a PNG (P)")
        self.still.clicked.connect(self.save_still)
        self.sheet = _push("squares-four", "Layer sheet", "Every layer's activation on one PNG (Shift+P)")
        self.sheet.clicked.connect(self.save_sheet)
        self.codec = _choice("Format", "How films are written; each format is tried on this computer first")
        self.codec.addItem(choice.codec, choice.codec)
        self.codec.activated.connect(self._choose)
        self.rate = RateBox(self._session, self._telemetry)
        self.rate.activated.connect(self._choose)
        self.size_ = _choice("Size of the film", "Pictures of another shape get black bars; a still stays as it is")
        for value in dict.fromkeys((*_SIZES, choice.size)):
            self.size_.addItem(value.replace("x", "×") or "As it comes", value)
        self.size_.setCurrentIndex(self.size_.findData(choice.size))
        self.size_.activated.connect(self._choose)
        self.larger = _choice("Size of stills", LARGER_TIP)
        for value, text in LARGER.items():
            self.larger.addItem(text, value)
        self.larger.setCurrentIndex(max(0, self.larger.findData(choice.still)))
        self.larger.activated.connect(self._choose)
        self.what = _choice("What is recorded", "The network's output, or the layer or filters on the screen")
        self.what.addItem("Output", False)
        self.what.addItem("What is shown", True)
        self.what.setCurrentIndex(int(choice.shown))
        self.what.activated.connect(self._choose)
        self.folder = _push("folder", "", "")
        name_control(self.folder, "folder")
        self.folder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.folder.setStyleSheet("text-align: left;")
        self.folder.clicked.connect(self._ask_folder)
        self.link = QPushButton()
        name_control(self.link, "open_last")
        self.link.setFlat(True)
        self.link.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.link.setCursor(Qt.CursorShape.PointingHandCursor)
        self.link.setStyleSheet(f"color: {theme.ACCENT}; text-align: left; background: transparent; border: none;")
        self.link.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.link.clicked.connect(self.open_last)
        self.reveal = tool_button("folder-open", "Open the folder that it is in", "Open folder", self.open_folder)
        self._show_folder()
        self._show_link(None)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        box.setSpacing(theme.SPACE)
        box.addWidget(self.button)
        box.addWidget(self.facts)
        pictures = QHBoxLayout()
        pictures.addWidget(self.still, 1)
        pictures.addWidget(self.sheet, 1)
        box.addLayout(pictures)
        found = QHBoxLayout()
        found.addWidget(self.link, 1)
        found.addWidget(self.reveal)
        box.addLayout(found)
        form = QFormLayout()
        form.setHorizontalSpacing(theme.SPACE)
        form.setVerticalSpacing(theme.SPACE // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("Format", self.codec),
            ("Rate", self.rate),
            ("Size", self.size_),
            ("Stills", self.larger),
            ("Records", self.what),
            ("Folder", self.folder),
        )
        for text, widget in rows:
            label = QLabel(text)
            label.setStyleSheet(f"color: {theme.FAINT};")
            label.setBuddy(widget)
            form.addRow(label, widget)
        box.addLayout(form)
        if self.films is not None:
            box.addWidget(self.films)
        box.addStretch(1)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Try the codecs, the first time that somebody may choose one."""
        super().showEvent(event)
        if not self._tried:
            self._tried = True
            self._worker.do(codecs, self._list_codecs)

    def _list_codecs(self, found: list[CodecInfo]) -> None:
        chosen = self._session.recording.codec
        self.codec.clear()
        model = self.codec.model()
        assert isinstance(model, QStandardItemModel)
        for row, info in enumerate(found):
            self.codec.addItem(info.name, info.name)
            tip = info.description if info.works else f"Does not work here: {info.problem}"
            self.codec.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            model.item(row).setEnabled(info.works)
        works = [info.name for info in found if info.works]
        if chosen not in works and works:
            self._session.recording = replace(self._session.recording, codec=works[0])
        self.codec.setCurrentIndex(self.codec.findData(self._session.recording.codec))

    def _choose(self) -> None:
        before = self._session.recording
        self._session.recording = replace(
            before,
            codec=self.codec.currentData(),
            rate=self.rate.currentData(),
            size=self.size_.currentData(),
            shown=self.what.currentData(),
            still=self.larger.currentData(),
        )
        self.rate.show_own()

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "Folder for recordings", str(self._session.recording.path))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.choose_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_folder(self, folder: str) -> None:
        """Record into another folder from now on."""
        self._session.recording = replace(self._session.recording, folder=folder)
        self._show_folder()

    def open_last(self) -> None:
        """Show the newest file, with what the system shows such files."""
        if self.last is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.last)))

    def open_folder(self) -> None:
        """Show the folder that it is in."""
        if self.last is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.last.parent)))

    def _free(self, what: str) -> Path:
        now = datetime.now().astimezone()
        return free_path(self._session.recording.path, f"{_NAME}{what}", self._document.name, ".png", now)

    def _show_folder(self) -> None:
        path = self._session.recording.path
        self.folder.setText(path.name or str(path))
        self.folder.setToolTip(f"{path}\nClick to choose where recordings and pictures go")
        self.folder.setAccessibleName(f"Folder: {path}")

    def _show_link(self, path: Path | None) -> None:
        self.last = path
        for widget in (self.link, self.reveal):
            widget.setVisible(path is not None)
        if path is not None:
            self.link.setText(path.name)
            self.link.setToolTip(f"{path}\nClick to open it")
            self.link.setAccessibleName(f"Open {path.name}")

    def _take(self, recording: Recording) -> None:
        status = recording.status
        is_recording = self.is_recording
        if self._was_recording != is_recording:
            self._was_recording = is_recording
            self.began_or_ended.emit()
            self.button.setStyleSheet(_RECORDING if is_recording else _IDLE)
            self.button.setIcon(
                icon("stop-fill", theme.ON_ACCENT) if is_recording else icon("record-fill", theme.DANGER)
            )
            self.button.setToolTip("End the recording (R)" if is_recording else _BEGIN)
            for widget in (self.codec, self.rate, self.what, self.folder):
                widget.setEnabled(not is_recording)
        self.button.setText(clock(status.seconds) if is_recording and status is not None else "Record")
        self.facts.setText(_facts(status))
        self.facts.setVisible(bool(self.facts.text()))
        if status is not None and status.finished and status != self._ended:
            self._ended = status
            if status.path is not None and not status.error:
                self._show_link(status.path)

    def _show_written(self, written: Written) -> None:
        self._show_link(written.path)


def _facts(status: RecordingStatus | None) -> str:
    if status is None:
        return ""
    if status.error:
        return status.error
    dropped = f" · {status.dropped} dropped" if status.dropped else ""
    warning = f"\n{status.warning}" if status.warning else ""
    length = f"{clock(status.seconds)} · " if status.finished else ""
    return f"{length}{status.frames} frames{dropped} · {_amount(status.bytes)}{warning}"


def _amount(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    for factor, unit in ((1e9, "GB"), (1e6, "MB")):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def _push(picture: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(icon(picture), text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _choice(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setMinimumWidth(60)
    return box
