"""Before the window closes, what is being written is finished: exports, imports, presets, recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QMessageBox, QProgressBar, QVBoxLayout, QWidget

from studio.runtime.live.output_writer import Recording
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme

_LOOK_EVERY = 100


class Finishing:
    """Holds the window open while something is being written, shows that it does, and asks before giving up on it.

    Args:
        workers: whose work is waited for.
        live: whose recording is ended and waited for.
        telemetry: tells how the recording stands.
        find_window: gives the window that closes.

    Attributes:
        has_given_up: whether the person would not wait; what is being written is then cut off.
        dialog: what is shown; None while nothing is waited for.
    """

    def __init__(
        self,
        workers: Iterable[Worker],
        live: LiveSession,
        telemetry: Telemetry,
        find_window: Callable[[], QWidget],
    ) -> None:
        self._workers = tuple(workers)
        self._live = live
        self._telemetry = telemetry
        self._find_window = find_window
        self.has_given_up = False
        self.dialog: FinishingDialog | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """What is being written, in words."""
        found = [doing for worker in self._workers for doing in worker.pending]
        return tuple(filter(None, (*found, self.recording)))

    @property
    def recording(self) -> str:
        """The recording under way, in words; empty for none."""
        status = self._telemetry[Recording].status
        if status is None or status.finished:
            return ""
        return f"Recording {status.path.name}" if status.path is not None else "The recording"

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether the window may close now; else `close` is called when all is written."""
        if self.has_given_up or not self.pending:
            return True
        self._live.stop_recording()
        if self.dialog is None:
            self.dialog = FinishingDialog(self, close, self._find_window())
            self.dialog.show()
        return False


class FinishingDialog(QDialog):
    """Lists what is still being written; closes the window when nothing is.

    Args:
        finishing: knows what is.
        close: closes the window.
        window: over which it stands.
    """

    def __init__(self, finishing: Finishing, close: Callable[[], object], window: QWidget) -> None:
        super().__init__(window)
        self._finishing = finishing
        self._close = close
        self.setWindowTitle("Finishing")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QLabel(wordWrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName("Finishing")
        buttons = QDialogButtonBox()
        self.stay = buttons.addButton("Keep the studio open", QDialogButtonBox.ButtonRole.RejectRole)
        self.give_up = buttons.addButton("Give up on it", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.stay.clicked.connect(self.close)
        self.give_up.clicked.connect(self._ask)
        box = QVBoxLayout(self)
        box.setSpacing(2 * theme.SPACE)
        for widget in (self.text, bar, buttons):
            box.addWidget(widget)
        self.setMinimumWidth(420)
        self._timer = QTimer(self, interval=_LOOK_EVERY)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self._look()

    def _look(self) -> None:
        pending = self._finishing.pending
        if pending:
            self.text.setText("The window closes when this is written:\n" + "\n".join(pending))
        else:
            self._end()

    def _ask(self) -> None:
        question = QMessageBox(self)
        question.setText("Give up on what is still being written?")
        question.setInformativeText("\n".join(self._finishing.pending))
        question.setStandardButtons(QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel)
        question.button(QMessageBox.StandardButton.Discard).setText("Give up on it")
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.buttonClicked.connect(
            lambda button: self._let_go() if button is question.button(QMessageBox.StandardButton.Discard) else None
        )
        self.question = question
        question.open()

    def _let_go(self) -> None:
        self._finishing.has_given_up = True
        self._end()

    def _end(self) -> None:
        self.close()
        self._close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        self._timer.stop()
        self._finishing.dialog = None
        super().closeEvent(event)
