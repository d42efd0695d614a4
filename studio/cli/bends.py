"""``studio bends``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.cli.common import print_json

if TYPE_CHECKING:
    from studio.model.bend import Bend
    from studio.model.form import Field


def bends(as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False) -> None:
    """List the bends of activations: what each does, and its parameters with ranges and safe ranges."""
    from studio.bends import registry
    from studio.model.form import fields

    kinds = sorted(registry().items(), key=lambda found: (found[1].group, found[0]))
    if as_json:
        print_json([_facts(name, kind, fields(kind)) for name, kind in kinds])
        return
    table = Table("bend", "what it does", "parameters", box=None)
    group = ""
    for name, kind in kinds:
        if kind.group != group:
            group = kind.group
            table.add_row(f"[bold]{escape(group)}[/]", "", "")
        told = "\n".join(escape(_told(field)) for field in fields(kind))
        table.add_row(escape(name), escape(_first_line(kind)), told)
    Console(highlight=False).print(table)


def _first_line(kind: type[Bend]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].replace("``", "")


def _told(field: Field) -> str:
    if field.choices:
        return f"{field.name}={field.default} ({', '.join(map(str, field.choices))})"
    safe = f" (safe {field.safe[0]:g} to {field.safe[1]:g})" if field.safe else ""
    unit = f" {field.unit}" if field.unit else ""
    return f"{field.name}={field.default}{unit}{safe}"


def _facts(name: str, kind: type[Bend], parameters: tuple[Field, ...]) -> dict[str, object]:
    return {
        "name": name,
        "label": kind.label,
        "group": kind.group,
        "doc": _first_line(kind),
        "needs": kind.other,
        "parameters": [
            {
                "name": field.name,
                "kind": field.kind,
                "default": field.default,
                "lo": field.lo,
                "hi": field.hi,
                "safe": list(field.safe) if field.safe else None,
                "unit": field.unit,
                "choices": list(field.choices),
                "live": field.live,
                "doc": field.doc,
            }
            for field in parameters
        ],
    }
