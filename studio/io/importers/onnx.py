"""ONNX models, operator sets 7 to today's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import contained, is_file, open_regular
from studio.io.importers._calls import add_input
from studio.io.importers._draft import Draft
from studio.io.importers._flow import Flow
from studio.io.importers._onnx_table import OnnxNode, table
from studio.io.importers._simplify import simplify
from studio.io.importers._views import Numbers, Value, constant
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.io.stored import Stored, stored

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_OLDEST = 7
_SIZE = (256, 256)
_CONTROL = ("If", "Loop", "Scan")


class Onnx:
    """Models of any framework that exports ONNX."""

    name = "ONNX"
    suffixes = (".onnx",)

    def match(self, path: Path) -> bool:
        """By its suffix."""
        return is_file(path) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, options: Options) -> Imported:
        """Its graph, operator by operator."""
        model = _parsed(path)
        opset = _opset(model, path)
        try:
            draft, output, file = _run(model.graph, opset, path, options)
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error
        return finished(draft, simplify(draft, output), path, Known(self.name, stored=file), options)


IMPORTER = Onnx()


def _parsed(path: Path) -> ModelProto:
    import onnx

    with open_regular(path) as (file, size):
        check_size(size, path)
        data = file.read()
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    # Of protobuf's own error classes, which one comes depends on its build.
    except Exception as error:
        raise StudioError(f"{path}: this is no ONNX model, or it is cut short; fetch it anew.") from error
    if not model.graph.node:
        raise StudioError(f"{path}: this is no ONNX model, or it has no operators; fetch it anew.")
    return model


def _opset(model: ModelProto, path: Path) -> int:
    found = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if found < _OLDEST:
        raise StudioError(f"{path}: its operator set {found} is older than {_OLDEST}; export it with a later one.")
    return int(found)


def _run(graph: GraphProto, opset: int, path: Path, options: Options) -> tuple[Draft, str, dict[str, Stored]]:
    draft = Draft()
    flow = Flow(draft)
    values: dict[str, Value | None] = {"": None}
    total, file = 0, {}
    for tensor in graph.initializer:
        array = _array(tensor, path)
        total += array.nbytes
        check_size(total, path)
        if (held := stored(array)) is not None:
            file[tensor.name] = held
        values[tensor.name] = constant(array, tensor.name)
    for put in graph.input:
        if put.name not in values:
            values[put.name] = add_input(draft, put.name, _input_shape(put, options))
    if len(graph.output) != 1:
        raise StudioError(f"the model gives {len(graph.output)} outputs; export one that gives a single map.")
    for count, node in enumerate(graph.node):
        flow.name = _layer_name(node, values, count)
        made = _meaning(flow, node, values, opset)
        values |= dict(zip(node.output, made if isinstance(made, list) else [made], strict=False))
    found = values.get(graph.output[0].name)
    if found is None:
        raise StudioError(f'none of its operators makes its output "{graph.output[0].name}".')
    flow.name = "output"
    return draft, flow.map_of(found), file


def _meaning(flow: Flow, node: NodeProto, values: dict[str, Value | None], opset: int) -> Value | list[Value]:
    where = f'Layer "{flow.name}" ({node.op_type})'
    if node.domain not in ("", "ai.onnx"):
        raise StudioError(f"{where}: it is an operator of {node.domain}'s own, which the studio does not know.")
    if node.op_type in _CONTROL:
        raise StudioError(f"{where}: control flow is not supported; export the model with a fixed way through it.")
    if node.op_type not in table():
        raise StudioError(f"{where}: this operator is not supported; docs/operators.md lists those that are.")
    for name in node.input:
        if name not in values:
            raise StudioError(f'{where}: it reads "{name}", which nothing before it makes.')
    try:
        read = OnnxNode(
            node.op_type, tuple(values[name] for name in node.input), dict(_attributes(node)), opset, len(node.output)
        )
        return table()[node.op_type](flow, read)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise StudioError(f"{where}: its settings do not fit it ({error!r}).") from error
    except StudioError as error:
        text = str(error)
        raise StudioError(text if text.startswith("Layer ") else f"{where}: {text}") from error


def _attributes(node: NodeProto) -> Iterator[tuple[str, Any]]:
    from onnx import helper, numpy_helper

    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        yield attribute.name, numpy_helper.to_array(value) if attribute.type == attribute.TENSOR else value


def _input_shape(put: Any, options: Options) -> tuple[int, ...]:
    sizes = [dim.dim_value for dim in put.type.tensor_type.shape.dim]
    if len(sizes) == 2:
        return 1, sizes[1]
    if len(sizes) != 4:
        raise StudioError(f'its input "{put.name}" has {len(sizes)} dimensions; a picture has 4 of them.')
    height, width = options.input_size or (0, 0)
    return 1, sizes[1] or 3, height or sizes[2] or _SIZE[0], width or sizes[3] or _SIZE[1]


def _array(tensor: TensorProto, path: Path) -> Numbers:
    from onnx import TensorProto, helper, numpy_helper

    try:
        if tensor.data_location != TensorProto.EXTERNAL:
            return np.asarray(numpy_helper.to_array(tensor))
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    # A damaged tensor may fail in any way within the library of ONNX.
    except Exception as error:
        raise StudioError(f'its tensor "{tensor.name}" is damaged; fetch the model anew.') from error
    place = {entry.key: entry.value for entry in tensor.external_data}
    return _external(tensor.name, place, tuple(tensor.dims), dtype, path)


def _external(
    name: str, place: dict[str, str], shape: tuple[int, ...], dtype: np.dtype[np.generic], path: Path
) -> Numbers:
    location = place.get("location", "")
    try:
        file = contained(path.parent, location)
    except (StudioError, ValueError, OSError) as error:
        raise StudioError(f'its tensor "{name}" lies at "{location}", outside its folder; it is not read.') from error
    if not is_file(file):
        raise StudioError(f'its tensor "{name}" lies in "{location}", which is missing; put that file beside it.')
    start, count = place.get("offset", "0"), math.prod(shape)
    with open_regular(file) as (opened, size):
        if not start.isdigit() or min(shape, default=1) < 0 or int(start) + count * dtype.itemsize > size:
            raise StudioError(f'its tensor "{name}" reaches beyond the end of "{location}"; fetch both files anew.')
        check_size(count * dtype.itemsize, file)
        opened.seek(int(start))
        return np.frombuffer(opened.read(count * dtype.itemsize), dtype).reshape(shape)


def _layer_name(node: NodeProto, values: dict[str, Value | None], count: int) -> str:
    """After its weight where that has a speaking name, else after the node's own, else after the operator."""
    for name in node.input[1:2]:
        value = values.get(name)
        origin = value.origin[0] if value is not None and value.origin else ""
        if origin.endswith(".weight"):
            return origin.removesuffix(".weight")
    parts = [part for part in re.split(r"[/:]+", node.name) if part]
    if len(parts) > 1 and parts[-1].rstrip("_0123456789") == node.op_type:
        scopes = parts[:-1]
        # Old exporters repeat the outer names in every part ("conv1/conv1.0"), newer ones do not.
        repeated = all(inner.startswith(outer) for outer, inner in pairwise(scopes))
        return scopes[-1] if repeated else ".".join(scopes)
    return parts[-1] if parts else f"{node.op_type.lower()}{count}"
