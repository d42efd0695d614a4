"""The place of the largest or smallest value, and what is taken by such places: a row of a codebook, a one in a row.

The places are a map of numbers. What they were found in is kept beside them: whoever takes a row of a table by them
gets a product, with a row of zeros and a one where the value lies, in PyTorch's own words ``one_hot``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number
from studio.io.importers._meanings.choices import chosen, valued
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._meanings.order import Sorted, one_where, scattered, taken_of
from studio.io.importers._values.views import Value, reshaped


@dataclass(frozen=True)
class Places(Value):
    """Places along an axis, of the shape that PyTorch's indices have.

    Attributes:
        among: the values that they were found in, that axis last.
        which: whether they are those of the largest or of the smallest.
    """

    among: Value | None = None
    which: Literal["Amax", "Amin"] = "Amax"

    def hot(self, f: Flow) -> Value:
        """(…, choices): 1 at the place, 0 elsewhere."""
        assert self.among is not None

        def work(node: str) -> str:
            found = f.draft.add("Argmax", node, name=f.name, smallest=self.which == "Amin")
            choices = f.draft.shapes[node].channels
            counted = f.given(np.arange(choices, dtype=np.float32).reshape(-1, 1, 1), like=node)
            return f.draft.add("CompareMaps", counted, found, name=f.name, how="eq")

        return reshaped(f.along(self.among, -1, work), (*self.shape, self.among.shape[-1]))


def places(f: Flow, value: Value, axis: int, which: Literal["Amax", "Amin"], *, keepdim: bool) -> Places:
    """Where along an axis the extremes lie."""
    axis %= len(value.shape)
    shape = tuple(1 if k == axis else n for k, n in enumerate(value.shape) if keepdim or k != axis)
    among = f.move(value, lambda n: np.moveaxis(n, axis, -1))
    name = f"{f.name}.places"
    found = f.along(among, -1, lambda node: f.draft.add("Argmax", node, name=name, smallest=which == "Amin"))
    found = reshaped(found, shape)
    return Places(shape, found.node, found.index, among=among, which=which)


def _extreme(which: Literal["Amax", "Amin"]) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        if a.get("dim") is None:
            raise StudioError("it takes one place of a whole map, which is not supported; give it an axis.")
        return places(f, a["self"], a["dim"], which, keepdim=a.get("keepdim", False))

    return handle


means("argmax")(_extreme("Amax"))
means("argmin")(_extreme("Amin"))


@means("one_hot")
def _one_hot(f: Flow, a: Args) -> Value:
    found, count = a["self"], a.get("num_classes", -1)
    if isinstance(found, Places):
        hot = found.hot(f)
        if count in (-1, hot.shape[-1]):
            return hot
    if count == -1:
        raise StudioError("how many classes it makes depends on the picture; give it num_classes.")
    return one_where(f, found, count)


@means("scatter")
def _scattered(f: Flow, a: Args) -> Value:
    """A number or values where the places say, in a row of another."""
    below, found, axis = a["self"], a["index"], a["dim"] % len(a["self"].shape)
    source = a["src"] if isinstance(a.get("src"), Value) else number(a.get("value", 0))
    return scattered_one(f, below, found, axis, source)


def scattered_one(f: Flow, below: Value, found: Value, axis: int, source: Value | float) -> Value:
    """A number where a place says, in a row of another; where there are several places, those of an order."""
    if not isinstance(found, Places):
        return scattered(f, below, found, axis, source)
    if found.shape[axis] != 1 or found.among is None or below.shape[axis] != found.among.shape[-1]:
        raise StudioError("it writes to several places at once, which is not supported.")
    flat = tuple(n for k, n in enumerate(found.shape) if k != axis)
    hot = f.move(reshaped(found, flat).hot(f), lambda n: np.moveaxis(n, -1, axis))  # type: ignore[attr-defined]
    if isinstance(source, Value):
        source = f.move(source, lambda n: n[tuple(slice(0, length) for length in found.shape)])
    return chosen(f, hot, valued(source), below)


@means("embedding")
def _embedding(f: Flow, a: Args) -> Value:
    return _rows(f, a["weight"], a["indices"])


def _rows(f: Flow, table: Value, found: Value) -> Value:
    """Rows of a table, as products with what is one at the place."""
    if not isinstance(found, Places):
        return taken_of(f, table, found, 0)
    hot = found.hot(f)
    flat = reshaped(hot, (int(np.prod(found.shape)), hot.shape[-1]))
    width = table.shape[1:]
    made = f.matmul(flat, reshaped(table, (table.shape[0], int(np.prod(width)))))
    return reshaped(made, (*found.shape, *width))


def taken(f: Flow, table: Value, indices: list[Any]) -> Value | None:
    """What is taken of a table by a map of places along one axis; None where it is taken otherwise."""
    given = {axis: at for axis, at in enumerate(indices) if at is not None}
    axis, found = next(iter(given.items()), (0, None))
    if len(given) != 1 or not isinstance(found, Value) or found.is_constant or not _counts(f, found):
        return None
    return taken_by(f, table, found, axis)


def taken_by(f: Flow, table: Value, found: Value, axis: int) -> Value:
    """``table.take(found, axis)``."""
    return _rows(f, table, found) if axis == 0 else taken_of(f, table, found, axis)


def _counts(f: Flow, found: Value) -> bool:
    """Whether a map holds numbers of places, and not truths, by which PyTorch picks."""
    if isinstance(found, (Places, Sorted)):
        return True
    made = next((node for node in f.draft.nodes if node.name == found.node), None)
    while made is not None and type(made.op).__name__ == "Hardtanh":
        # Kept within a table's rows.
        made = next((node for node in f.draft.nodes if node.name == made.inputs[0]), None)
    return made is not None and type(made.op).__name__ in ("Argmax", "Argsort", "Rank", "Round", "GatherChannels")
