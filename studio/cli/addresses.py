"""``studio addresses``."""

from __future__ import annotations

import math
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.cli.bending import BendOption, asked_bends, with_stages
from studio.cli.common import open_preset, print_json


def addresses(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")],
    bend: BendOption = [],  # noqa: B006 - typer copies it
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """List every number that can be turned or moved: its address, value, range, unit and meaning."""
    from studio.model.numbers import knobs

    opened = open_preset(preset)
    opened = with_stages(opened, asked_bends(bend, None, None, opened.network.graph))
    found = [(knob.number, knob.get(opened)) for knob in knobs(opened)]
    if as_json:
        print_json(
            [
                {
                    "address": number.address,
                    "label": number.label,
                    "kind": number.kind,
                    "value": value,
                    "default": number.default,
                    "lo": number.lo if math.isfinite(number.lo) else None,
                    "hi": number.hi if math.isfinite(number.hi) else None,
                    "reach": list(number.reach),
                    "unit": number.unit,
                    "doc": number.doc,
                }
                for number, value in found
            ]
        )
        return
    table = Table("address", "value", "range", "meaning", box=None)
    for number, value in found:
        lo, hi = (f"{end:g}" if math.isfinite(end) else "…" for end in (number.lo, number.hi))
        reach = "0, 1" if number.kind == "switch" else f"{lo} to {hi}{f' {number.unit}' if number.unit else ''}"
        table.add_row(escape(number.address), f"{value:g}", reach, escape(number.doc or number.label))
    Console(highlight=False).print(table)
