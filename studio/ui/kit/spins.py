"""A box for a decimal number, which reads it as people type it, wherever they come from."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QDoubleSpinBox


class DecimalSpin(QDoubleSpinBox):
    """Shows a point and takes a comma for one, too.

    Qt would take a comma to stand between thousands, and 0,5 for 5.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.setLocale(QLocale.c())

    def validate(self, text: str, place: int) -> object:
        """See `QAbstractSpinBox.validate`; what is typed is shown with the point."""
        return super().validate(text.replace(",", "."), place)

    def valueFromText(self, text: str) -> float:  # noqa: N802 - Qt's name
        """See `QDoubleSpinBox.valueFromText`."""
        return super().valueFromText(text.replace(",", "."))
