"""The icons: Phosphor's, by the names at https://phosphoricons.com, in the theme's colours."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from studio.ui.kit import theme

_GLYPH = 0.875
"""Pixels of a glyph for one of the icon's height: the rest is room around it."""


@cache
def icon(name: str, colour: str = theme.TEXT) -> QIcon:
    """An icon such as "paint-brush" or "record-fill"; checked buttons show it in the accent colour."""
    return QIcon(_Glyph(chr(int(_codes()[name], 16)), colour))


class _Glyph(QIconEngine):
    """A letter of the font. qtawesome has an engine like it, but loads a dozen fonts and all of Qt's names for it."""

    def __init__(self, letter: str, colour: str) -> None:
        super().__init__()
        self._letter, self._colour = letter, colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._colour
        if mode is QIcon.Mode.Disabled:
            colour = theme.DISABLED
        elif mode is QIcon.Mode.Normal and state is QIcon.State.On:
            colour = theme.ACCENT
        font = QFont(_family())
        font.setPixelSize(max(1, round(_GLYPH * rect.height())))
        painter.save()
        painter.setPen(QColor(colour))
        painter.setFont(font)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._letter)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, QRect(QPoint(), size), mode, state)
        painter.end()
        return drawn


def _file(pattern: str) -> Path:
    """Of qtawesome, which brings the font; the package itself is not imported."""
    package = find_spec("qtawesome")
    assert package is not None, "it is installed with the studio"
    assert package.submodule_search_locations, "it is a package"
    return next((Path(package.submodule_search_locations[0]) / "fonts").glob(pattern))


@cache
def _codes() -> dict[str, str]:
    """The hexadecimal code of every icon's letter."""
    found: dict[str, str] = json.loads(_file("phosphor-charmap-*.json").read_text("utf-8"))
    return found


@cache
def _family() -> str:
    return QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(_file("phosphor-[0-9]*.ttf"))))[0]
