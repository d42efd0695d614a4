"""``studio import``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from studio.cli.common import (
    OverwriteOption,
    note,
    print_json,
    refuse_existing,
    refuse_pipe,
    size_typed,
    unless_taken,
)
from studio.cli.streams import say
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.io.importers import Imported


def import_(
    model: Annotated[
        Path,
        typer.Argument(
            help="A model: .onnx, .pt2, .safetensors, a state dict (.pt .pth .model .ckpt), .keras, .h5, a model.json "
            "of TensorFlow.js, a folder of .npy."
        ),
    ],
    output: Annotated[Path, typer.Argument(help="The network's folder to make, such as mine.")],
    arch: Annotated[str, typer.Option(help="Architecture of a state dict; recognised by default.")] = "",
    input_size: Annotated[
        str, typer.Option(help="Input size to read the layers for; the file's own by default.", metavar="WxH")
    ] = "",
    value_range: Annotated[
        str, typer.Option("--range", help="Values of black and white: 0..1, -1..1 or 0..255.", metavar="LO..HI")
    ] = "",
    mean: Annotated[str, typer.Option(help="Taken off each channel, such as 0.485,0.456,0.406.")] = "",
    std: Annotated[str, typer.Option(help="What each channel is then divided by.")] = "",
    output_range: Annotated[
        str, typer.Option(help="Values of the output that are black and white.", metavar="LO..HI")
    ] = "",
    taken: Annotated[
        str, typer.Option("--output", help="Of a model with several outputs, the one to take.", metavar="NAME")
    ] = "",
    pick: Annotated[
        str, typer.Option(help="Of a file with several sets of tensors, the one to take, such as ema.", metavar="NAME")
    ] = "",
    statistics: Annotated[
        str,
        typer.Option(
            help="What batch norms of a state dict go by: learnt (default), or the picture's own, as pix2pix is run.",
            metavar="learnt|picture",
        ),
    ] = "",
    dropout: Annotated[
        bool,
        typer.Option("--dropout", help="Leave values out by chance where its authors do, as of pix2pix."),
    ] = False,
    output_mean: Annotated[str, typer.Option(help="Added to each channel of the output, times --output-std.")] = "",
    output_std: Annotated[str, typer.Option(help="What each channel of the output is multiplied by first.")] = "",
    bgr: Annotated[bool, typer.Option("--bgr", help="Its first channel is blue, as in OpenCV and Caffe.")] = False,
    luma: Annotated[
        bool | None, typer.Option("--luma/--grey", help="Put the picture's colour back onto an output of one channel.")
    ] = None,
    channels: Annotated[
        str,
        typer.Option(
            help="How a picture's channels become those of a network that takes 4, 6 or more.",
            metavar="repeat|grey|opaque|zeros",
        ),
    ] = "",
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="For a network that is fed what it made in the step before, such as a cellular automaton: what that "
            "begins as, and where names do not say so, which input is which output in the next step.",
            metavar="zeros|seed|noise[,seed=N]|picture|IN=OUT",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Make a network of somebody else's model; nothing of it is executed."""
    from studio.io.importers import Options, open_model, save_imported

    options = Options(
        arch,
        size_typed(input_size),
        _range(value_range),
        _numbers(mean, "--mean"),
        _numbers(std, "--std"),
        order="bgr" if bgr else None,
        output_range=_range(output_range),
        colour=None if luma is None else "input" if luma else "own",
        output=taken,
        pick=pick,
        statistics=_statistics(statistics),
        dropout=dropout,
        output_mean=_numbers(output_mean, "--output-mean"),
        output_std=_numbers(output_std, "--output-std"),
        channels=channels,
        state=",".join(state or ()),
    )
    refuse_pipe(output, "A network")
    refuse_existing(output, overwrite)
    imported = open_model(model, options)
    with unless_taken(output):
        save_imported(imported, output, overwrite=overwrite)
    if as_json:
        print_json(_facts(imported, output), is_done=True)
        return
    network, graph = imported.network, imported.network.graph
    kind = f"{imported.format}, {imported.arch}" if imported.arch else imported.format
    say(f"{output}: {len(graph.nodes)} layers, {len(network.tensors)} tensors ({kind})")
    for remark in imported.notes:
        note(remark)
    note(f"studio info {output}")


def _facts(imported: Imported, output: Path) -> dict[str, object]:
    from studio.model.networks.values import values_of

    graph = imported.network.graph
    return {
        "path": str(output),
        "format": imported.format,
        "arch": imported.arch,
        "size": imported.size,
        "inputs": [{"name": i.name, "channels": i.channels, "range": i.range, "kind": i.kind} for i in graph.inputs],
        "output": graph.output,
        "outputs": list(imported.outputs),
        "values": asdict(values_of(graph)),
        "layers": [{"name": n.name, "op": type(n.op).__name__, "inputs": n.inputs} for n in graph.nodes],
        "tensors": {full: list(names) for full, names in imported.names.items()},
        "notes": list(imported.notes),
    }


def _statistics(text: str) -> Literal["learnt", "picture"]:
    if text not in ("", "learnt", "picture"):
        raise StudioError(f'"{text}" is not what --statistics takes: learnt or picture.')
    return "picture" if text == "picture" else "learnt"


def _range(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    low, dots, high = text.partition("..")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = 0.0, 0.0
    if not dots or not -1e6 <= ends[0] < ends[1] <= 1e6:
        raise StudioError(f'"{text}" is no range of values; give 0..1, -1..1 or 0..255.')
    return ends


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        found = (float("nan"),)
    if not all(abs(value) <= 1e6 for value in found) or ("std" in option and 0 in found):
        raise StudioError(f'"{text}" is not what {option} takes: one number for every channel, such as 0.5,0.5,0.5.')
    return found
