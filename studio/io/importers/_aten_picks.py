"""The place of the largest or smallest value, where it chooses among constants: a row of a codebook, a one in a row.

Places are kept as what they were found in. Whoever takes something by them gets a product: with a row of zeros and a
one where the value lies, in PyTorch's own words ``one_hot``. Of values that are equal, all count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten_table import means, number
from studio.io.importers._choices import compared
from studio.io.importers._flow import Flow
from studio.io.importers._handlers import Args, Handler
from studio.io.importers._views import Value, reshaped


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
        most = f.reduced(self.which, self.among, [-1], keepdim=True)
        return reshaped(compared(f, "eq", self.among, most), (*self.shape, self.among.shape[-1]))


def places(f: Flow, value: Value, axis: int, which: Literal["Amax", "Amin"], *, keepdim: bool) -> Places:
    """Where along an axis the extremes lie."""
    axis %= len(value.shape)
    shape = tuple(1 if k == axis else n for k, n in enumerate(value.shape) if keepdim or k != axis)
    return Places(shape, among=f.move(value, lambda n: np.moveaxis(n, axis, -1)), which=which)


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
    found = _chosen(a["self"])
    hot, count = found.hot(f), a.get("num_classes", -1)
    if count not in (-1, hot.shape[-1]):
        raise StudioError(f"it makes {count} classes of places among {hot.shape[-1]}, which is not supported.")
    return hot


@means("scatter")
def _scattered(f: Flow, a: Args) -> Value:
    """A number where the places say, in a row of another."""
    below, found, axis = a["self"], _chosen(a["index"]), a["dim"] % len(a["self"].shape)
    if below.constant is None or np.ptp(below.constant) or isinstance(a.get("src"), Value):
        raise StudioError("it writes values to places that depend on the picture, which is not supported.")
    if found.shape[axis] != 1 or found.among is None or below.shape[axis] != found.among.shape[-1]:
        raise StudioError("it writes to several places at once, which is not supported.")
    flat = tuple(n for k, n in enumerate(found.shape) if k != axis)
    hot = f.move(reshaped(found, flat).hot(f), lambda n: np.moveaxis(n, -1, axis))  # type: ignore[attr-defined]
    low = float(below.constant.flat[0])
    return f.each("Affine", hot, scale=number(a["value"]) - low, shift=low)


@means("embedding")
def _embedding(f: Flow, a: Args) -> Value:
    return _rows(f, a["weight"], _chosen(a["indices"]))


def _rows(f: Flow, table: Value, found: Places) -> Value:
    """Rows of a table, as products with what is one at the place."""
    hot = found.hot(f)
    flat = reshaped(hot, (int(np.prod(found.shape)), hot.shape[-1]))
    width = table.shape[1:]
    made = f.matmul(flat, reshaped(table, (table.shape[0], int(np.prod(width)))))
    return reshaped(made, (*found.shape, *width))


def taken(f: Flow, table: Value, indices: list[Any]) -> Value | None:
    """What is taken of a table by places along its first axis; None where it is taken otherwise."""
    rest = [at for at in indices[1:] if at is not None]
    return _rows(f, table, indices[0]) if indices and isinstance(indices[0], Places) and not rest else None


def _chosen(value: Value) -> Places:
    if not isinstance(value, Places):
        raise StudioError("it takes values from places that depend on the picture, which is not supported.")
    return value
