"""The table of what ONNX's operators mean, and what the files that fill it share."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.borders import same
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._values.views import Numbers, Value, reshaped


@dataclass(frozen=True)
class Listed(Value):
    """What ONNX calls a sequence: values in a list, as long as the file says.

    Attributes:
        items: they.
    """

    items: tuple[Value, ...] = ()


@dataclass(frozen=True)
class OnnxNode:
    """One operator of an ONNX graph.

    Attributes:
        kind: its name in ONNX.
        inputs: as values; None where an optional one is left out.
        attributes: those that are given.
        opset: the version of ONNX's operators.
        outputs: how many of its results have names.
        closing: whether nothing but moves, bounds and roundings lies between it and the output.
    """

    kind: str
    inputs: tuple[Value | None, ...]
    attributes: dict[str, Any]
    opset: int
    outputs: int
    closing: bool = False

    @property
    def x(self) -> Value:
        """The first input."""
        return self.at(0)

    def at(self, place: int) -> Value:
        """An input that must be there."""
        found = self.get(place)
        if found is None:
            raise StudioError(f"its input {place} is missing.")
        if isinstance(found, Listed):
            raise StudioError(f"its input {place} is a list of {len(found.items)} maps, where it takes one.")
        return found

    def listed(self) -> tuple[Value, ...]:
        """What lies in the list that is its first input."""
        found = self.get(0)
        if not isinstance(found, Listed):
            raise StudioError("its first input is no list.")
        return found.items

    def get(self, place: int) -> Value | None:
        """An input, if it is there."""
        return self.inputs[place] if place < len(self.inputs) else None

    def numbers(self, place: int, attribute: str = "") -> list[Any] | None:
        """What older versions give as an attribute and newer ones as a constant input."""
        if attribute in self.attributes:
            given = self.attributes[attribute]
            return list(given) if isinstance(given, (list, tuple)) else [given]
        value = self.get(place)
        return None if value is None or value.shape == (0,) else list(known(value).ravel().tolist())


_MOST = np.float32(1e38)

Handler = Callable[[Flow, OnnxNode], "Value | list[Value]"]

H = TypeVar("H", bound=Handler)

TABLE: dict[str, Handler] = {}
"""By ONNX name; the one in docs/operators.md is made from it."""


def means(*kinds: str) -> Callable[[H], H]:
    """Enter a function as the meaning of these operators."""

    def add(handler: H) -> H:
        TABLE.update(dict.fromkeys(kinds, handler))
        return handler

    return add


def known(value: Value) -> Numbers:
    """The numbers of a constant; StudioError for what depends on the picture."""
    if value.constant is None:
        raise StudioError("it needs a constant where the model gives what depends on its input (a dynamic shape).")
    return np.asarray(value.constant)


def bounded(value: Value) -> Value:
    """A constant whose minus infinities, a mask's before a softmax, are so small that they come to the same.

    Where a whole row is masked they do not, and stay.
    """
    held = np.asarray(value.constant)
    gone = np.isneginf(held) if held.dtype.kind == "f" else np.zeros(held.shape, bool)
    if not gone.any() or not held.shape or gone.all(-1).any():
        return value
    return Value(value.shape, constant=np.where(gone, -_MOST, held), origin=value.origin)


def two(given: Sequence[int] | None, default: int = 1) -> Pair:
    """Height and width; the default where nothing is given."""
    found = list(given or (default, default))
    if len(found) != 2:
        raise StudioError(
            f"it works in {len(found)} dimensions; only two are supported: in its place put it in two, with frames "
            "as channels."
        )
    return int(found[0]), int(found[1])


def on_lines(handler: H) -> H:
    """A meaning for maps that is one for lines, too: (N, C, L) as a map of one row."""

    def handle(f: Flow, n: OnnxNode) -> Value | list[Value]:
        if len(n.x.shape) != 3:
            return handler(f, n)
        if n.outputs > 1:
            raise StudioError("of lines, only its values are supported, not their places.")
        given, doubled = dict(n.attributes), {"strides": 1, "dilations": 1, "kernel_shape": 1, "output_padding": 0}
        for key, other in doubled.items():
            if key in given:
                given[key] = [other, *given[key]]
        if "output_shape" in given:
            given["output_shape"] = [1, given["output_shape"][-1]]
        if given.get("pads"):
            before, behind = given["pads"]
            given["pads"] = [0, before, 0, behind]
        rows = [
            reshaped(put, (*put.shape[:-1], 1, put.shape[-1])) if put is not None and len(put.shape) == 3 else put
            for put in n.inputs
        ]
        made = handler(f, replace(n, inputs=tuple(rows), attributes=given))
        assert isinstance(made, Value)
        return reshaped(made, (*made.shape[:-2], made.shape[-1]))

    return handle  # type: ignore[return-value]


def borders_of(n: OnnxNode, kernel: Pair, stride: Pair, dilation: Pair) -> list[int]:
    """Left, right, top, bottom."""
    automatic = n.attributes.get("auto_pad", b"NOTSET").decode()
    if automatic == "VALID":
        return [0, 0, 0, 0]
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        return same(n.x.shape[2:], kernel, stride, dilation, upper=automatic == "SAME_UPPER")
    if automatic != "NOTSET":
        raise StudioError(f'it pads by "{automatic}", which is not known.')
    top, left, bottom, right = n.attributes.get("pads") or (0, 0, 0, 0)
    return [left, right, top, bottom]


def table() -> dict[str, Handler]:
    """All of it; the files that fill it are loaded now."""
    for part in (
        "as_aten",
        "lists",
        "logic",
        "moves",
        "old",
        "ops",
        "order",
        "pool",
        "quantised",
        "random",
        "resize",
        "space",
    ):
        importlib.import_module(f"studio.io.importers._onnx.{part}")
    return TABLE
