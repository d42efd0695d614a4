"""``studio bench``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from studio.cli.common import Facts, open_preset, print_json
from studio.errors import StudioError
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from studio.engine.base import Engine
    from studio.engine.choose import Choice
    from studio.model.networks.shape import Array

_RUNS = 10
_MOST_SECONDS = 20.0


@dataclass(frozen=True)
class _Layer:
    name: str
    op: str
    seconds: float
    share: float
    gmacs_per_second: float


@dataclass(frozen=True)
class _Figure:
    """What an engine took.

    Attributes:
        engine: its name.
        device: what it ran on; why it did not, where it did not.
        seconds: of the median frame; 0 where it did not run.
        fastest: of all frames.
        slowest: of all frames.
        error: relative L2 of its output to that of PyTorch in float32.
    """

    engine: str
    device: str
    seconds: float = 0.0
    fastest: float = 0.0
    slowest: float = 0.0
    error: float = 0.0


def bench(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")],
    size: Annotated[str, typer.Option(help="Picture size: 256, or 640x360.", metavar="N|WxH")] = "256x256",
    engine: Annotated[
        str, typer.Option("--engine", help="Which is measured; all compares them, and says which auto takes.")
    ] = "all",
    profile: Annotated[bool, typer.Option("--profile", help="Show what every layer takes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Measure frames a second: pictures of noise through the network, until the output is read back."""
    import numpy as np

    from studio.engine.choose import open_engine
    from studio.model.bends.stages import STAGES
    from studio.model.filters.live_edits import as_run
    from studio.runtime.render.size import parse_size, working_size

    opened = open_preset(preset)
    network = as_run(opened)
    sizes = working_size(network.graph, parse_size(size, Size(256, 256)))
    rng = np.random.default_rng(0)
    shapes = network.graph.shapes({i.name: sizes.padded for i in network.graph.inputs})
    inputs = {i.name: rng.random(shapes[i.name], np.float32) for i in network.graph.inputs}

    def open_one(name: str) -> tuple[Engine, Choice]:
        running, choice = open_engine(network, name)
        running.bypass(opened.bypassed)
        running.set_stages(opened.section(STAGES))
        return running, choice

    where = f"{escape(preset)} at {sizes.padded}"
    if engine == "all":
        if profile:
            raise StudioError("A profile is of one engine; say which with --engine.")
        _compare(preset, where, sizes.padded, open_one, inputs, as_json=as_json)
        return
    running, choice = open_one(engine)
    try:
        figure, _ = _measured(running, choice.name, inputs)
        layers = _layers(running, inputs) if profile else []
    finally:
        running.close()
    if as_json:
        facts = _facts(figure) | {"preset": preset, "size": sizes.padded.wh}
        print_json(facts | ({"layers": [asdict(layer) for layer in layers]} if profile else {}))
        return
    console = Facts()
    middle, least, most = (f"{seconds * 1e3:.2f}" for seconds in (figure.seconds, figure.fastest, figure.slowest))
    console.print(
        f"{where}, engine {choice.name} on {escape(figure.device)}: {1 / figure.seconds:.1f} frames a second, "
        f"{middle} ms a frame ({least} to {most} over {_RUNS}).",
        soft_wrap=True,
    )
    if profile:
        console.print(_table(layers))


def _measured(running: Engine, name: str, inputs: Mapping[str, Array]) -> tuple[_Figure, Array]:
    """What frames take on an engine, and the output of the last."""
    running.time_every = math.inf
    seconds = []
    # The first makes shaders and textures, the second and third what PyTorch makes of them on CUDA.
    for _ in range(_RUNS + 3):
        start = perf_counter()
        running.run(inputs)
        output = running.output()
        seconds.append(perf_counter() - start)
        if len(seconds) > 4 and sum(seconds) > _MOST_SECONDS:
            break
    seconds = seconds[3:]
    return _Figure(name, running.device, median(seconds), min(seconds), max(seconds)), output


def _facts(figure: _Figure) -> dict[str, object]:
    return {
        "engine": figure.engine,
        "device": figure.device,
        "frames_per_second": 1 / figure.seconds,
        "milliseconds": figure.seconds * 1e3,
        "fastest": figure.fastest * 1e3,
        "slowest": figure.slowest * 1e3,
    }


def _compare(
    preset: str,
    where: str,
    size: Size,
    open_one: Callable[[str], tuple[Engine, Choice]],
    inputs: Mapping[str, Array],
    *,
    as_json: bool,
) -> None:
    """Every engine, how far its output is from PyTorch's in float32, and what `auto` takes."""
    import numpy as np

    from studio.engine.choose import ENGINE_NAMES
    from studio.engine.torch.device import best_device

    names = [name for name in ENGINE_NAMES if name != "auto"]
    if best_device().type != "cuda":
        names = [name for name in names if name not in ("torch-tf32", "torch-half")]  # the same as torch
    figures: list[_Figure] = []
    right: Array | None = None
    for name in sorted(names, key=lambda name: name != "torch"):
        try:
            running, _ = open_one(name)
        except StudioError as error:
            figures.append(_Figure(name, str(error)))
            continue
        try:
            figure, output = _measured(running, name, inputs)
        except StudioError as error:
            figures.append(_Figure(name, str(error)))
            continue
        finally:
            running.close()
        right = output if right is None else right
        norm = float(np.linalg.norm(right)) or 1.0
        figures.append(replace(figure, error=float(np.linalg.norm(output - right)) / norm))
    chosen, choice = open_one("auto")
    chosen.close()
    if as_json:
        engines = [
            _facts(figure) | {"relative_error": figure.error}
            if figure.seconds
            else {"engine": figure.engine, "problem": figure.device}
            for figure in figures
        ]
        auto = {"engine": choice.name, "reason": choice.reason}
        print_json({"preset": preset, "size": size.wh, "engines": engines, "auto": auto})
        return
    console = Facts()
    console.print(f"{where}, medians of at most {_RUNS} frames:", soft_wrap=True)
    table = Table("Engine", "On", box=None, header_style="bold")
    for heading in ("ms", "Frames a second", "Relative L2 to torch"):
        table.add_column(heading, justify="right")
    for figure in figures:
        cells = ["", "", ""]
        if figure.seconds:
            cells = [f"{figure.seconds * 1e3:.2f}", f"{1 / figure.seconds:.1f}", f"{figure.error:.1e}"]
        table.add_row(figure.engine, escape(figure.device), *cells)
    console.print(table)
    console.print(f"auto takes {choice.name}, because {escape(choice.reason)}.", soft_wrap=True)


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
