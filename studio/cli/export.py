"""``studio export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.common import (
    OverwriteOption,
    human_count,
    note,
    open_preset,
    print_json,
    refuse_existing,
    refuse_pipe,
    size_typed,
    unless_taken,
)
from studio.cli.streams import say


def export(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")],
    output: Annotated[
        Path, typer.Argument(help="What to make: .pt, .pth, .safetensors, .onnx, or a folder of .npy (no ending).")
    ],
    format_: Annotated[
        str, typer.Option("--format", help="pytorch, safetensors, onnx or npy; by default the suffix decides.")
    ] = "",
    size: Annotated[
        str, typer.Option(help="Input size of an .onnx; the network's own by default.", metavar="WxH")
    ] = "",
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Give a network back, bends and all, under the names of the file that it came from."""
    from studio.io.exporters import ExportOptions, exporter_for

    refuse_pipe(output, "An export")
    exporter, options = exporter_for(output, format_), ExportOptions(size_typed(size), overwrite)
    refuse_existing(output, overwrite)
    opened = open_preset(preset)
    with unless_taken(output):
        remarks = exporter.export(opened, output, options)
    is_file = output.is_file()
    written = output.stat().st_size if is_file else sum(file.lstat().st_size for file in output.iterdir())
    if as_json:
        facts = {"path": str(output), "format": exporter.name, "bytes": written, "notes": list(remarks)}
        print_json(facts | {"bent": sorted(opened.changed), "bypassed": sorted(opened.bypassed)}, is_done=True)
        return
    bends = f"{len(opened.changed)} bent tensor{'' if len(opened.changed) == 1 else 's'}"
    say(f"{output}: {exporter.description}, {bends}, {human_count(written)}B")
    for remark in remarks:
        note(remark)
