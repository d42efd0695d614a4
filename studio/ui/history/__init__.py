"""What was done, and going back in it."""

from __future__ import annotations

from studio.ui.history.panel import HistoryPanel
from studio.ui.kit.panel import Panel

PANELS = (Panel("history", "History", "left", lambda c: HistoryPanel(c.document), stack=20, order=20),)
