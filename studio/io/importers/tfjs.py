"""TensorFlow.js: a Keras model as model.json, its weights in .bin files beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import contained, is_file, is_folder, open_regular
from studio.io.importers._draft import Draft
from studio.io.importers._keras.table import Saved
from studio.io.importers._keras.weights import ByName
from studio.io.importers._meanings.simplify import simplify
from studio.io.importers._sizes.twice import read_twice
from studio.io.importers._tensors.graph import GraphReading, graph_of
from studio.io.importers._values.views import Numbers
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.io.importers.keras import opened, said_in
from studio.io.stored import stored
from studio.model.declared.size import Size

_MODEL = "model.json"
_PARTS = {"modelTopology", "weightsManifest"}
_TYPES = {"float32": "<f4", "int32": "<i4", "bool": "u1", "uint8": "u1", "uint16": "<u2", "float16": "<f2"}
_MOST_FILES = 4096

Json = dict[str, Any]


class TensorFlowJs:
    """What ``tf.LayersModel.save`` and tensorflowjs_converter write of Keras models."""

    name = "TensorFlow.js"
    suffixes = ("model.json",)

    def match(self, path: Path) -> bool:
        """A model.json by what it holds, or the folder that it lies in."""
        file = path / _MODEL if is_folder(path) else path
        if not is_file(file) or file.suffix.lower() != ".json":
            return False
        try:
            return not _PARTS.isdisjoint(said_in(file))
        except StudioError:
            return False

    def open(self, path: Path, options: Options) -> Imported:
        """Its layers, and their weights."""
        file = path / _MODEL if is_folder(path) else path
        said = said_in(file)
        try:
            topology = said.get("modelTopology")
            if not topology:
                raise StudioError("it says no layers (its modelTopology is missing); save the whole model.")
            named, tensors = file.parent if file.name == _MODEL else file, dict(_tensors(said, file))
            if said.get("format") == "graph-model" or "node" in topology:
                return _graph(said, tensors, named, options, self.name)
            model = topology.get("model_config", topology)
            saved = Saved(str(topology.get("keras_version", "2")), str(topology.get("backend", "")))
            return opened(model, ByName(tensors), saved, named, options, self.name)
        # The file's word is taken for its form; where that was wrong, it is damaged.
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise StudioError(f"{file}: it is damaged, or not what TensorFlow.js writes ({error!r}).") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith(str(file)) else f"{file}: {text}") from error


IMPORTER = TensorFlowJs()


def _graph(said: Json, tensors: dict[str, Numbers], path: Path, options: Options, kind: str) -> Imported:
    """A model as a graph of TensorFlow's own operations."""
    graph = graph_of(
        said["modelTopology"],
        tensors,
        said.get("signature") or said.get("userDefinedMetadata", {}).get("signature") or {},
    )
    taken: list[str] = []

    def read(size: Size | None) -> tuple[Draft, str]:
        reading = GraphReading(graph, replace(options, input_size=size or options.input_size))
        output, picked = reading.run()
        taken.append(picked)
        return reading.flow.draft, simplify(reading.flow.draft, output)

    draft, output, fixed = read_twice(read, any_size=graph.any_size)
    held = {name: tensor for name, values in tensors.items() if (tensor := stored(values)) is not None}
    known = Known(kind, stored=held, outputs=graph.outputs, picked=taken[0], fixed=fixed)
    return finished(draft, output, path, known, options)


def _tensors(said: Json, file: Path) -> Iterator[tuple[str, Numbers]]:
    total = 0
    for group in said.get("weightsManifest", []):
        paths = [str(name) for name in group["paths"]][: _MOST_FILES + 1]
        if len(paths) > _MOST_FILES:
            raise StudioError("its weights lie in more files than any model's.")
        data = bytearray()
        for name in paths:
            data += _bytes(file.parent, name, total + len(data))
        total += len(data)
        start = 0
        for entry in group["weights"]:
            if entry.get("dtype") == "string":
                start = _behind_texts(entry, data, start)
                continue
            values, start = _tensor(entry, data, start)
            yield str(entry["name"]), values


def _bytes(folder: Path, name: str, so_far: int) -> bytes:
    try:
        path = contained(folder, name)
    except (StudioError, ValueError, OSError) as error:
        raise StudioError(f'its weights lie in "{name}", outside its folder; that is not read.') from error
    if not is_file(path):
        raise StudioError(f'its weights lie in "{name}", which is missing; put that file beside it.')
    with open_regular(path) as (opened_, size):
        check_size(so_far + size, path)
        return opened_.read()


def _behind_texts(entry: Json, data: bytearray, start: int) -> int:
    """Where the tensor behind one of texts begins, which assertions would print: before each stands its length."""
    for _ in range(math.prod(int(side) for side in entry["shape"])):
        start += 4 + int.from_bytes(data[start : start + 4], "little")
        if start > len(data):
            raise StudioError(
                f'its tensor "{entry["name"]}" reaches beyond the end of the weights; fetch all files anew.'
            )
    return start


def _tensor(entry: Json, data: bytearray, start: int) -> tuple[Numbers, int]:
    """One tensor, and where the next one begins."""
    name, shape = str(entry["name"]), [int(side) for side in entry["shape"]]
    rounded = entry.get("quantization") or {}
    kind = str(rounded.get("dtype", entry.get("dtype", "float32")))
    if kind not in _TYPES:
        raise StudioError(f'its tensor "{name}" is of type {kind}, which is not supported.')
    dtype, count = np.dtype(_TYPES[kind]), math.prod(shape)
    end = start + count * dtype.itemsize
    if min(shape, default=1) < 0 or end > len(data):
        raise StudioError(f'its tensor "{name}" reaches beyond the end of the weights; fetch all files anew.')
    values: Numbers = np.frombuffer(data, dtype, count, start).reshape(shape)
    if "scale" in rounded:
        values = values.astype(np.float32) * np.float32(rounded["scale"]) + np.float32(rounded.get("min", 0.0))
    elif dtype.kind == "f":
        values = values.astype(np.float32)
    return values, end
