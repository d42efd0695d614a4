"""The sheet as it lies there, without what comes and goes over it: kept from one paint to the next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap, QRegion


class KeptSheet:
    """A picture of a whole widget, of which only what has changed is drawn anew.

    A hand moves over it a hundred times a second and changes a few kernels of it at a time.
    """

    def __init__(self) -> None:
        self._picture = QPixmap()
        self._of: tuple[object, ...] = ()
        self._stale: QRegion | None = None

    def spoil(self, area: QRect | None = None) -> None:
        """This rectangle, in logical pixels, is not as it was; None for all of it."""
        if area is None:
            self._stale = None
        elif self._stale is not None:
            self._stale |= area

    def picture(
        self, size: QSize, scale: float, of: tuple[object, ...], font: QFont, draw: Callable[[QPainter], None]
    ) -> QPixmap:
        """The picture as it is now.

        Args:
            size: in logical pixels.
            scale: pixels of the screen in one of them.
            of: what all of it follows from; where one of these is another, or not equal, all is drawn anew.
            font: that the painter begins with.
            draw: draws all of it, however little is seen of that.
        """
        of = size, scale, *of
        if len(of) != len(self._of) or any(a is not b and a != b for a, b in zip(of, self._of, strict=True)):
            self._of, self._stale = of, None
        pixels = (size.toSizeF() * scale).toSize().expandedTo(QSize(1, 1))
        if self._picture.size() != pixels or self._picture.devicePixelRatioF() != scale:
            self._picture, self._stale = QPixmap(pixels), None
            self._picture.setDevicePixelRatio(scale)
        stale, self._stale = self._stale, QRegion()
        if stale is None or not stale.isEmpty():
            painter = QPainter(self._picture)
            painter.setFont(font)
            if stale is not None:
                painter.setClipRegion(stale, Qt.ClipOperation.ReplaceClip)
            try:
                draw(painter)
            except BaseException:
                # It is not known how much of it has been drawn.
                self._stale = None
                raise
            finally:
                painter.end()
        return self._picture
