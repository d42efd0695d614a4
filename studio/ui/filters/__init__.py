"""The filter editor: the selected tensor as a sheet or as bars, tools to change it by hand, and every edit's form."""

from studio.ui.filters.editor import FilterEditor
from studio.ui.filters.edits_panel import edit_groups
from studio.ui.filters.sheet_tools import SheetTools

__all__ = ["FilterEditor", "SheetTools", "edit_groups"]
