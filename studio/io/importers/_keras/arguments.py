"""What a layer of Keras is called with, as its JSON writes it: tensors among lists, numbers, slices and arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from studio.errors import StudioError

_MOST = 2**24


class Tensor(NamedTuple):
    """One of the tensors that a call makes.

    Attributes:
        layer: the name of the layer that is called.
        call: which of its calls.
        place: which of the tensors of that call.
    """

    layer: str
    call: int
    place: int

    @property
    def maker(self) -> tuple[str, int]:
        """The call that makes it."""
        return self.layer, self.call


def argument(value: Any) -> Any:
    """As Keras 3 writes it: `Tensor`, lists, numbers, arrays, slices, Ellipsis."""
    if isinstance(value, list):
        return [argument(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config")
    config = config if isinstance(config, dict) else {}
    if kind == "__keras_tensor__":
        layer, call, place = config["keras_history"]
        return Tensor(str(layer), int(call), int(place))
    if kind in ("__numpy__", "__tensor__"):
        return _array(config)
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__slice__":
        return slice(*(argument(config.get(key)) for key in ("start", "stop", "step")))
    return {key: argument(item) for key, item in value.items()}


def _array(config: Mapping[str, Any]) -> Any:
    whole = "int" in str(config.get("dtype", ""))
    numbers = np.asarray(config.get("value"), np.int64 if whole else np.float32)
    if numbers.size > _MOST:
        raise StudioError("the model's description holds an array too large to be a setting.")
    return numbers


def old_argument(value: Any) -> Any:
    """As Keras 2 writes it: a tensor is a list, ["layer", 0, 0], and a number at times ["_CONSTANT_VALUE", -1, 2]."""
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and type(value[1]) is int:
            if value[0] == "_CONSTANT_VALUE":
                return value[2]
            return Tensor(value[0], value[1], int(value[2]))
        return [old_argument(item) for item in value]
    if isinstance(value, dict) and {"start", "stop", "step"} == value.keys():
        return slice(*(old_argument(value[key]) for key in ("start", "stop", "step")))
    return argument(value) if isinstance(value, dict) else value


def tensors(value: Any) -> Iterator[Tensor]:
    """The tensors within, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, slice):
        yield from tensors([value.start, value.stop, value.step])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors(item)


def looked_up(value: Any, held: Mapping[Tensor, Any]) -> Any:
    """With what is held in the place of every tensor."""
    if isinstance(value, Tensor):
        return held[value]
    if isinstance(value, slice):
        return slice(*(looked_up(part, held) for part in (value.start, value.stop, value.step)))
    if isinstance(value, (list, tuple)):
        return [looked_up(item, held) for item in value]
    if isinstance(value, Mapping):
        return {key: looked_up(item, held) for key, item in value.items()}
    return value
