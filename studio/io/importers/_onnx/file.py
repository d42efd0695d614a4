"""An ONNX file as protobuf has it: parsed, its texts mended, its tensors as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import contained, is_file, open_regular
from studio.io.importers._values.views import Numbers
from studio.io.importers.base import check_size

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

_OLDEST = 7


def parsed(path: Path) -> ModelProto:
    """The model in a file, its local functions inlined.

    Raises:
        StudioError: where it is none, or is damaged.
    """
    import onnx

    with open_regular(path) as (file, size):
        check_size(size, path)
        data = file.read()
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
        if model.functions:
            from onnx import inliner

            model = inliner.inline_local_functions(model)
    # Of protobuf's own error classes, which one comes depends on its build.
    except Exception as error:
        raise StudioError(f"{path}: this is no ONNX model, or it is cut short; fetch it anew.") from error
    if not model.graph.node:
        raise StudioError(f"{path}: this is no ONNX model, or it has no operators; fetch it anew.")
    _mend_texts(model.graph)
    return model


def _mend_texts(graph: GraphProto) -> None:
    """Names that are not UTF-8, which protobuf gives as bytes, as texts; the same name everywhere."""
    for named in (*graph.input, *graph.output, *graph.initializer, *graph.node):
        named.name = _text(named.name)
    for tensor in graph.initializer:
        for entry in tensor.external_data:
            entry.key, entry.value = _text(entry.key), _text(entry.value)
    for node in graph.node:
        node.op_type, node.domain = _text(node.op_type), _text(node.domain)
        for names in (node.input, node.output):
            names[:] = [_text(name) for name in names]
        for attribute in node.attribute:
            attribute.name = _text(attribute.name)
            for inner in (attribute.g, *attribute.graphs):
                _mend_texts(inner)


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name


def opset(model: ModelProto, path: Path) -> int:
    """The version of ONNX's operators that it uses; StudioError where that is too old."""
    found = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if found < _OLDEST:
        raise StudioError(
            f"{path}: its operator set {found} is older than {_OLDEST}; in Python, "
            "onnx.version_converter.convert_version(model, 13) makes a later one of it."
        )
    return int(found)


def attributes(node: NodeProto) -> Iterator[tuple[str, Any]]:
    """Names and values of a node's attributes; tensors as arrays, texts as bytes."""
    from onnx import helper, numpy_helper

    for attribute in node.attribute:
        if attribute.type in (attribute.GRAPH, attribute.GRAPHS):
            yield attribute.name, attribute.g
            continue
        value = helper.get_attribute_value(attribute)
        yield attribute.name, numpy_helper.to_array(value) if attribute.type == attribute.TENSOR else value


def array(tensor: TensorProto, path: Path) -> Numbers:
    """A tensor's numbers, which may lie in a file beside the model's.

    Raises:
        StudioError: where it is damaged, or lies outside the folder.
    """
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
