"""Networks and their bends as models of others: one file for each format, found by scanning.

A module of this folder that declares ``EXPORTER`` is a format; others add theirs by the entry point group
``studio.exporters``. Nothing heavy is imported until a file is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from studio.errors import StudioError
from studio.io.exporters.base import Exporter, ExportOptions
from studio.model.declared.plugins import guarding
from studio.model.declared.registry import declared, having
from studio.model.networks.preset import Preset

__all__ = ["ExportOptions", "Exporter", "export_preset", "exporter_for", "formats"]


def formats() -> list[Exporter]:
    """All formats, built in and plugged in."""
    check = having("name", "description", "suffixes", "export")
    found = declared("EXPORTER", __name__, __path__, check)
    return [guarding(cast(Exporter, exporter)) for exporter in found]


def exporter_for(path: Path, name: str = "") -> Exporter:
    """The format of this name, or where none is given the one that the path's suffix asks for.

    Raises:
        StudioError: listing the formats, where there is none.
    """
    known = formats()
    if name:
        found = next((format_ for format_ in known if format_.name == name), None)
        if found is None:
            raise StudioError(f'There is no format "{name}"; there are {", ".join(f.name for f in known)}.')
        return found
    suffix = path.suffix.lower()
    found = next((f for f in known if (suffix in f.suffixes if suffix else not f.suffixes)), None)
    if found is None:
        suffixes = ", ".join(ending for f in known for ending in f.suffixes)
        raise StudioError(
            f'"{path}" does not say what to export; end it in {suffixes}, give a name without an ending for a folder '
            "of .npy, or give studio export a --format."
        )
    return found


def export_preset(preset: Preset, path: Path, name: str = "", options: ExportOptions | None = None) -> tuple[str, ...]:
    """Write a preset, its bends in the weights, as a file or folder of another format.

    Args:
        preset: what to write; a network is a preset that bends nothing.
        path: the file or folder; one that is there is replaced, whole or not at all.
        name: the format, "pytorch", "safetensors", "onnx" or "npy"; the path's suffix decides where empty.
        options: choices of the person who exports.

    Returns:
        Remarks for the person, each a sentence.

    Raises:
        StudioError: where the format cannot hold it, naming what, or where it cannot be written.
    """
    return exporter_for(path, name).export(preset, path, options or ExportOptions())
