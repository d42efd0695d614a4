"""The table of what Keras's layers mean, and what the files that fill it share.

Maps are held with their channels first, as the studio's layers have them; a flattened map keeps the order of its
values beside it, since Keras flattens (height, width, channels).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._values.views import Numbers, Value, constant, first, last

ElementOrder = NDArray[np.int64]


@dataclass(frozen=True)
class Saved:
    """Who saved a model.

    Attributes:
        version: of Keras, in full; empty where the file does not say it.
        backend: what Keras ran on: "tensorflow", "theano"; empty where the file does not say it.
    """

    version: str = ""
    backend: str = ""

    @property
    def main(self) -> int:
        """The main number of the version: 2 for all before 3."""
        return 3 if self.version.startswith("3") else 2

    @property
    def resizes_by_corners(self) -> bool:
        """Whether its bilinear upsampling is TensorFlow 1's, which takes pixels by their corners."""
        found = re.match(r"(\d+)\.(\d+)[\d.]*$", self.version)
        return found is not None and (int(found[1]), int(found[2])) < (2, 4)


@dataclass(frozen=True, eq=False)
class Held:
    """What a layer of Keras gives.

    Attributes:
        value: a map of (1, C, H, W), a vector of (1, N), or another shape in Keras's own order of axes.
        order: of a vector: which of Keras's values each of its values is; None where they are in order.
        channels_last: whether the model has the channels of its maps last.
    """

    value: Value
    order: ElementOrder | None = None
    channels_last: bool = True

    @property
    def is_map(self) -> bool:
        """Whether it is a map of (1, C, H, W)."""
        return len(self.value.shape) == 4


@dataclass(frozen=True)
class KerasLayer:
    """One layer with its settings and tensors.

    Attributes:
        kind: its class.
        config: its settings.
        reads: what it is given.
        tensors: by Keras's names: kernel, bias, gamma.
        parts: by their names, the tensors of the layers that it is made of.
        name: its own, as the studio's layers are to be called.
        wanted: of a Dense layer the order that its values are to have, since they become a map; see `Held`.
        saved: by whom.
    """

    kind: str
    config: Mapping[str, Any]
    reads: tuple[Held, ...]
    tensors: Mapping[str, Value]
    parts: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    name: str = ""
    wanted: ElementOrder | None = None
    saved: Saved = Saved("3")

    @property
    def channels_last(self) -> bool:
        """Whether the model has the channels of its maps last."""
        return all(read.channels_last for read in self.reads)

    @property
    def x(self) -> Held:
        """The first input."""
        if not self.reads:
            raise StudioError("it is given no map.")
        return self.reads[0]

    def need(self, *names: str) -> Value:
        """A tensor under the first of these names that there is."""
        found = self.get(*names)
        if found is None:
            raise StudioError(f"its {names[0]} is missing from the weights.")
        return found

    def get(self, *names: str) -> Value | None:
        """A tensor, if it is there."""
        return next((self.tensors[name] for name in names if name in self.tensors), None)

    def part(self, name: str) -> tuple[Value, Value | None]:
        """Kernel and bias of a layer that it is made of."""
        # tf.keras 2.13 and later call them in their files as their attributes are called in its code.
        older = f"_{name.removeprefix('attention_')}_dense"
        found = self.parts.get(name) or self.parts.get(older, {})
        if "kernel" not in found:
            raise StudioError(f"the kernel of its {name} is missing from the weights.")
        return found["kernel"], found.get("bias")

    def axes(self, given: Any) -> list[int]:
        """Of the first input's value as it is held, the axes that Keras's numbers mean."""
        rank = len(self.x.value.shape)
        numbers = [given] if isinstance(given, int) else [int(axis) for axis in given]
        if any(not -rank <= axis < rank for axis in numbers) or any(axis % rank == 0 for axis in numbers):
            raise StudioError(f"it works along axis {given} of values that have {rank}.")
        turned_round = rank == 4 and self.channels_last
        return [{1: 2, 2: 3, 3: 1}[axis % rank] if turned_round else axis % rank for axis in numbers]

    def pair(self, name: str, default: Any = 1) -> Pair:
        """Height and width of a setting."""
        found = self.config.get(name)
        found = default if found is None else found
        if isinstance(found, (int, float)):
            found = (found, found)
        if len(found) != 2:
            raise StudioError(f'its "{name}" has {len(found)} numbers; only two dimensions are supported.')
        return int(found[0]), int(found[1])

    @property
    def is_same(self) -> bool:
        """Whether it pads as TensorFlow's SAME."""
        padding = self.config.get("padding", "valid")
        if padding not in ("same", "valid"):
            raise StudioError(f'it pads by "{padding}", which is not supported.')
        return bool(padding == "same")


def plain(f: Flow, held: Held) -> Value:
    """A value with its axes as Keras has them: (1, H, W, C), (1, N)."""
    if held.is_map:
        return last(f.draft, held.value) if held.channels_last else held.value
    if held.order is None:
        return held.value
    places = np.argsort(held.order)
    return f.move(held.value, lambda n: n[:, places])


def own_axes(f: Flow, value: Value, *, channels_last: bool = True) -> Held:
    """A value with its axes as Keras has them, held as layers have it."""
    held = first(f.draft, value) if len(value.shape) == 4 and channels_last else value
    return Held(held, channels_last=channels_last)


Handler = Callable[[Flow, KerasLayer], Held]
H = TypeVar("H", bound=Handler)

TABLE: dict[str, Handler] = {}
"""By Keras's class name; the one in docs/operators.md is made from it."""


def means(*kinds: str) -> Callable[[H], H]:
    """Enter a function as the meaning of these layers."""

    def add(handler: H) -> H:
        TABLE.update(dict.fromkeys(kinds, handler))
        return handler

    return add


def table() -> dict[str, Handler]:
    """All of it; the files that fill it are loaded now."""
    for part in ("attention", "bends", "embeddings", "layers", "moves", "norms"):
        importlib.import_module(f"studio.io.importers._keras.{part}")
    return TABLE


def turned(value: Value, *axes: int) -> Value:
    """A tensor of the file with its axes in another order."""
    array = np.asarray(value.constant)
    if array.ndim != len(axes):
        raise StudioError(f"its tensor of shape {array.shape} has not the {len(axes)} dimensions that it should have.")
    return Value(tuple(array.shape[a] for a in axes), constant=array.transpose(axes), origin=value.origin)


def picked(value: Value, order: ElementOrder | None, axis: int = 0) -> Value:
    """A tensor's slices in another order."""
    if order is None:
        return value
    array = np.asarray(value.constant)
    if array.shape[axis] != order.size:
        raise StudioError(f"its tensor of shape {array.shape} does not fit the {order.size} values that it is given.")
    return Value(array.shape, constant=array.take(order, axis), origin=value.origin)


def rows(numbers: Numbers) -> Value:
    """One number for each channel, to be spread over a map."""
    return constant(np.asarray(numbers, np.float32).reshape(-1, 1, 1))
