"""One variant as a live picture that can be pressed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from studio.model.networks.picture import Picture
from studio.ui.kit import theme
from studio.ui.kit.images import image_of
from studio.ui.kit.reached import name_control

_ROUND = 4.0


class VariantTile(QAbstractButton):
    """Shows the newest picture of a variant, as large as there is room, whole.

    Args:
        number: 1 to 8, what it is called.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._image = QImage()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(40, 40)
        name_control(self, f"variant_{number}")
        self.show_variant("", None)

    @property
    def picture_size(self) -> QSize:
        """Of the picture that is shown; empty where none has come."""
        return self._image.size()

    def show_variant(self, label: str, picture: Picture | None) -> None:
        """Show another picture of it; None while it is being drawn.

        Args:
            label: what the variant does.
            picture: (h, w, 3) uint8 RGB.
        """
        if picture is None:
            self._image = QImage()
        else:
            self._image = image_of(picture)
        self.setEnabled(picture is not None)
        name = f"Variant {self._number}" + (f": {label}" if label else "")
        if name != self.accessibleName():
            self.setAccessibleName(name)
            self.setToolTip(f"{name}\nClick to take it, and to see eight variants of it" if label else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        outline = QPainterPath()
        outline.addRoundedRect(frame, _ROUND, _ROUND)
        painter.fillPath(outline, QColor(theme.GROUND))
        if self._image.isNull():
            painter.setPen(QColor(theme.FAINT))
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "…")
        else:
            size = QSize(self._image.size()).scaled(frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(0, 0, size.width(), size.height())
            place.moveCenter(frame.center())
            painter.drawImage(place, self._image)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(theme.FOCUS if self.hasFocus() else theme.ACCENT), 2))
            painter.drawPath(outline)
