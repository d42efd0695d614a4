"""Running the plan of a Keras model into a draft."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._flow import Flow
from studio.io.importers._keras.moves import channels_first
from studio.io.importers._keras.plan import Call, Layer, Plan, Tensor
from studio.io.importers._keras.table import Held, KerasLayer, Order, table
from studio.io.importers._keras.weights import Named, Weights
from studio.io.importers._onnx_ends import listed
from studio.io.importers._views import Value, constant, shown
from studio.io.importers.base import Options
from studio.model.op import Shape

_SIDE = 256
_PASSING = (
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "Dropout",
    "BatchNormalization",
    "GaussianNoise",
    "Identity",
)
_BYTES = (1 / 255, 1 / 127.5)
_CODE = ("Lambda",)
_KEYS = {
    "Conv2D": ("kernel", "bias"),
    "Convolution2D": ("kernel", "bias"),
    "Conv2DTranspose": ("kernel", "bias"),
    "Deconvolution2D": ("kernel", "bias"),
    "Dense": ("kernel", "bias"),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "PReLU": ("alpha",),
    "Normalization": ("mean", "variance", "count"),
}
_NORMS: tuple[str, ...] = ("BatchNormalization", "SyncBatchNormalization", "LayerNormalization", "GroupNormalization")
_NORMS += ("InstanceNormalization",)


@dataclass
class Reading:
    """One model while it is read.

    Attributes:
        plan: what its JSON says.
        weights: where its tensors lie.
        options: what the person knows.
        version: of Keras, 2 or 3.
    """

    plan: Plan
    weights: Weights
    options: Options
    version: int
    flow: Flow = field(default_factory=lambda: Flow(Draft()))

    def run(self) -> tuple[str, tuple[str, ...], str]:
        """The layer that is the output, the names of all outputs, and the one that was taken."""
        plan, draft = self.plan, self.flow.draft
        names = tuple(name for name, _, _ in plan.outputs)
        picked = self.options.output or names[0]
        wanted = next((t for t in plan.outputs if t[0] == picked), (picked, 0, 0))
        if picked not in {layer.name for layer in plan.layers}:
            raise StudioError(f'it has no output "{picked}"; it has {listed(names)}.')
        if len(names) > 1 and not self.options.output:
            others = listed(names[1:])
            draft.notes.append(
                f'It gives {len(names)} outputs; "{picked}" was taken, --output takes another: {others}.'
            )
        needed = _needed(plan, wanted)
        (held,) = self._model(plan, {}, (), (), (wanted,), needed)
        self.flow.name = "output"
        if held.order is not None:
            raise StudioError("its output is a flattened map; --output with the layer before it takes the map itself.")
        return self.flow.map_of(held.value), names, picked

    def _model(
        self,
        plan: Plan,
        given: Mapping[Tensor, Held],
        path: tuple[Layer, ...],
        siblings: tuple[tuple[Layer, ...], ...],
        wanted: Iterable[Tensor],
        needed: Iterable[Call],
    ) -> list[Held]:
        values, wishes = dict(given), _wishes(plan)
        for call in needed:
            key = (call.layer.name, call.number, 0)
            if key in values:
                continue
            self.flow.name = "/".join(layer.name for layer in (*path, call.layer))
            made = self._call(plan, call, values, path, siblings, wishes)
            values |= {(call.layer.name, call.number, k): held for k, held in enumerate(made)}
        missing = next((tensor for tensor in wanted if tensor not in values), None)
        if missing is not None:
            raise StudioError(f'its layer "{missing[0]}" gives nothing.')
        return [values[tensor] for tensor in wanted]

    def _call(
        self,
        plan: Plan,
        call: Call,
        values: Mapping[Tensor, Held],
        path: tuple[Layer, ...],
        siblings: tuple[tuple[Layer, ...], ...],
        wishes: Mapping[tuple[str, int], Order],
    ) -> list[Held]:
        layer, name = call.layer, self.flow.name
        where = f'Layer "{name}" ({layer.kind})'
        path, siblings = (*path, layer), (*siblings, plan.layers)
        try:
            if layer.kind == "InputLayer":
                return [self._input(layer, plan)]
            reads = tuple(values[read] if isinstance(read, tuple) else read for read in call.reads)
            if layer.inner is not None:
                held = [read for read in reads if isinstance(read, Held)]
                given = dict(zip(layer.inner.inputs, held, strict=True))
                return self._model(layer.inner, given, path, siblings, layer.inner.outputs, layer.inner.calls)
            if layer.kind in _CODE:
                raise StudioError("it carries Python code, which is not run; put a layer of Keras's in its place.")
            if layer.kind not in table():
                raise StudioError(
                    "this class of layer is not supported; docs/operators.md lists those that are. Where it is made of "
                    "common operators, tf2onnx makes an ONNX model of it, which opens."
                )
            tensors = _keyed(layer, self.weights.of(path, siblings), layer.config)
            config = {**layer.config, "settings": dict(call.settings)}
            if config.get("data_format") == "channels_first":
                raise StudioError("its channels come first, which is not supported; save it with channels_last.")
            wish = wishes.get((layer.name, call.number))
            return [table()[layer.kind](self.flow, KerasLayer(layer.kind, config, reads, tensors, wish, self.version))]
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise StudioError(f"{where}: its settings do not fit it ({error!r}).") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith("Layer ") else f"{where}: {text}") from error

    def _input(self, layer: Layer, plan: Plan) -> Held:
        shape = layer.config.get("batch_input_shape") or layer.config.get("batch_shape") or []
        sides = list(shape)[1:]
        if len(sides) == 1 and sides[0]:
            name = self.flow.draft.add_input(layer.name, Shape(int(sides[0]), 1, 1), (-3.0, 3.0))
            return Held(shown(name, (1, int(sides[0]))))
        if not sides:
            sides = [None, None, self._first_channels(plan)]
        if len(sides) != 3:
            raise StudioError(f"its input has {len(sides)} dimensions; a picture has height, width and channels.")
        height, width = self.options.input_size or (sides[0] or _SIDE, sides[1] or _SIDE)
        of_bytes = _reads_bytes(plan, layer.name)
        if of_bytes:
            self.flow.draft.notes.append(
                "Its first layer divides by 255 or so, so black was taken to be 0 and white 255."
            )
        size = Shape(int(sides[2] or 3), int(height), int(width))
        name = self.flow.draft.add_input(layer.name, size, (0.0, 255.0) if of_bytes else (0.0, 1.0))
        return Held(shown(name, (1, *size)))

    def _first_channels(self, plan: Plan) -> int:
        """How many channels the first convolution reads, where the file does not say what its input is."""
        for layer in plan.layers:
            for name, values in self.weights.of((layer,), (plan.layers,)):
                if values.ndim == 4:
                    return int(values.shape[2])
                raise StudioError(f'its input has no shape, and its first tensor "{name}" is no convolution\'s.')
        raise StudioError("its input has no shape; save it with an Input layer.")


def _needed(plan: Plan, wanted: Tensor) -> list[Call]:
    by_key = {(call.layer.name, call.number): call for call in plan.calls}
    queue, found = [wanted[:2]], set[tuple[str, int]]()
    while queue:
        key = queue.pop()
        if key in by_key and key not in found:
            found.add(key)
            queue += [read[:2] for read in by_key[key].reads if isinstance(read, tuple)]
    return [call for call in plan.calls if (call.layer.name, call.number) in found]


def _wishes(plan: Plan) -> dict[tuple[str, int], Order]:
    """For every Dense layer whose values become a map, the order in which that map has them."""
    by_key = {(call.layer.name, call.number): call for call in plan.calls}
    readers = Counter([read[:2] for call in plan.calls for read in call.reads if isinstance(read, tuple)])
    readers.update(tensor[:2] for tensor in plan.outputs)
    found = {}
    for call in plan.calls:
        shape = call.layer.config.get("target_shape") if call.layer.kind == "Reshape" else None
        if shape is None or len(shape) != 3:
            continue
        before = _read(call, by_key)
        while before is not None and readers[(before.layer.name, before.number)] == 1:
            if before.layer.kind == "Dense":
                units = int(before.layer.config.get("units", 0))
                height, width, channels = _sides([int(side) for side in shape], units)
                if height * width * channels == units:
                    found[(before.layer.name, before.number)] = channels_first(channels, height, width)
                break
            before = _read(before, by_key) if before.layer.kind in _PASSING else None
    return found


def _read(call: Call, by_key: Mapping[tuple[str, int], Call]) -> Call | None:
    """The call whose result a call reads first."""
    return by_key.get(call.reads[0][:2]) if call.reads and isinstance(call.reads[0], tuple) else None


def _sides(shape: list[int], count: int) -> list[int]:
    if -1 in shape:
        shape[shape.index(-1)] = count // max(math.prod(side for side in shape if side != -1), 1)
    return shape


def _reads_bytes(plan: Plan, name: str) -> bool:
    """Whether what reads an input divides it by 255, or by the half of it."""
    for call in plan.calls:
        if call.layer.kind == "Rescaling" and any(isinstance(r, tuple) and r[0] == name for r in call.reads):
            scale = np.asarray(call.layer.config.get("scale", 1.0), np.float64).reshape(-1)
            return bool(any(np.allclose(scale, byte, rtol=0.01) for byte in _BYTES))
    return False


def _keyed(layer: Layer, named: Named, config: Mapping[str, Any]) -> dict[str, Value]:
    """A layer's tensors by Keras's own names, which files of Keras 3 leave out."""
    if not named:
        return {}
    if all(name.rpartition("/")[2].isdigit() for name, _ in named):
        keys: tuple[str, ...] = _KEYS.get(layer.kind, ())
        if layer.kind in _NORMS:
            flags = (("gamma", "scale"), ("beta", "center"), ("moving_mean", ""), ("moving_variance", ""))
            keys = tuple(key for key, flag in flags if config.get(flag, True))
        return {key: constant(values, name) for key, (name, values) in zip(keys, named, strict=False)}
    return {name.rpartition("/")[2].removesuffix(":0"): constant(values, name) for name, values in named}
