"""What was done, and going back in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.kit.command import Context
from studio.ui.kit.panel import Panel

if TYPE_CHECKING:
    from studio.ui.history.panel import HistoryPanel


def _make(context: Context) -> HistoryPanel:
    from studio.ui.history.panel import HistoryPanel

    return HistoryPanel(context.document)


PANELS = (Panel("history", "History", "left", _make, stack=20, order=20, modules=("studio.ui.history.panel",)),)
