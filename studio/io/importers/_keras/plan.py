"""What a Keras model's JSON says: its layers as a list of calls, Sequential and Functional models alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.errors import StudioError

Json = dict[str, Any]
Tensor = tuple[str, int, int]
"""A layer's name, which of its calls, and which of the tensors that the call makes."""

_MODELS = ("Sequential", "Functional", "Model")
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
    """

    name: str
    kind: str
    config: Json
    place: int
    inner: Plan | None = None


@dataclass(frozen=True)
class Call:
    """One use of a layer: a layer that runs several times has several.

    Attributes:
        layer: which.
        number: which of its calls.
        reads: the tensors that it is given; numbers where it is given such.
        settings: named arguments besides.
    """

    layer: Layer
    number: int
    reads: tuple[Tensor | float, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
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


def plan_of(model: Json, depth: int = 0) -> Plan:
    """The plan of a model by its JSON, ``{"class_name": …, "config": …}``.

    Raises:
        StudioError: where it is none that Keras writes, or a class of the author's own.
    """
    kind, config = str(model.get("class_name", "")), model.get("config") or {}
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
    return Plan(name, layers, tuple(_sorted(calls, inputs)), inputs, outputs)


def _layer(entry: Json, place: int, depth: int) -> Layer:
    config = entry.get("config") or {}
    kind = str(entry.get("class_name", "")).rpartition(">")[2]
    name = (config.get("name") if isinstance(config, dict) else None) or entry.get("name") or f"{kind.lower()}_{place}"
    is_model = kind in _MODELS or (isinstance(config, dict) and "layers" in config)
    inner = plan_of(entry, depth + 1) if is_model else None
    return Layer(str(name), kind, config if isinstance(config, dict) else {}, place, inner)


def _sequence(name: str, layers: tuple[Layer, ...], config: Json) -> Plan:
    if layers[0].kind != "InputLayer":
        first = layers[0].config
        shape = first.get("batch_input_shape") or first.get("batch_shape") or config.get("build_input_shape")
        layers = (Layer("input", "InputLayer", {"batch_shape": shape}, -1), *layers)
    calls, before = [Call(layers[0], 0, ())], (layers[0].name, 0, 0)
    for layer in layers[1:]:
        calls.append(Call(layer, 0, (before,)))
        before = (layer.name, 0, 0)
    return Plan(name, layers, tuple(calls), ((layers[0].name, 0, 0),), (before,))


def _calls(layer: Layer, entry: Json) -> Iterator[Call]:
    nodes = entry.get("inbound_nodes") or []
    if not nodes:
        yield Call(layer, 0, ())
    for number, node in enumerate(nodes):
        if isinstance(node, dict):  # Keras 3
            reads, settings = list(_tensors(node.get("args", []))), dict(node.get("kwargs") or {})
            reads += [tensor for value in settings.values() for tensor in _tensors(value) if isinstance(tensor, tuple)]
        else:
            # One input is not always put in a list of one.
            entries = [node] if node and isinstance(node[0], str) else node
            reads, settings = [], {}
            for read in entries:
                reads.append((str(read[0]), int(read[1]), int(read[2])))
                if len(read) > 3 and isinstance(read[3], dict):
                    settings |= read[3]
            reads += [found for value in settings.values() for found in _old_tensors(value)]
        yield Call(layer, number, tuple(reads), settings)


def _tensors(value: Any) -> Iterator[Tensor | float]:
    """Tensors and numbers among the arguments of a call, as Keras 3 writes them."""
    if isinstance(value, dict):
        history = (value.get("config") or {}).get("keras_history") if isinstance(value.get("config"), dict) else None
        if history:
            yield str(history[0]), int(history[1]), int(history[2])
        elif value.get("class_name") == "__numpy__":
            yield from _tensors((value.get("config") or {}).get("value"))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def _old_tensors(value: Any) -> Iterator[Tensor]:
    """Tensors among named arguments, as Keras 2 writes them: ["layer", 0, 0]."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        yield value[0], value[1], int(value[2])


def _ends(value: Any) -> Iterator[Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if value and isinstance(value[0], str):
        value = [value]
    for name, call, tensor in value:
        yield str(name), int(call), int(tensor)


def _sorted(calls: Sequence[Call], inputs: Sequence[Tensor]) -> list[Call]:
    found: list[Call] = []
    known = {(name, call) for name, call, _ in inputs}
    waiting = list(calls)
    while waiting:
        ready = [c for c in waiting if all(r[:2] in known for r in c.reads if isinstance(r, tuple))]
        if not ready:
            names = ", ".join(dict.fromkeys(c.layer.name for c in waiting[:3]))
            raise StudioError(f"its layers {names} read what nothing makes.")
        found += ready
        known |= {(c.layer.name, c.number) for c in ready}
        waiting = [c for c in waiting if c not in ready]
    return found
