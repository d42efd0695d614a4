"""The icons: Phosphor's, by the names at https://phosphoricons.com, in the theme's colours."""

from __future__ import annotations

import qtawesome
from PySide6.QtGui import QIcon

from studio.ui.kit import theme


def icon(name: str, colour: str = theme.TEXT) -> QIcon:
    """An icon such as "paint-brush" or "record-fill"; checked buttons show it in the accent colour."""
    found: QIcon = qtawesome.icon(
        f"ph.{name}", color=colour, color_disabled=theme.DISABLED, color_on=theme.ACCENT, color_active=colour
    )
    return found
