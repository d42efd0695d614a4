"""What a Keras model's JSON says: its layers as a list of calls, Sequential and Functional models alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from studio.errors import StudioError
from studio.io.importers._keras.arguments import Tensor, argument, old_argument, tensors
from studio.io.importers._keras.early import modern

Json = dict[str, Any]

_MODELS = ("Sequential", "Functional", "Model")
_OF_LAYERS = "trainable"
_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_DEEPEST = 8


@dataclass(frozen=True)
class Layer:
    """One layer of the file.

    Attributes:
        name: its own.
        kind: its class, without the package that it is registered under.
        config: its settings.
        place: which layer of its model it is.
        inner: what it is made of, where it is itself a model.
        module: the Python module of its class, where the file says it.
    """

    name: str
    kind: str
    config: Json
    place: int
    inner: KerasModel | None = None
    module: str = ""

    @property
    def is_operation(self) -> bool:
        """Whether it is a function that was called on tensors, and no layer."""
        return self.kind in _OPERATIONS or self.module.startswith(("keras.src.ops", "keras.ops"))


@dataclass(frozen=True)
class Call:
    """One use of a layer: a layer that runs several times has several.

    Attributes:
        layer: which.
        number: which of its calls.
        args: what it is given, as `arguments` reads it.
        settings: named arguments besides.
    """

    layer: Layer
    number: int
    args: tuple[Any, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def maker(self) -> tuple[str, int]:
        """What `Tensor` calls it."""
        return self.layer.name, self.number

    @cached_property
    def reads(self) -> tuple[Tensor, ...]:
        """The tensors that it is given, in order."""
        return tuple(tensors([self.args, self.settings]))


@dataclass(frozen=True)
class KerasModel:
    """A model: its layers, what runs in which order, and its ends.

    Attributes:
        name: of the model.
        layers: in the file's order.
        calls: in running order.
        inputs: what is fed.
        outputs: what comes out.
    """

    name: str
    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def channels_last(self) -> bool:
        """Whether its maps have their channels last.

        Raises:
            StudioError: where some layers say one thing and some the other.
        """
        said = dict(self._orders())
        if len(said) > 1:
            one, two = said["channels_first"], said["channels_last"]
            raise StudioError(
                f'the channels of its maps come first in layer "{one}" and last in "{two}"; save it with one order, '
                "channels_last, everywhere."
            )
        return "channels_first" not in said

    def _orders(self) -> Iterator[tuple[str, str]]:
        for layer in self.layers:
            order = layer.config.get("data_format")
            if layer.inner is not None:
                yield from layer.inner._orders()
            elif layer.kind != "Flatten" and order in ("channels_first", "channels_last"):
                yield order, layer.name


def model_of(written: Json, depth: int = 0) -> KerasModel:
    """A model by its JSON, ``{"class_name": …, "config": …}``.

    Raises:
        StudioError: where it is none that Keras writes, or a class of the author's own.
    """
    kind, config = str(written.get("class_name", "")), written.get("config") or {}
    if depth > _DEEPEST:
        raise StudioError("models lie in each other too deep; export it by itself.")
    if kind not in _MODELS and not (isinstance(config, dict) and "layers" in config):
        raise StudioError(
            f'the model is of a class of its author\'s own, "{kind}", whose layers only its code says; rebuild it as a '
            "keras.Model of layers, or export it to ONNX with tf2onnx."
        )
    given = config if isinstance(config, list) else config.get("layers", [])
    name = config.get("name", "") if isinstance(config, dict) else ""
    layers = tuple(_layer(entry, place, depth) for place, entry in enumerate(given))
    if not layers:
        raise StudioError("the model has no layers.")
    if isinstance(config, list) or kind == "Sequential" or "output_layers" not in config:
        return _sequence(name, layers, config if isinstance(config, dict) else {})
    calls = [call for layer, entry in zip(layers, given, strict=True) for call in _calls(layer, entry)]
    inputs, outputs = (tuple(_ends(config[key])) for key in ("input_layers", "output_layers"))
    calls = _renumbered(calls, outputs)
    return KerasModel(name, layers, tuple(_sorted(calls, inputs)), inputs, outputs)


def _layer(entry: Json, place: int, depth: int) -> Layer:
    config = entry.get("config") or {}
    kind = str(entry.get("class_name", "")).rpartition(">")[2]
    name = (config.get("name") if isinstance(config, dict) else None) or entry.get("name") or f"{kind.lower()}_{place}"
    is_model = kind in _MODELS or (isinstance(config, dict) and "layers" in config)
    inner = model_of(entry, depth + 1) if is_model else None
    if inner is None and isinstance(config, dict):
        kind, config = modern(kind, config)
    module = str(entry.get("module") or "")
    nodes = entry.get("inbound_nodes") or []
    if not module and nodes and isinstance(nodes[0], dict) and inner is None and _OF_LAYERS not in config:
        module = "keras.ops"  # which files in the old format leave out
    return Layer(str(name), kind, config if isinstance(config, dict) else {}, place, inner, module)


def _sequence(name: str, layers: tuple[Layer, ...], config: Json) -> KerasModel:
    if layers[0].kind != "InputLayer":
        first = layers[0].config
        shape = first.get("batch_input_shape") or first.get("batch_shape") or config.get("build_input_shape")
        layers = (Layer("input", "InputLayer", {"batch_shape": shape}, -1), *layers)
    calls, before = [Call(layers[0], 0, ())], Tensor(layers[0].name, 0, 0)
    for layer in layers[1:]:
        calls.append(Call(layer, 0, (before,)))
        before = Tensor(layer.name, 0, 0)
    return KerasModel(name, layers, tuple(calls), (Tensor(layers[0].name, 0, 0),), (before,))


def _calls(layer: Layer, entry: Json) -> Iterator[Call]:
    nodes = entry.get("inbound_nodes") or []
    if not nodes:
        yield Call(layer, 0, ())
    for number, node in enumerate(nodes):
        if isinstance(node, dict):  # Keras 3
            args = tuple(argument(value) for value in node.get("args", []))
            yield Call(layer, number, args, {key: argument(v) for key, v in (node.get("kwargs") or {}).items()})
        else:
            yield _old_call(layer, number, node)


def _old_call(layer: Layer, number: int, node: list[Any]) -> Call:
    # One input is not always put in a list of one.
    entries = [node] if node and isinstance(node[0], str) else node
    settings: Json = {}
    for read in entries:
        if len(read) > 3 and isinstance(read[3], dict):
            settings |= {key: old_argument(value) for key, value in read[3].items()}
    reads = [old_argument(read[:3]) for read in entries]
    return Call(layer, number, tuple(reads) if len(reads) == 1 else (reads,), settings)


def _renumbered(calls: Sequence[Call], outputs: Sequence[Tensor]) -> list[Call]:
    """Keras 2 counts the calls of a model within a model from 1: what made it is its first."""
    most: dict[str, int] = {}
    for tensor in [*outputs, *(read for call in calls for read in call.reads)]:
        most[tensor.layer] = max(most.get(tensor.layer, 0), tensor.call)
    count = Counter(call.layer.name for call in calls)
    return [
        replace(call, number=call.number + 1)
        if call.layer.inner is not None and most.get(call.layer.name, 0) == count[call.layer.name]
        else call
        for call in calls
    ]


def _ends(value: Any) -> Iterator[Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if value and isinstance(value[0], str):
        value = [value]
    for name, call, tensor in value:
        yield Tensor(str(name), int(call), int(tensor))


def _sorted(calls: Sequence[Call], inputs: Sequence[Tensor]) -> list[Call]:
    found: list[Call] = []
    known = {tensor.maker for tensor in inputs}
    waiting = list(calls)
    while waiting:
        ready = [c for c in waiting if all(read.maker in known for read in c.reads)]
        if not ready:
            names = ", ".join(dict.fromkeys(c.layer.name for c in waiting[:3]))
            raise StudioError(f"its layers {names} read what nothing makes.")
        found += ready
        known |= {call.maker for call in ready}
        waiting = [c for c in waiting if c not in ready]
    return found
