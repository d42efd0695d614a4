"""``studio presets``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import Facts, note, print_json


def presets(
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """List the presets that come with the studio."""
    from studio.io.presets import list_presets

    cards = list_presets()
    if as_json:
        print_json(
            [
                {
                    "name": card.name,
                    "title": card.title,
                    "description": card.description,
                    "weights": card.weights,
                    "path": str(card.path),
                    "problem": card.problem or None,
                }
                for card in cards
            ]
        )
        return
    table = Table(box=None, header_style="bold")
    for heading in ("Preset", "Network", "What it does"):
        table.add_column(heading, overflow="fold")
    for card in cards:
        cells = (card.name, card.weights.rpartition("/")[2], card.description or card.problem)
        table.add_row(*map(escape, cells))
    Facts().print(table)
    note("studio render demo out.mp4 --preset NAME")
