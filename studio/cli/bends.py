"""``studio bends``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import Facts, open_preset, print_json

if TYPE_CHECKING:
    from studio.model.bends.bend import Bend
    from studio.model.bends.stage import Channels
    from studio.model.declared.form import Field


def bends(
    preset: Annotated[
        str, typer.Argument(help="A preset or network: list its stages, and the clusters that it keeps, instead.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """List the bends of activations, what each does and its parameters; or the stages and clusters of a preset."""
    from studio.bends import registry
    from studio.model.declared.form import fields

    if preset:
        _tell_preset(preset, as_json=as_json)
        return
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
    Facts().print(table)


def _tell_preset(name: str, *, as_json: bool) -> None:
    from studio.io.sections import registry
    from studio.model.bends.clusters import CLUSTERS
    from studio.model.bends.stages import STAGES

    opened, written = open_preset(name), registry()
    stages, clusters = opened.section(STAGES), opened.section(CLUSTERS)
    if as_json:
        said = {key.name: written[key.name].to_document(opened.section(key)) for key in (STAGES, CLUSTERS)}
        print_json(said)
        return
    console, table = Facts(), Table("stage", "layer", "bend", "channels", "amount", box=None)
    for stage in stages:
        number = f"{stage.id}" if stage.on else f"{stage.id} (off)"
        channels = escape(_channels_text(stage.channels))
        table.add_row(number, escape(stage.layer), type(stage.bend).__name__, channels, f"{stage.amount:g}")
    console.print(table if stages else "No stages.")
    table = Table("cluster", "layer", "channels", box=None)
    for cluster in clusters:
        table.add_row(escape(cluster.name), escape(cluster.layer), ", ".join(map(str, cluster.channels)))
    console.print(table if clusters else "No clusters are kept.")


def _channels_text(channels: Channels) -> str:
    said = channels.model_dump()
    match said.pop("kind"):
        case "all":
            return "all"
        case "random":
            return f"{said['share']:.0%}, seed {said['seed']}"
        case "range":
            return f"{said['first']}-{said['last']}"
        case _:
            return said["name"] or ", ".join(map(str, said["channels"]))


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
