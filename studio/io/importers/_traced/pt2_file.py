"""What torch.export.save writes, a zip of JSON and raw weights, taken apart without PyTorch: no code can run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._archive import member
from studio.io.importers._meanings.call import Call, Name, line_of, own_layer
from studio.io.importers._sizes.limits import Axis, Limits
from studio.io.importers._traced.in_place import functional
from studio.io.importers._traced.pt2_wrapped import computed_in_less, in_line
from studio.io.importers._values.views import Value, constant
from studio.io.stored import Stored, stored

_DTYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?"}
_BFLOAT16 = 13
_LONGEST = 64 * 2**20
_COUNTED = re.compile(r"L\['flat_args'\]\[(\d{1,9})\]")

Json = dict[str, Any]
Axes = tuple[tuple[int, bool], ...]
"""How long each axis of an input was in the example, and whether it may be otherwise."""


@dataclass(frozen=True)
class Program:
    """What lies in a file.

    Attributes:
        calls: in running order.
        inputs: of every input, how long its axes were in the example, and which may be otherwise.
        constants: parameters by their name in the trace.
        outputs: what the trace calls each of the outputs, by what the module does.
        state: the state dict.
        limits: the sizes for which it holds.
        less: whether a part of it is to be computed in half precision.
    """

    calls: list[Call]
    inputs: dict[str, Axes]
    constants: dict[str, Value]
    outputs: dict[str, str]
    state: dict[str, Stored]
    limits: Limits = field(default_factory=Limits)
    less: bool = False

    @property
    def is_dynamic(self) -> bool:
        """Whether a picture's height or width may be any."""
        return any(free for axes in self.inputs.values() for _, free in axes[2:])


def read(path: Path, names: list[str]) -> Program:
    """The program in an archive with these members.

    Raises:
        StudioError: where it is no program that the studio reads.
        LookupError, TypeError, ValueError, AttributeError: where its JSON has another form.
    """
    models = [name for name in names if "/models/" in name and name.endswith(".json")]
    if len(models) != 1:
        raise StudioError(
            f"it holds {len(models)} models in today's form; with PyTorch 2.8 or later, export one and save it anew."
        )
    root = models[0].partition("/models/")[0]
    written = _json(path, models[0])
    module = written["graph_module"]
    less = computed_in_less(module["graph"]["nodes"])
    graph, signature = in_line(module["graph"]), module["signature"]
    weights = _entries(path, root, names, "weights")
    entries = weights | _entries(path, root, names, "constants")
    inputs: dict[str, Axes] = {}
    constants: dict[str, Value] = {}
    for spec in signature["input_specs"]:
        ((kind, body),) = spec.items()
        if kind == "user_input":
            name = body["arg"]["as_tensor"]["name"]
            inputs[name] = tuple(_length(size) for size in graph["tensor_values"][name]["sizes"])
        elif kind in ("parameter", "buffer", "tensor_constant"):
            target = body[f"{kind}_name"]
            found = _tensor(path, target, entries)
            if found is not None:
                values = found.numbers() if found.dtype == "BF16" else found.values
                others = (name for name, entry in weights.items() if name != target and entry == entries[target])
                constants[body["arg"]["name"]] = constant(values, target, *others)
    outputs = [spec["user_output"]["arg"] for spec in signature["output_specs"] if "user_output" in spec]
    made = {
        key: arg["as_tensor"]["name"]
        for key, arg in zip(_keys(module, len(outputs)), outputs, strict=True)
        if "as_tensor" in arg
    }
    if not made:
        raise StudioError("the model gives no tensor; export one that returns its picture.")
    # Maps first: of a mask beside numbers the mask is the picture.
    rank = {name: len(graph["tensor_values"][name]["sizes"]) for name in made.values()}
    made = dict(sorted(made.items(), key=lambda item: rank[item[1]] != 4))
    state = {name: found for name in weights if (found := _tensor(path, name, weights)) is not None}
    calls = list(_calls(graph["nodes"]))
    limits = _limits(written, graph, list(inputs), calls)
    calls, named = functional(calls, made.values())
    made = {key: named[name] for key, name in made.items()}
    return Program(calls, inputs, constants, made, state, limits, less)


def _limits(written: Json, graph: Json, inputs: list[str], calls: list[Call]) -> Limits:
    made = {name: tuple(map(_axis, tensor["sizes"])) for name, tensor in graph["tensor_values"].items()}
    ranges = {name: (said["min_val"], said["max_val"]) for name, said in written["range_constraints"].items()}
    said = map(str, written.get("guards_code") or ())
    # What was exported strictly counts its inputs there.
    guards = tuple(_COUNTED.sub(lambda found: f"L[{inputs[int(found[1])]!r}]", guard) for guard in said)
    return Limits({name: made[name] for name in inputs}, made, guards, ranges, calls)


def _axis(size: Json) -> Axis:
    """The length of an axis, or the expression that it is."""
    return str(size["as_expr"]["expr_str"]) if "as_expr" in size else _fixed(size)


