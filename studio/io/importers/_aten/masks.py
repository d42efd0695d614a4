"""What a mask picks of a map, and what is written where a mask holds: ``x[mask] = y[mask] + 1``.

How many values a mask picks depends on the picture. What is computed of each of them by itself is computed of
all, and those that the mask picks are taken in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means
from studio.io.importers._meanings.choices import chosen, valued
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._meanings.order import put_in_order
from studio.io.importers._values.views import Value, constant, reshaped
from studio.io.importers._words import words
from studio.model.networks.node import Node


@dataclass(frozen=True)
class Picked(Value):
    """Values that a mask picks.

    Attributes:
        among: all of them.
        mask: over the first axes of ``among``.
    """

    among: Value | None = None
    mask: Value | None = None


EACH = words(
    """
    abs add addcmul atan2 ceil clamp clamp_max clamp_min clone contiguous cos detach div elu erf exp floor gelu
    leaky_relu lerp log log2 log10 log1p maximum minimum mul multiply neg pow reciprocal relu remainder round rsqrt rsub
    sigmoid sign sin sqrt square sub tan tanh to _to_copy true_divide trunc
    """
)
"""What works on every value by itself."""


def is_picked(args: Any) -> bool:
    """Whether there are values among these that a mask picked."""
    return any(True for _ in _all(args))


def _all(args: Any) -> list[Picked]:
    if isinstance(args, Picked):
        return [args]
    if isinstance(args, dict):
        args = list(args.values())
    return [found for item in args for found in _all(item)] if isinstance(args, (list, tuple)) else []


def on_picked(f: Flow, operator: str, args: Args, table: Mapping[str, Handler]) -> Value | list[Value]:
    """What an operator makes of values that a mask picked.

    Raises:
        StudioError: where it looks at more of them than one, or they were picked by different masks.
    """
    name = operator.removeprefix("aten.").removesuffix("_")
    if name == "index_put":
        return _index_put(f, args)
    if name not in EACH or operator not in table:
        raise StudioError("it gathers the values that a mask picks, whose number depends on the picture.")
    first, *others = _all(args)
    assert first.mask is not None
    if not all(_same(f, first.mask, other.mask) for other in others):
        raise StudioError("it joins values that different masks pick, which is not supported.")
    given = {key: value.among if isinstance(value, Picked) else value for key, value in args.items()}
    made = table[operator](f, given)
    assert isinstance(made, Value)
    return replace(first, among=made)


def by_mask(f: Flow, value: Value, indices: list[Any]) -> Value | None:
    """What one mask picks of a value; None where it is taken otherwise."""
    mask = indices[0] if len(indices) == 1 else None
    if not isinstance(mask, Value) or mask.shape != value.shape[: len(mask.shape)] or not _holds_truths(f, mask):
        return None
    return Picked((0, *value.shape[len(mask.shape) :]), among=value, mask=mask)


def _holds_truths(f: Flow, mask: Value) -> bool:
    if mask.constant is not None:
        return mask.constant.dtype == bool
    made = next((node for node in f.draft.nodes if node.name == mask.node), None)
    return made is not None and _is_truth(f, made)


def _is_truth(f: Flow, node: Node) -> bool:
    """Whether a layer compares, or joins what others have compared."""
    kind = type(node.op).__name__
    if kind in ("Compare", "CompareMaps"):
        return True
    joins = kind in ("Mul", "Maximum", "Minimum") or (kind == "Affine" and node.op.model_dump()["scale"] == -1)
    before = [next((n for n in f.draft.nodes if n.name == name), None) for name in node.inputs]
    return joins and all(n is not None and _is_truth(f, n) for n in before)


def _same(f: Flow, one: Value, two: Value | None) -> bool:
    """Whether two masks are worked out in the same way."""
    if two is None or one.shape != two.shape:
        return False
    if one.constant is not None or two.constant is not None:
        return one.is_constant and two.is_constant and np.array_equal(one.constant, two.constant)  # type: ignore[arg-type]
    alike = one.index is two.index or (
        one.index is not None and two.index is not None and np.array_equal(one.index, two.index)
    )
    return alike and _alike(f, one.node, two.node)


def _alike(f: Flow, one: str, two: str) -> bool:
    if one == two:
        return True
    nodes = [next((n for n in f.draft.nodes if n.name == name), None) for name in (one, two)]
    if nodes[0] is None or nodes[1] is None or nodes[0].op != nodes[1].op or nodes[0].op.tensor_shapes():
        return False
    return all(_alike(f, a, b) for a, b in zip(nodes[0].inputs, nodes[1].inputs, strict=True))


@means("index_put")
def _index_put(f: Flow, a: Args) -> Value:
    value, written, mask = a["self"], a["values"], a["indices"][0] if len(a["indices"]) == 1 else None
    if not a.get("accumulate") and mask is not None and (put := put_in_order(f, value, mask, written)) is not None:
        return put
    if a.get("accumulate") or mask is None or by_mask(f, value, a["indices"]) is None:
        raise StudioError("it writes to places that depend on the picture, which is not supported; write torch.where.")
    if isinstance(written, Picked):
        if not _same(f, mask, written.mask):
            raise StudioError("it writes what one mask picks to where another holds, which is not supported.")
        written = written.among
    spread = reshaped(mask, (*mask.shape, *[1] * (len(value.shape) - len(mask.shape))))
    return chosen(f, spread, valued(written), value)


@means("masked_select")
def _masked_select(f: Flow, a: Args) -> Value:
    if (found := by_mask(f, a["self"], [a["mask"]])) is None:
        raise StudioError("it selects by a mask of another shape, which is not supported.")
    return found


@means("empty", "empty_like", "new_empty")
def _empty(f: Flow, a: Args) -> Value:
    """What is written before it is read."""
    del f
    return constant(np.zeros(tuple(a["size"]) if "size" in a else a["self"].shape, np.float32))
