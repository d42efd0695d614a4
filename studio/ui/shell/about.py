"""What this program is."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

import studio


def show_about(parent: QWidget) -> None:
    """A small dialog with name, version and licence."""
    QMessageBox.about(
        parent,
        "About",
        f"<b>Network Bending Studio {studio.__version__}</b>"
        "<p>Open a trained convolutional network, bend its filters while it runs, and record what comes out.</p>"
        "<p>MIT licence. Icons: Phosphor, MIT.</p>",
    )
