"""In which order the rows of the sheet are, as commands."""

from __future__ import annotations

from functools import partial

from studio.model.views.workspace import RowOrder
from studio.ui.kit.command import LAYER, Command, Context, Place, has_tensor, holds

ORDERS: dict[RowOrder, str] = {
    "index": "In order",
    "norm": "Largest first",
    "likeness": "By likeness",
    "cluster": "In groups",
    "effect": "By effect",
}
"""What the orders of rows are called."""

_TIPS: dict[RowOrder, str] = {
    "index": "Rows of the sheet as they lie in the tensor",
    "norm": "Rows with the largest weights first",
    "likeness": "Rows that are like each other next to each other",
    "cluster": "Rows in groups of like ones",
    "effect": "What changes the picture most comes first, as it was measured",
}


def _order(how: RowOrder, context: Context) -> None:
    context.workspace.row_order = how


COMMANDS = tuple(
    Command(
        f"sheet.order_{how}",
        f"Rows {text[0].lower()}{text[1:]}",
        partial(_order, how),
        Place("View/Filter sheet", 50, place),
        tip=_TIPS[how],
        is_on=holds("row_order", how),
        enabled=has_tensor,
        follows=LAYER | {"workspace.row_order"},
    )
    for place, (how, text) in enumerate(ORDERS.items())
)
