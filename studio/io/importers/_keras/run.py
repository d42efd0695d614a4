"""Running a Keras model into a draft."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._keras.arguments import Tensor
from studio.io.importers._keras.keyed import keyed
from studio.io.importers._keras.model import Call, KerasModel, Layer
from studio.io.importers._keras.moves import channels_first
from studio.io.importers._keras.operations import operated
from studio.io.importers._keras.table import ElementOrder, Held, KerasLayer, Saved, table
from studio.io.importers._keras.weights import Weights
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.ends import listed
from studio.io.importers._values.views import Value, reshaped, shown
from studio.io.importers.base import Options
from studio.model.declared.size import Size
from studio.model.networks.shape import Shape

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
_AROUND = ("SpectralNormalization", "TimeDistributed")
_EVERYWHERE = ("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout")  # what looks at one place alone


@dataclass
class Reading:
    """One model while it is read.

    Attributes:
        model: what its JSON says.
        weights: where its tensors lie.
        options: what the person knows.
        saved: by whom.
    """

    model: KerasModel
    weights: Weights
    options: Options
    saved: Saved
    flow: Flow = field(default_factory=lambda: Flow(Draft()))

    def run(self) -> tuple[str, tuple[str, ...], str]:
        """The layer that is the output, the names of all outputs, and the one that was taken."""
        model, draft = self.model, self.flow.draft
        names = tuple(dict.fromkeys(tensor.layer for tensor in model.outputs))
        picked = self.options.output or names[0]
        wanted = next((t for t in model.outputs if t.layer == picked), Tensor(picked, 0, 0))
        if picked not in {layer.name for layer in model.layers}:
            raise StudioError(f'it has no output "{picked}"; it has {listed(names)}.')
        if len(names) > 1 and not self.options.output:
            others = listed(names[1:])
            draft.notes.append(
                f'It gives {len(names)} outputs; "{picked}" was taken, --output takes another: {others}.'
            )
        self._early()
        ends = [tensor.maker for tensor in model.inputs]
        # Inputs come first, in the model's order of them.
        needed = sorted(_needed(model, wanted), key=lambda call: (*ends, call.maker).index(call.maker))
        (held,) = self._model(model, {}, (), (), (wanted,), needed)
        self.flow.name = "output"
        if held.order is not None:
            raise StudioError("its output is a flattened map; --output with the layer before it takes the map itself.")
        value = held.value
        if len(value.shape) == 3:
            # A grey picture without an axis of channels.
            value = reshaped(value, (1, *value.shape))
        return self.flow.map_of(value), names, picked

    def _early(self) -> None:
        """Files of Keras 1 do not say what it ran on."""
        laid = {layer.config.get("kernels") for layer in self.model.layers} - {None}
        if self.saved.backend or not laid:
            return
        if "OIHW" in laid:
            self.saved = replace(self.saved, backend="theano")
        taken, order = (
            ("Theano's, which lie turned by half a turn", "first") if "OIHW" in laid else ("TensorFlow's", "last")
        )
        self.flow.draft.notes.append(
            f"Files of Keras 1 do not say what it ran on; since their channels come {order}, kernels were taken to be "
            f"{taken}."
        )

    def _model(
        self,
        model: KerasModel,
        given: Mapping[Tensor, Held],
        path: tuple[Layer, ...],
        siblings: tuple[tuple[Layer, ...], ...],
        wanted: Iterable[Tensor],
        needed: Iterable[Call],
    ) -> list[Held]:
        values, wishes = dict(given), _wishes(model) if self.model.channels_last else {}
        for call in needed:
            if Tensor(*call.maker, 0) in values:
                continue
            self.flow.name = "/".join(layer.name for layer in (*path, call.layer))
            made = self._call(model, call, values, path, siblings, wishes)
            values |= {Tensor(*call.maker, k): held for k, held in enumerate(made)}
        missing = next((tensor for tensor in wanted if tensor not in values), None)
        if missing is not None:
            raise StudioError(f'its layer "{missing[0]}" gives nothing.')
        return [values[tensor] for tensor in wanted]

    def _call(
        self,
        model: KerasModel,
        call: Call,
        values: Mapping[Tensor, Held],
        path: tuple[Layer, ...],
        siblings: tuple[tuple[Layer, ...], ...],
        wishes: Mapping[tuple[str, int], ElementOrder],
    ) -> list[Held]:
        layer, name = call.layer, self.flow.name
        where = f'Layer "{name}" ({layer.kind})'
        path, siblings = (*path, layer), (*siblings, model.layers)
        try:
            if layer.kind == "InputLayer":
                return [self._input(layer, model)]
            held = {read: values[read] for read in call.reads}
            if layer.is_operation:
                return operated(self.flow, call, held)
            reads = tuple(held[read] for read in call.reads)
            if layer.inner is not None:
                given = dict(zip(layer.inner.inputs, reads, strict=True))
                return self._model(layer.inner, given, path, siblings, layer.inner.outputs, layer.inner.calls)
            wish = wishes.get(call.maker)
            return [self._layer(layer, path, siblings, KerasLayer(layer.kind, _config(call), reads, {}, wanted=wish))]
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise StudioError(f"{where}: its settings do not fit it ({error!r}).") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith("Layer ") else f"{where}: {text}") from error

    def _layer(
        self, layer: Layer, path: tuple[Layer, ...], siblings: tuple[tuple[Layer, ...], ...], read: KerasLayer
    ) -> Held:
        tensors: Mapping[str, Value] = {}
        parts: Mapping[str, Mapping[str, Value]] = {}
        if layer.kind in _AROUND:
            read, parts = _within(read), self._parts(path, siblings)
            tensors = next(iter(parts.values()), {})
        if read.kind in _CODE:
            raise StudioError(
                "it carries Python code, which is not run; put a layer of Keras's in its place, or write the model as "
                "ONNX with tf2onnx, which opens."
            )
        if read.kind not in table():
            raise StudioError(f"this class of layer is not supported; {_way_on(read.kind)}.")
        if read.kind == "MultiHeadAttention":
            parts = self._parts(path, siblings)
        else:
            tensors = tensors or keyed(read.kind, self.weights.of(path, siblings), read.config, layer.name)
        name = self.flow.name
        made = table()[read.kind](self.flow, replace(read, tensors=tensors, parts=parts, name=name, saved=self.saved))
        return replace(made, channels_last=self.model.channels_last)

    def _parts(self, path: tuple[Layer, ...], siblings: tuple[tuple[Layer, ...], ...]) -> dict[str, dict[str, Value]]:
        found = self.weights.parts(path, siblings)
        return {part: keyed("Dense", named, {}) for part, named in found.items()}

    def _input(self, layer: Layer, model: KerasModel) -> Held:
        shape = layer.config.get("batch_input_shape") or layer.config.get("batch_shape") or []
        sides = list(shape)[1:]
        if len(sides) == 1 and sides[0]:
            size = Shape(int(sides[0]), 1, 1)
            name = self.flow.draft.add_input(layer.name, size, _numbers_of(model, layer.name))
            return Held(shown(name, (1, size.channels)), channels_last=self.model.channels_last)
        if not sides:
            sides = [None, None, self._first_channels(model)]
        elif len(sides) == 3 and not self.model.channels_last:
            sides = [*sides[1:], sides[0]]
        if len(sides) == 2 and all(sides):
            # Grey pictures without an axis of channels.
            name = self.flow.draft.add_input(layer.name, Shape(1, int(sides[0]), int(sides[1])), (0.0, 1.0))
            return Held(reshaped(shown(name, (1, 1, *sides)), (1, *sides)), channels_last=self.model.channels_last)
        if len(sides) != 3:
            raise StudioError(f"its input has {len(sides)} dimensions; a picture has height, width and channels.")
        height, width = self.options.input_size or Size(sides[0] or _SIDE, sides[1] or _SIDE)
        of_bytes = _reads_bytes(model, layer.name)
        if of_bytes:
            self.flow.draft.notes.append(
                "Its first layer divides by 255 or so, so black was taken to be 0 and white 255."
            )
        size = Shape(int(sides[2] or 3), int(height), int(width))
        name = self.flow.draft.add_input(layer.name, size, (0.0, 255.0) if of_bytes else (0.0, 1.0))
        return Held(shown(name, (1, *size)), channels_last=self.model.channels_last)

    def _first_channels(self, model: KerasModel) -> int:
        """How many channels the first convolution reads, where the file does not say what its input is."""
        for layer in model.layers:
            for name, values in self.weights.of((layer,), (model.layers,)):
                if values.ndim == 4:
                    return int(values.shape[1 if layer.config.get("kernels") == "OIHW" else 2])
                raise StudioError(f'its input has no shape, and its first tensor "{name}" is no convolution\'s.')
        raise StudioError("its input has no shape; save it with an Input layer.")


def _needed(model: KerasModel, wanted: Tensor) -> list[Call]:
    by_maker = {call.maker: call for call in model.calls}
    queue, found = [wanted.maker], set[tuple[str, int]]()
    while queue:
        maker = queue.pop()
        if maker in by_maker and maker not in found:
            found.add(maker)
            queue += [read.maker for read in by_maker[maker].reads]
    return [call for call in model.calls if call.maker in found]


def _wishes(model: KerasModel) -> dict[tuple[str, int], ElementOrder]:
    """For every Dense layer whose values become a map, the order in which that map has them."""
    by_maker = {call.maker: call for call in model.calls}
    readers = Counter([read.maker for call in model.calls for read in call.reads])
    readers.update(tensor.maker for tensor in model.outputs)
    found = {}
    for call in model.calls:
        is_layer = call.layer.kind == "Reshape" and not call.layer.is_operation
        shape = call.layer.config.get("target_shape") if is_layer else None
        if shape is None or len(shape) != 3:
            continue
        before = _read(call, by_maker)
        while before is not None and readers[before.maker] == 1:
            if before.layer.kind == "Dense":
                units = int(before.layer.config.get("units", 0))
                height, width, channels = _sides([int(side) for side in shape], units)
                if height * width * channels == units:
                    found[before.maker] = channels_first(channels, height, width)
                break
            before = _read(before, by_maker) if before.layer.kind in _PASSING else None
    return found


def _read(call: Call, by_maker: Mapping[tuple[str, int], Call]) -> Call | None:
    """The call whose result a call reads first."""
    return by_maker.get(call.reads[0].maker) if call.reads else None


def _sides(shape: list[int], count: int) -> list[int]:
    if -1 in shape:
        shape[shape.index(-1)] = count // max(math.prod(side for side in shape if side != -1), 1)
    return shape


def _numbers_of(model: KerasModel, name: str) -> tuple[float, float]:
    """What the values of a vector mostly lie between: of an embedding the numbers of its rows."""
    for call in model.calls:
        if call.layer.kind == "Embedding" and any(read.layer == name for read in call.reads):
            return 0.0, float(max(int(call.layer.config.get("input_dim", 2)) - 1, 1))
    return -3.0, 3.0


def _way_on(kind: str) -> str:
    """What to do where a class is not known."""
    known = _INSTEAD.get(kind)
    if known is None and kind.endswith(("3D", "Transpose3D")):
        known = "only pictures are worked on, no volumes: in its place put the same layer in two dimensions"
    return known or (
        "docs/operators.md lists those that are. Where it is made of common operators, tf2onnx makes an ONNX model of "
        "it, which opens"
    )


_OVER_TIME = "in its place put convolutions, or a network that is fed its own output"
_INSTEAD = dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D"), _OVER_TIME)
_INSTEAD["LocallyConnected2D"] = "in its place put Conv2D"


def _reads_bytes(model: KerasModel, name: str) -> bool:
    """Whether what reads an input divides it by 255, or by the half of it."""
    for call in model.calls:
        if call.layer.kind == "Rescaling" and any(read.layer == name for read in call.reads):
            scale = np.asarray(call.layer.config.get("scale", 1.0), np.float64).reshape(-1)
            return bool(any(np.allclose(scale, byte, rtol=0.01) for byte in _BYTES))
    return False


def _config(call: Call) -> dict[str, Any]:
    return {**call.layer.config, "settings": dict(call.settings)}


def _within(read: KerasLayer) -> KerasLayer:
    """The layer that another one is put around."""
    inner = read.config.get("layer") or {}
    config = dict(inner.get("config") or {})
    kind = str(inner.get("class_name", "")).rpartition(">")[2]
    if read.kind == "TimeDistributed" and kind not in _EVERYWHERE:
        raise StudioError(f"it puts a layer of {kind} to each row of its input, which is not supported.")
    return replace(read, kind=kind, config=config)
