"""``studio info``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import Facts, human_count, open_preset, print_json
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from studio.model.networks.preset import Preset
    from studio.runtime.render.size import WorkingSize

_SIDES = Size(256, 256)


@dataclass(frozen=True)
class _Layer:
    name: str
    op: str
    inputs: tuple[str, ...]
    settings: dict[str, object]
    shape: tuple[int, ...]
    parameters: int
    tensors_of: str | None
    macs: int
    weight_range: tuple[float, float] | None
    bent: tuple[str, ...]


def info(
    path: Annotated[str, typer.Argument(help="A network or a preset, by name or path.")],
    size: Annotated[
        str,
        typer.Option(
            help="Picture size for shapes and costs: 256, or 640x360; the network's own, else 256, by default.",
            metavar="N|WxH",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Show the layers of a network: operator, shape, parameters, multiply-accumulates, weight range."""
    from studio.runtime.render.size import parse_size, working_size

    preset = open_preset(path)
    graph = preset.network.graph
    sizes = working_size(graph, parse_size(size, _SIDES) if size else graph.usual_size)
    layers = _layers(preset, sizes)
    if as_json:
        _print_json(preset, sizes, layers)
    else:
        _print_table(preset, sizes, layers)


def _layers(preset: Preset, sizes: WorkingSize) -> list[_Layer]:
    from studio.model.filters.live_edits import EDITS, as_run

    kept = {edit.tensor for edit in preset.section(EDITS)}
    network = as_run(preset)
    shapes = network.graph.shapes({i.name: sizes.padded for i in network.graph.inputs})
    found = []
    for node in network.graph.nodes:
        tensors = {key: network.tensors[f"{node.owner}.{key}"] for key in node.op.tensor_shapes()}
        low = min((float(t.min()) for t in tensors.values()), default=0.0)
        high = max((float(t.max()) for t in tensors.values()), default=0.0)
        found.append(
            _Layer(
                node.name,
                type(node.op).__name__,
                node.inputs,
                node.op.model_dump(mode="json", exclude_defaults=True),
                tuple(shapes[node.name]),
                sum(t.size for t in tensors.values()) if node.tensors_of is None else 0,
                node.tensors_of,
                node.op.macs(shapes[node.name]),
                (low, high) if tensors else None,
                tuple(
                    key for key in tensors if f"{node.owner}.{key}" in preset.changed or f"{node.owner}.{key}" in kept
                ),
            )
        )
    return found


def _print_json(preset: Preset, sizes: WorkingSize, layers: list[_Layer]) -> None:
    network = preset.network
    print_json(
        {
            "name": preset.name,
            "description": preset.description,
            "network": network.name,
            "license": network.license,
            "sha256": network.sha256(),
            "inputs": [asdict(i) for i in network.graph.inputs],
            "size": sizes.picture.wh,
            "padded": sizes.padded.wh,
            "output": {"layer": network.graph.output, "size": sizes.output.wh},
            "layers": [asdict(layer) for layer in layers],
        }
    )


def _parameters(layer: _Layer) -> str:
    if layer.tensors_of is not None:
        return f"of {escape(layer.tensors_of)}"
    return human_count(layer.parameters) if layer.parameters else ""


def _table(layers: list[_Layer], inputs: list[str]) -> Table:
    """A row a layer; columns that say nothing are left out, so that a plain network fits a narrow terminal."""
    rows = []
    for layer, before in zip(layers, [*inputs[-1:], *(layer.name for layer in layers)], strict=False):
        low, high = layer.weight_range or (0.0, 0.0)
        rows.append(
            {
                "Layer": escape(layer.name),
                "Operator": layer.op,
                "Reads": "" if layer.inputs == (before,) else escape(", ".join(layer.inputs)),
                "Shape": "×".join(map(str, layer.shape)),
                "Weights": _parameters(layer),
                "Range": f"{low:.2f} … {high:.2f}" if layer.weight_range else "",
                "MACs": human_count(layer.macs) if layer.macs else "",
                "Bent": ", ".join(layer.bent),
            }
        )
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    headings = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    for heading in headings:
        wraps = heading in ("Layer", "Operator", "Reads", "Bent")
        table.add_column(heading, justify="left" if wraps else "right", no_wrap=not wraps, overflow="fold")
    for row in rows:
        table.add_row(*(row[heading] for heading in headings))
    return table


def _print_table(preset: Preset, sizes: WorkingSize, layers: list[_Layer]) -> None:
    console = Facts()
    network = preset.network
    title = preset.name if preset.name == network.name else f"{preset.name}, a bend of {network.name}"
    console.print(f"[bold]{escape(title)}[/]  {escape(preset.description)}", soft_wrap=True)
    console.print(_table(layers, [i.name for i in network.graph.inputs]))
    parameters, macs = sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)
    console.print(
        f"At {sizes.picture}: {human_count(parameters)} parameters, {human_count(macs)} multiply-accumulates a frame. "
        f"Licence of the weights: {escape(network.license or 'not stated')}.",
        soft_wrap=True,
    )
    for put in network.graph.inputs:
        if put.bounds:
            console.print(f'The input "{put.name}" takes {put.bounds}.', markup=False, soft_wrap=True)
    if sizes.note:
        console.print(sizes.note, soft_wrap=True)
