"""What an exporter is, and what all of them share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.errors import StudioError
from studio.io import networks, presets
from studio.io.atomic import write_bytes
from studio.io.folders import is_file
from studio.io.origin import ORIGIN, REST
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.preset import Preset


@dataclass(frozen=True)
class ExportOptions:
    """What the person who exports may choose.

    Attributes:
        size: (height, width) of the input, where a format needs one; the network's own where None.
        overwrite: whether what stands there by the end may be replaced.
    """

    size: Size | None = None
    overwrite: bool = True


class Exporter(Protocol):
    """One format; a module of this folder declares it as ``EXPORTER``."""

    name: str
    """What ``--format`` calls it: "onnx"."""

    description: str
    """What it gives, in a few words."""

    suffixes: tuple[str, ...]
    """What its files end in; empty for a folder."""

    def export(self, preset: Preset, path: Path, options: ExportOptions) -> tuple[str, ...]:
        """Write it, whole or not at all.

        Returns:
            Remarks for the person who exports, each a sentence.

        Raises:
            FileExistsError: where something stands there by the end that may not be replaced.
            StudioError: naming the layer or tensor that the format cannot hold, or where it cannot be written.
        """
        ...


def without_bypass(preset: Preset, what: str) -> tuple[str, ...]:
    """The remark that weights alone do not say which layers are bypassed; none where none is."""
    if not preset.bypassed:
        return ()
    names = ", ".join(f'"{name}"' for name in sorted(preset.bypassed))
    return (f"{what} holds weights alone: the bypassed layers {names} work again there; .onnx keeps them bypassed.",)


def normalising(preset: Preset) -> tuple[str, ...]:
    """What the network is to be fed and gives, a sentence for each input and one for the output."""
    low, high = preset.network.graph.output_range
    graph = preset.network.graph
    order = " in the order blue, green, red" if graph.output_order == "bgr" else ""
    luma = " It is luma, onto which the colour of the picture is put back." if graph.colour == "input" else ""
    shown = f"Its output is black at {low:g} and white at {high:g}{order}.{luma}"
    return (*map(_fed, graph.inputs), shown)


def described(preset: Preset) -> dict[str, str]:
    """What is known of a preset besides its weights, for the metadata of a file."""
    graph = preset.network.graph
    inputs = [{"name": i.name, "kind": i.kind, "range": i.range, "mean": i.mean, "std": i.std} for i in graph.inputs]
    found = {
        "name": preset.name,
        "description": preset.description,
        "author": preset.author,
        "network": preset.network.name,
        "license": preset.network.license,
        "inputs": json.dumps(inputs),
        "output": json.dumps({"name": graph.output, "range": graph.output_range}),
        "use": " ".join(normalising(preset)),
    }
    return {f"studio.{key}": value for key, value in found.items() if value}


def _fed(of: Input) -> str:
    return f"{' '.join(_steps(of))}."


def _steps(of: Input) -> Iterator[str]:
    if of.kind == "vector":
        yield f'Its input "{of.name}" takes a vector of {of.channels} values, normally distributed'
        return
    if of.kind == "state":
        yield f'Its input "{of.name}" takes what "{of.comes_from}" made in the step before; it begins as {of.begins}'
        return
    order = " in the order blue, green, red" if of.order == "bgr" else ""
    yield f'Its input "{of.name}" takes {of.channels} channel{"s" if of.channels > 1 else ""}{order},'
    yield f"black at {of.range[0]:g} and white at {of.range[1]:g}"
    if of.mean:
        yield f"less the mean {', '.join(f'{value:g}' for value in of.mean)}"
    if of.std:
        yield f"over the deviation {', '.join(f'{value:g}' for value in of.std)}"


def refuse_own_network(preset: Preset, path: Path) -> None:
    """Raise StudioError where an export would replace the very network that it bends."""
    try:
        same = preset.weights_path is not None and path.samefile(preset.weights_path)
    except OSError:
        return  # one of them does not exist yet
    if same:
        raise StudioError(f"{path} is the network itself, which the export would replace; give another name.")


def write_file(path: Path, data: bytes | memoryview, options: ExportOptions) -> None:
    """Write an export of one file, whole or not at all.

    Raises:
        FileExistsError: where something stands there that may not be replaced.
        StudioError: where it cannot be written, or is part of a network or a preset, which would be damaged.
    """
    real = Path(os.path.realpath(path))
    for kind, owned in (("network", networks.owned_by(real.parent)), ("preset", presets.owned_by(real.parent))):
        if is_file(real.parent / f"{kind}.json") and (owned(real.name) or real.name in (ORIGIN, REST)):
            raise StudioError(f"{path} is part of the {kind} in {real.parent}, which it would damage; choose another.")
    write_bytes(path, data, overwrite=options.overwrite)
