"""What this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

import studio


def show_about(parent: QWidget) -> QMessageBox:
    """A small dialog with name, version and licence."""
    box = QMessageBox(parent)
    box.setWindowTitle("About")
    box.setText(
        f"<b>Network Bending Studio {studio.__version__}</b>"
        "<p>Open a trained convolutional network, bend its filters while it runs, and record what comes out.</p>"
        "<p>MIT licence. Icons: Phosphor, MIT.</p>"
    )
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
