"""``studio bench``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import EngineOption, Facts, open_preset, print_json

if TYPE_CHECKING:
    from studio.engine.base import Engine
    from studio.model.op import Array

_RUNS = 10


@dataclass(frozen=True)
class _Layer:
    name: str
    op: str
    seconds: float
    share: float
    gmacs_per_second: float


def bench(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")],
    size: Annotated[str, typer.Option(help="Picture size: 256, or 640x360.", metavar="N|WxH")] = "256x256",
    engine: EngineOption = "auto",
    profile: Annotated[bool, typer.Option("--profile", help="Show what every layer takes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Measure frames a second: pictures of noise through the network, until the output is read back."""
    import numpy as np

    from studio.engine.choose import open_engine
    from studio.model.live_edits import as_run
    from studio.model.stages import STAGES
    from studio.runtime.render.size import parse_size, working_size

    opened = open_preset(preset)
    network = as_run(opened)
    sizes = working_size(network.graph, parse_size(size, (256, 256)))
    rng = np.random.default_rng(0)
    shapes = network.graph.shapes({i.name: sizes.padded for i in network.graph.inputs})
    inputs = {i.name: rng.random(shapes[i.name], np.float32) for i in network.graph.inputs}
    running, choice = open_engine(network, engine)
    running.bypass(opened.bypassed)
    running.set_stages(opened.section(STAGES))
    try:
        running.time_every = math.inf
        seconds = []
        for _ in range(_RUNS + 1):
            start = perf_counter()
            running.run(inputs)
            running.output()
            seconds.append(perf_counter() - start)
        frame = median(seconds[1:])  # the first makes shaders and textures
        layers = _layers(running, inputs) if profile else []
        device = running.device
    finally:
        running.close()
    height, width = sizes.padded
    fastest, slowest = min(seconds[1:]) * 1e3, max(seconds[1:]) * 1e3
    if as_json:
        facts = {
            "preset": preset,
            "engine": choice.name,
            "device": device,
            "size": (width, height),
            "frames_per_second": 1 / frame,
            "milliseconds": frame * 1e3,
            "fastest": fastest,
            "slowest": slowest,
        }
        print_json(facts | ({"layers": [asdict(layer) for layer in layers]} if profile else {}))
        return
    console = Facts()
    console.print(
        f"{escape(preset)} at {width}×{height}, engine {choice.name} on {escape(device)}: "
        f"{1 / frame:.1f} frames a second, {frame * 1e3:.2f} ms a frame ({fastest:.2f} to {slowest:.2f} over {_RUNS}).",
        soft_wrap=True,
    )
    if profile:
        console.print(_table(layers))


def _layers(engine: Engine, inputs: Mapping[str, Array]) -> list[_Layer]:
    engine.time_every = 0
    engine.run(inputs)
    times = engine.times()
    total = sum(times.values()) or 1.0
    found = []
    for node in engine.graph.nodes:
        seconds, macs = times[node.name], node.op.macs(engine.shape(node.name))
        rate = macs / seconds / 1e9 if seconds > 0 else 0.0
        found.append(_Layer(node.name, type(node.op).__name__, seconds, seconds / total, rate))
    return found


def _table(layers: list[_Layer]) -> Table:
    table = Table("Layer", "Operator", box=None, header_style="bold")
    for heading in ("ms", "Share", "GMAC/s"):
        table.add_column(heading, justify="right")
    for layer in layers:
        rate = f"{layer.gmacs_per_second:.1f}" if layer.gmacs_per_second else ""
        table.add_row(escape(layer.name), layer.op, f"{layer.seconds * 1e3:.3f}", f"{layer.share:.0%}", rate)
    return table
