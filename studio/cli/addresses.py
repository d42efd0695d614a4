"""``studio addresses``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from studio.cli.bending import BendOption, asked_bends, with_stages
from studio.cli.common import Facts, open_preset, print_json
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.model.movement.address import Number


def addresses(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")],
    bend: BendOption = [],  # noqa: B006 - typer copies it
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help="List the window's commands as well, which OSC and MIDI set off.")
    ] = False,
) -> None:
    """List every number that can be turned or moved: its address, value, range, unit and meaning.

    Behind them stand those of the window. What is pressed or chosen there has one, too, which a right click shows.
    """
    from studio.control.window import window_numbers
    from studio.model.numbers import knobs

    opened = open_preset(preset)
    opened = with_stages(opened, asked_bends(bend, None, None, opened.network.graph))
    found = [(knob.number, knob.get(opened)) for knob in knobs(opened)]
    others = (*window_numbers(), *(_commands() if commands else ()))
    if as_json:
        owned = [("preset", number, value) for number, value in found] + [("window", each, None) for each in others]
        print_json(
            [
                {
                    "address": number.address,
                    "of": owner,
                    "label": number.label,
                    "kind": number.kind,
                    "value": value,
                    "default": number.default,
                    "lo": number.lo if math.isfinite(number.lo) else None,
                    "hi": number.hi if math.isfinite(number.hi) else None,
                    "reach": list(number.reach),
                    "unit": number.unit,
                    "doc": number.doc,
                    "choices": list(number.choices),
                }
                for owner, number, value in owned
            ]
        )
        return
    console = Facts()
    console.print(_table("value", found))
    console.print("\nThe window has these besides; no preset keeps them:\n")
    console.print(_table("default", [(number, number.default) for number in others]))


def _table(value: str, listed: Iterable[tuple[Number, float]]) -> Table:
    table = Table(Column("address", no_wrap=True), value, "range", "meaning", box=None)
    for number, held in listed:
        lo, hi = (f"{end:g}" if math.isfinite(end) else "…" for end in (number.lo, number.hi))
        reach = f"{lo} to {hi}{f' {number.unit}' if number.unit else ''}"
        reach = {"switch": "0, 1", "trigger": "set off", "choice": ", ".join(number.choices)}.get(number.kind, reach)
        shown = "" if number.kind == "trigger" else number.word(held) or f"{held:g}"
        meaning = number.label if number.kind == "trigger" else number.doc or number.label
        table.add_row(escape(number.address), shown, escape(reach), escape(meaning))
    return table


def _commands() -> list[Number]:
    """Those of the window, which are declared with it; StudioError where there is no Qt to declare it."""
    try:
        from studio.ui.shell.command_dials import KEPT_FROM, command_number
        from studio.ui.shell.declared import declared
    except ImportError as error:
        raise StudioError(f"The window's commands cannot be listed, because Qt cannot be loaded ({error}).") from error
    return [command_number(command) for command in declared().commands if command.id not in KEPT_FROM]
