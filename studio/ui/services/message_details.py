"""What stands behind a sentence: the traceback, for whoever is to mend it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from studio.runtime.live.report import Message
from studio.runtime.services.log import log_path
from studio.ui.kit import theme
from studio.ui.kit.fitting import fit


class MessageDetails(QDialog):
    """Shows it, and copies it by one click. Nothing waits for it; Escape closes it.

    Args:
        message: with details.
        parent: over which it stands.
    """

    def __init__(self, message: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self._all = f"{message.text}\n\n{message.details}"
        self.setWindowTitle("Details")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sentence = QLabel(message.text, wordWrap=True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.text = QPlainTextEdit(message.details, readOnly=True)
        self.text.setAccessibleName("Details")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        where = QLabel(f"Noted in {log_path()}", wordWrap=True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        where.setStyleSheet(f"color: {theme.FAINT};")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setToolTip("Copy the sentence and the details, for a report")
        self.copy_button.clicked.connect(self.copy)
        buttons.rejected.connect(self.close)
        box = QVBoxLayout(self)
        box.setSpacing(theme.SPACE)
        for widget in (sentence, self.text, where, buttons):
            box.addWidget(widget)
        fit(self, QSize(720, 420))

    def copy(self) -> None:
        """Take everything into the clipboard."""
        QGuiApplication.clipboard().setText(self._all)
        self.copy_button.setText("Copied")
