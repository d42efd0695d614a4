"""ONNX models: the graph as the studio runs it, bypassed layers and all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.exporters import _onnx_order, _onnx_space, _onnx_traced, _onnx_values, _onnx_weights
from studio.io.exporters._onnx_graph import OPSET, Layer, OnnxGraph, Writer
from studio.io.exporters.base import ExportOptions, described, normalising, write_file
from studio.io.origin import read_origin
from studio.model.declared.size import Size
from studio.model.filters.live_edits import as_run
from studio.model.networks.graph import Graph
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, ValueInfoProto

_SIZE = Size(256, 256)
_LARGEST = 2**31 - 2**20
_IR_VERSION = 8

WRITERS: Mapping[str, Writer] = MappingProxyType(
    _onnx_values.TABLE | _onnx_weights.TABLE | _onnx_space.TABLE | _onnx_traced.TABLE | _onnx_order.TABLE
)
"""What writes each operator, by its name."""


class Onnx:
    """Models for any runtime of ONNX; weights keep the studio's names, ``layer.tensor``."""

    name = "onnx"
    description = "an ONNX model, for any runtime"
    suffixes: tuple[str, ...] = (".onnx",)

    def export(self, preset: Preset, path: Path, options: ExportOptions) -> tuple[str, ...]:
        """See `Exporter.export`."""
        graph = preset.network.graph
        size = _size(preset, options)
        model, fixed = onnx_model(preset, _sizes(graph, size))
        write_file(path, model.SerializeToString(), options)
        takes = f"It takes pictures of {size} only"
        takes += "." if graph.only_size is not None else "; studio export writes it for another with --size."
        return *((takes,) if fixed and _has_pictures(graph) else ()), *normalising(preset)


EXPORTER = Onnx()


def onnx_model(preset: Preset, sizes: Mapping[str, Size]) -> tuple[ModelProto, bool]:
    """A preset as a model of operator set 18, checked by ONNX's own checker.

    Args:
        preset: the network with its bends; bypassed layers hand on what they read.
        sizes: of every input, which operators that need a size are written for.

    Returns:
        The model, and whether it takes inputs of these sizes alone.

    Raises:
        StudioError: naming operator and layer, where ONNX has nothing for it, or where the size does not fit.
    """
    import onnx
    from onnx import helper

    graph, tensors = preset.network.graph, as_run(preset).tensors
    if sum(values.nbytes for values in tensors.values()) > _LARGEST:
        raise StudioError("An ONNX file holds at most 2 GiB, but this network has more; export .safetensors.")
    shapes = graph.shapes(sizes)
    written = OnnxGraph(shapes, tensors)
    written.reserve([*shapes, *tensors])
    for name, values in tensors.items():
        written.named(values, name)
    for node in graph.nodes:
        layer = Layer(written, node, node.inputs)
        if node.name in preset.bypassed:
            made = _onnx_space.bypassed(layer)
        elif type(node.op).__name__ in WRITERS:
            made = WRITERS[type(node.op).__name__](layer, node.op)
        else:
            raise StudioError(f'Layer "{node.name}": ONNX has no operator for {type(node.op).__name__}; bypass it.')
        written.rename(made, node.name)
    fixed = written.fixed or graph.only_size is not None
    inputs = [_info(i.name, shapes[i.name], fixed=fixed or i.kind == "vector") for i in graph.inputs]
    # What a state is in the next step is an output of its own.
    names = dict.fromkeys((graph.output, *(put.comes_from for put in graph.states)))
    outputs = [_info(name, shapes[name], fixed=fixed or not _has_pictures(graph)) for name in names]
    made_graph = helper.make_graph(
        written.nodes, _identifier(preset.name), inputs, outputs, _used(written), doc_string=preset.description
    )
    model = helper.make_model(
        made_graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="network-bending-studio",
    )
    helper.set_model_props(model, described(preset))
    onnx.checker.check_model(model)
    return model, fixed


def _size(preset: Preset, options: ExportOptions) -> Size:
    graph = preset.network.graph
    if options.size is not None:
        return options.size
    traced = Size(0, 0) if preset.weights_path is None else Size(*read_origin(preset.weights_path).size)
    return graph.fitting_size(graph.nearest(traced if min(traced) > 0 else _SIZE))


def _sizes(graph: Graph, size: Size) -> dict[str, Size]:
    return {i.name: size for i in graph.inputs}


def _has_pictures(graph: Graph) -> bool:
    return any(i.has_size for i in graph.inputs)


def _info(name: str, shape: Shape, *, fixed: bool) -> ValueInfoProto:
    """Its type; the batch and, where not fixed, height and width are free."""
    from onnx import TensorProto, helper

    channels, height, width = shape
    sides = [height, width] if fixed else [f"{name}_height", f"{name}_width"]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, *sides])


def _used(written: OnnxGraph) -> list[TensorProto]:
    read = {name for node in written.nodes for name in node.input}
    return [constant for constant in written.constants if constant.name in read]


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name) or "network"
