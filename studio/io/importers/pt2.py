"""Models saved by torch.export.save (.pt2): JSON and raw weights, read here without PyTorch: no code can run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._archive import check_archive, is_zip, member
from studio.io.importers._aten_table import table
from studio.io.importers._call import Call, Name, line_of, own_layer
from studio.io.importers._calls import run
from studio.io.importers._draft import Draft
from studio.io.importers._in_place import functional
from studio.io.importers._sides import Sides, frozen, size_worked_in
from studio.io.importers._state import hands_on
from studio.io.importers._state_pairs import hand_on
from studio.io.importers._twice import read_twice
from studio.io.importers._views import Value, constant
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.io.stored import Stored, stored
from studio.model.size import Size

_DTYPES = {1: "u1", 2: "i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f2", 7: "<f4", 8: "<f8", 12: "?"}
_BFLOAT16 = 13
_LONGEST = 64 * 2**20

Json = dict[str, Any]
_Axes = tuple[tuple[int, bool], ...]


class Pt2:
    """What torch.export.save writes since PyTorch 2.8."""

    name = "torch.export"
    suffixes = (".pt2",)

    def match(self, path: Path) -> bool:
        """By its suffix."""
        return is_file(path) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, options: Options) -> Imported:
        """Its graph, operator by operator."""
        with open_regular(path) as (_, size):
            check_size(size, path)
        if not is_zip(path):
            raise StudioError(f"{path}: this is no archive of torch.export; fetch it anew.")
        names = check_archive(path)
        try:
            model = _read(path, names)
            picked = _picked(model, options.output)
            state = options.state or ("zeros" if hand_on(list(model.inputs), list(model.outputs)) else "")
            whole = hands_on(state, list(model.inputs))
            states = [name for label, name in model.outputs.items() if whole and label != picked]

            def along(sides: Sides, size: Size | None) -> tuple[Draft, str]:
                asked, whole = size or options.input_size, _whole(model.inputs.values()) if states else None
                shapes = {name: _shape(sizes, asked, whole) for name, sizes in model.inputs.items()}
                return run(model.calls, table(), shapes, model.constants, model.outputs[picked], states, sides)

            # What the file calls a fixed size is one; other sizes are only tried where it says that there are.
            read = partial(along, {})
            twice = partial(read_twice, any_size=True, along=along)
            draft, last, fixed = twice(read) if model.is_dynamic else (*read(None), False)
            if not model.is_dynamic and frozen(draft, model.calls):
                fixed = True
                own = next(draft.picture_size(put) for put in draft.inputs if put.kind == "picture")
                draft.notes.append(size_worked_in(own))
        # The archive's word is taken for the form of its JSON; where that was wrong, the archive is damaged.
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise StudioError(f"{path}: its description of the model is damaged; export it anew.") from error
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error
        if len(model.outputs) > 1 and not options.output and not states:
            others = ", ".join(name for name in list(model.outputs)[:7] if name != picked)
            draft.notes.append(
                f'It gives {len(model.outputs)} outputs; "{picked}" was taken, --output takes another: {others}.'
            )
        known = Known(
            self.name,
            stored=model.state,
            complete=True,
            outputs=tuple(model.outputs),
            picked=picked,
            fixed=fixed,
            state=state if states else "",
        )
        return finished(draft, last, path, known, options)


IMPORTER = Pt2()


@dataclass(frozen=True)
class _Model:
    """What lies in a file.

    Attributes:
        calls: in running order.
        inputs: lengths of the axes of every input, None where the length is any; and what the example's were.
        constants: parameters by their name in the trace.
        outputs: what the trace calls each of the outputs, by what the module does.
        state: the state dict.
    """

    calls: list[Call]
    inputs: dict[str, tuple[tuple[int, bool], ...]]
    constants: dict[str, Value]
    outputs: dict[str, str]
    state: dict[str, Stored]

    @property
    def is_dynamic(self) -> bool:
        """Whether a picture's height or width may be any."""
        return any(free for axes in self.inputs.values() for _, free in axes[2:])


def _shape(axes: _Axes, size: Size | None, whole: Size | None) -> tuple[int, ...]:
    """The shape of an input where pictures have this size, the example's where None; one picture of any number.

    A state that is smaller than the example's largest picture, ``whole``, stays as many times smaller.
    """
    found = [1 if free and k == 0 else length for k, (length, free) in enumerate(axes)]
    if size is not None and len(axes) == 4:
        own = size.divided(whole.divided(Size(*found[2:]))) if whole and min(found) > 0 else size
        found[2:] = [side if free else length for side, (length, free) in zip(own, axes[2:], strict=True)]
    return tuple(found)


def _whole(inputs: Iterable[_Axes]) -> Size | None:
    """The size of the largest picture of the example."""
    sizes = [Size(*(length for length, _ in axes[2:])) for axes in inputs if len(axes) == 4]
    return max(sizes, key=lambda size: size.pixels, default=None)


def _picked(model: _Model, asked: str) -> str:
    if asked and asked not in model.outputs:
        raise StudioError(f'it gives no output "{asked}"; it gives {", ".join(list(model.outputs)[:6])}.')
    inputs = list(model.inputs)
    plain = (name for name in model.outputs if not hand_on(inputs, [name]))
    return asked or next(plain, next(iter(model.outputs)))


def _read(path: Path, names: list[str]) -> _Model:
    models = [name for name in names if "/models/" in name and name.endswith(".json")]
    if len(models) != 1:
        raise StudioError(
            f"it holds {len(models)} models in today's form; with PyTorch 2.8 or later, export one and save it anew."
        )
    root = models[0].partition("/models/")[0]
    module = _json(path, models[0])["graph_module"]
    graph, signature = module["graph"], module["signature"]
    weights = _entries(path, root, names, "weights")
    entries = weights | _entries(path, root, names, "constants")
    inputs: dict[str, tuple[tuple[int, bool], ...]] = {}
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
    return _Model(functional(list(_calls(graph["nodes"]))), inputs, constants, made, state)


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
        for kind in ("as_sym_int", "as_sym_float"):
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
    return None if kind == "as_none" else body


def _symbol(body: Json) -> Any:
    """A number, or what an earlier call made of sizes."""
    if "as_name" in body:
        return Name(body["as_name"])
    return next(iter(body.values()))