def _keys(module: Json, count: int) -> list[str]:
    """What a module that returns a dict calls its outputs; else they are counted."""
    numbers = [str(k) for k in range(count)]
    try:
        spec = json.loads(module["module_call_graph"][0]["signature"]["out_spec"])[1]
        keys = [str(key) for key in json.loads(spec["context"])]
    except (LookupError, TypeError, ValueError):
        return numbers
    return keys if spec["type"] == "builtins.dict" and len(set(keys)) == count else numbers


def _length(size: Json) -> tuple[int, bool]:
    """The length of an axis, and whether it is only that of the example."""
    hint = (size.get("as_expr") or {}).get("hint") or {}
    return (_fixed(hint), True) if "as_expr" in size else (_fixed(size), False)


def _json(path: Path, name: str) -> Json:
    data = member(path, name)
    if len(data) > _LONGEST:
        raise StudioError(f"{name} in it has {len(data) >> 20} MiB, more than any model's description.")
    found = json.loads(data)
    if not isinstance(found, dict):
        raise TypeError(name)
    return found


def _entries(path: Path, root: str, names: list[str], folder: str) -> dict[str, tuple[str, Json]]:
    """For every tensor of a folder, "weights" or "constants", its file in the archive and its description."""
    name = f"{root}/data/{folder}/model_{folder}_config.json"
    if name not in names:
        return {}
    config = _json(path, name)["config"]
    return {target: (f"{root}/data/{folder}/{entry['path_name']}", entry) for target, entry in config.items()}


def _tensor(path: Path, target: str, entries: dict[str, tuple[str, Json]]) -> Stored | None:
    if target not in entries:
        raise StudioError(f'its tensor "{target}" is missing; export the model with its weights.')
    name, entry = entries[target]
    if entry.get("use_pickle"):
        raise StudioError(
            f'its tensor "{target}" is pickled, which could run code and is never opened; export it anew.'
        )
    meta = entry["tensor_meta"]
    shape, strides = ([_fixed(size) for size in meta[key]] for key in ("sizes", "strides"))
    kind, start = meta["dtype"], _fixed(meta["storage_offset"])
    data = member(path, name)
    if kind not in _DTYPES and kind != _BFLOAT16:
        raise StudioError(f'its tensor "{target}" holds numbers of a kind that is not supported; export it as float32.')
    raw = np.frombuffer(data, "<u2" if kind == _BFLOAT16 else _DTYPES[kind], len(data) // _width(kind))
    if min(shape, default=1) < 1 or min(strides, default=0) < 0 or start < 0:
        return None
    last = start + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    if last >= raw.size or math.prod(shape) > raw.size:
        raise StudioError(f'its tensor "{target}" is cut short; export the model anew.')
    steps = [stride * raw.itemsize for stride in strides]
    values = np.array(np.lib.stride_tricks.as_strided(raw[start:], shape, steps))
    return Stored("BF16", values) if kind == _BFLOAT16 else stored(values)


def _width(kind: int) -> int:
    return 2 if kind == _BFLOAT16 else np.dtype(_DTYPES[kind]).itemsize


def _fixed(size: Any) -> int:
    found = size.get("as_int") if isinstance(size, dict) else size
    if not isinstance(found, int):
        raise StudioError("the model has a tensor without a fixed size; export it anew.")
    return found


def _calls(nodes: list[Json]) -> Iterator[Call]:
    for node in nodes:
        said = node.get("metadata", {})
        path, kind = _module(said.get("nn_module_stack", ""))
        target = str(node["target"])
        args = {given["name"]: _argument(given["arg"], target) for given in node["inputs"]}
        results = tuple(_results(node["outputs"]))
        result, line = results[0] if len(results) == 1 else "", line_of(str(said.get("stack_trace") or ""))
        yield Call(target, args, result, results, path, own_layer(path, kind), line)


def _module(stack: str) -> tuple[str, str]:
    """Path and class of the innermost module of "key,path,class;key,path,class"."""
    parts = stack.rpartition(";")[2].split(",")
    return (parts[1], parts[2]) if len(parts) == 3 else ("", "")


def _results(outputs: list[Json]) -> Iterator[str]:
    for output in outputs:
        for part in output.get("as_tensors") or ([output["as_tensor"]] if "as_tensor" in output else []):
            yield part["name"]
        for kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
            if "as_name" in output.get(kind, {}):
                yield output[kind]["as_name"]


def _argument(value: Json, target: str) -> Any:
    ((kind, body),) = value.items()
    if kind == "as_graph":
        raise StudioError(f"control flow ({target}) is not supported; make the way through the model fixed.")
    if kind == "as_tensor":
        return Name(body["name"])
    if kind == "as_tensors":
        return [Name(part["name"]) for part in body]
    if kind == "as_optional_tensors":
        return [_argument(part, target) for part in body]
    if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
        return _symbol(body)
    if kind in ("as_sym_ints", "as_sym_floats"):
        return [_symbol(part) for part in body]
    if kind == "as_float":
        return float(body)  # infinities are written as text
    if kind == "as_floats":
        return [float(part) for part in body]
    return None if kind == "as_none" else body


def _symbol(body: Json) -> Any:
    """A number, or what an earlier call made of sizes."""
    if "as_name" in body:
        return Name(body["as_name"])
    return next(iter(body.values()))
