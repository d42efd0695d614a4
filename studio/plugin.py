"""What plug-ins may build on: the names below, which keep their meaning for as long as `VERSION` stays the same.

A plug-in is a package with a module of its own as an entry point of one of the groups in ``docs/plugins.md``. Names are
imported when they are first used, so that a plug-in for the window costs the command line nothing. Anything that is not
listed here may change in any release.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from studio.model.declared.plugins import VERSION as VERSION

if TYPE_CHECKING:
    from studio.errors import StudioError as StudioError
    from studio.io.exporters.base import Exporter as Exporter
    from studio.io.exporters.base import ExportOptions as ExportOptions
    from studio.io.importers.architectures.base import Architecture as Architecture
    from studio.io.importers.architectures.base import Sketch as Sketch
    from studio.io.importers.architectures.base import Tensors as Tensors
    from studio.io.importers.base import Imported as Imported
    from studio.io.importers.base import Importer as Importer
    from studio.io.importers.base import Options as ImportOptions
    from studio.io.outlets.base import Line as Line
    from studio.io.outlets.base import Outlet as Outlet
    from studio.io.sections import SectionFile as SectionFile
    from studio.io.sinks.base import BaseSink as BaseSink
    from studio.io.sinks.base import Codec as Codec
    from studio.io.sinks.base import Recording as Recording
    from studio.io.sinks.base import Sink as Sink
    from studio.io.sources.base import BaseSource as BaseSource
    from studio.io.sources.base import Frame as Frame
    from studio.io.sources.base import Source as Source
    from studio.io.sources.base import SourceInfo as SourceInfo
    from studio.io.sources.base import SourceKind as SourceKind
    from studio.model.bends.bend import Bend as Bend
    from studio.model.bends.bend import Given as Given
    from studio.model.bends.bend import Memory as Memory
    from studio.model.bends.bend import Scratch as Scratch
    from studio.model.declared.param import param as param
    from studio.model.declared.param import seed as seed
    from studio.model.declared.size import Size as Size
    from studio.model.filters.edit import Edit as Edit
    from studio.model.filters.edit import Kernels as Kernels
    from studio.model.filters.edit import Mask as Mask
    from studio.model.filters.edit import Selection as Selection
    from studio.model.movement.address import Dial as Dial
    from studio.model.movement.address import Number as Number
    from studio.model.movement.modulator import Measurements as Measurements
    from studio.model.movement.modulator import Modulator as Modulator
    from studio.model.movement.modulator import Moment as Moment
    from studio.model.networks.graph import Graph as Graph
    from studio.model.networks.inputs import Input as Input
    from studio.model.networks.network import Network as Network
    from studio.model.networks.node import Node as Node
    from studio.model.networks.op import Elementwise as Elementwise
    from studio.model.networks.op import Op as Op
    from studio.model.networks.picture import Picture as Picture
    from studio.model.networks.preset import Preset as Preset
    from studio.model.networks.section import Section as Section
    from studio.model.networks.shape import Array as Array
    from studio.model.networks.shape import Shape as Shape
    from studio.model.numbers import Knob as Knob

_WHERE = {
    "studio.errors": ("StudioError",),
    "studio.io.exporters.base": ("Exporter", "ExportOptions"),
    "studio.io.importers.architectures.base": ("Architecture", "Sketch", "Tensors"),
    "studio.io.importers.base": ("Imported", "Importer"),
    "studio.io.outlets.base": ("Line", "Outlet"),
    "studio.io.sections": ("SectionFile",),
    "studio.io.sinks.base": ("BaseSink", "Codec", "Recording", "Sink"),
    "studio.io.sources.base": ("BaseSource", "Frame", "Source", "SourceInfo", "SourceKind"),
    "studio.model.movement.address": ("Dial", "Number"),
    "studio.model.bends.bend": ("Bend", "Given", "Memory", "Scratch"),
    "studio.model.filters.edit": ("Edit", "Kernels", "Mask", "Selection"),
    "studio.model.networks.graph": ("Graph",),
    "studio.model.networks.inputs": ("Input",),
    "studio.model.movement.modulator": ("Measurements", "Modulator", "Moment"),
    "studio.model.networks.network": ("Network",),
    "studio.model.numbers": ("Knob",),
    "studio.model.networks.node": ("Node",),
    "studio.model.networks.op": ("Elementwise", "Op"),
    "studio.model.declared.param": ("param", "seed"),
    "studio.model.networks.picture": ("Picture",),
    "studio.model.networks.preset": ("Preset",),
    "studio.model.networks.section": ("Section",),
    "studio.model.networks.shape": ("Array", "Shape"),
    "studio.model.declared.size": ("Size",),
    "studio.ui.kit.command": ("Command", "Context", "Place"),
    "studio.ui.kit.panel": ("Panel",),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

__all__ = ["VERSION", "ImportOptions", "check", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name == "ImportOptions":
        return import_module("studio.io.importers.base").Options
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'studio.plugin' has no attribute {name!r}; it offers {', '.join(__all__)}")


def check() -> tuple[str, ...]:
    """Load every plug-in but those of the window; returns what is wrong with them, a sentence each."""
    from studio import bends, edits, modulators, ops
    from studio.io import exporters, importers, outlets, sections, sinks, sources
    from studio.model import numbers
    from studio.model.declared.plugins import problems

    ops.registry()
    edits.registry()
    bends.registry()
    modulators.registry()
    sections.registry()
    numbers.owners()
    asked = (sources.kinds, sinks.known, outlets.outlets, importers.formats, importers.families, exporters.formats)
    for ask in asked:
        ask()
    return problems()
