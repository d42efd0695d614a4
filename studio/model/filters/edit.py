"""What an edit of filters is: declared parameters, and a pure function from weights and a selection to a patch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import PrivateAttr

from studio.errors import StudioError
from studio.model.declared.param import Declared
from studio.model.declared.plugins import guarded
from studio.model.filters.selection import Mask as Mask
from studio.model.filters.selection import Selection as Selection
from studio.model.networks.layout import Rect, kernel_grid, put
from studio.model.networks.shape import Array

Kernels = NDArray[np.floating[Any]]

_LARGEST = float(np.finfo(np.float32).max)
# Weights worked on at once: their float64 copies stay in a core's cache.
_PIECE = 65536


@dataclass(frozen=True, eq=False)
class Patch:
    """New values for a rectangle of a filter sheet.

    Attributes:
        rect: where, in weights.
        values: (rect.height, rect.width) float32.
    """

    rect: Rect
    values: Array

    def applied(self, tensor: Array) -> Array:
        """A copy of the tensor, C-contiguous, with this patch in it."""
        changed = np.array(tensor, order="C")
        put(changed, self.rect, self.values)
        return changed


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of the block of kernels around a selection.

    Attributes:
        kernels: (rows, columns, kh, kw); a float64 copy, or for edits that only move weights a read-only float32 view.
        selected: (rows, columns) of these.
        rows: where they lie in the tensor's grid of kernels.
        columns: the same across.
    """

    kernels: Kernels
    selected: Mask
    rows: slice
    columns: slice


Rule = Callable[[Piece], Kernels]


@dataclass(frozen=True, eq=False)
class _Held:
    """An array that two edits share only where it is the very same."""

    array: Array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.array is self.array

    def __hash__(self) -> int:
        return id(self.array)


class Edit(Declared):
    """One edit of filters, with its parameters.

    A subclass in ``studio/edits`` is all there is to an edit: its label and docstring make the menu entry, its
    parameters the form, and a generated test runs it on every kind of tensor. Vectors (biases) are edited as one row
    of 1×1 kernels. An edit is immutable and keeps nothing between calls, so any thread may apply it.
    """

    label: ClassVar[str]
    """What menus and the undo list call it."""

    group: ClassVar[str] = "More"
    """Under which heading menus list it."""

    in_pieces: ClassVar[bool] = False
    """Whether some rows of kernels can be changed without the others, so that large tensors need no large copies."""

    moves: ClassVar[bool] = False
    """Whether it makes weights of weights without arithmetic, so that float32 does; it must not write to its input."""

    needs_other: ClassVar[bool] = False
    """Whether it needs a second tensor of the same shape, which `with_other` gives it."""

    _other: _Held | None = PrivateAttr(None)

    def with_other(self, other: Array) -> Self:
        """This edit with a second tensor to work from: the originals, or the same layer of another network.

        Args:
            other: float32 of the shape of the tensor to be edited; kept without a copy, so it must not change.

        Raises:
            ValueError: for an edit that needs none.
        """
        if not self.needs_other:
            raise ValueError(f"{type(self).__name__} takes no other tensor")
        edit = self.model_copy()
        edit._other = _Held(np.asarray(other, np.float32))
        return edit

    def other(self, tensor: Array) -> Array:
        """The second tensor as a grid of kernels; StudioError where there is none or where its shape is another."""
        if self._other is None:
            raise StudioError(f"{self.label} needs a second tensor; choose the originals or another network.")
        other = self._other.array
        if other.shape != tensor.shape:
            a, b = ("×".join(map(str, shape)) for shape in (other.shape, tensor.shape))
            raise StudioError(f"{self.label} needs two tensors of one shape, not {a} and {b}; choose another network.")
        return other.reshape(kernel_grid(other.shape))

    def apply(self, tensor: Array, selection: Selection) -> Patch:
        """What the edit makes of the selected kernels; all others keep their weights bit for bit.

        Args:
            tensor: float32 of one, two or four axes; not changed.
            selection: over the tensor's kernel grid.

        Returns:
            The smallest block of whole kernels that holds the selection. Results beyond float32's range become its
            largest values: finite weights stay finite.

        Raises:
            StudioError: where nothing is selected, the selection is of another grid, or the edit cannot work on
                kernels of this size.
        """
        with guarded(self):
            return self._applied(tensor, selection)

    def _applied(self, tensor: Array, selection: Selection) -> Patch:
        selection.check(tensor.shape)
        rows, columns = selection.bounds()
        kernels = tensor.reshape(kernel_grid(tensor.shape))
        rule = self.rule(tensor, selection)
        _, width, kh, kw = kernels[rows, columns].shape
        values = np.empty(((rows.stop - rows.start) * kh, width * kw), np.float32)
        for some in bands(rows, width * kh * kw) if self.in_pieces else [rows]:
            block, selected = kernels[some, columns], selection.mask[some, columns]
            block.flags.writeable = False
            changed = rule(Piece(block if self.moves else block.astype(np.float64), selected, some, columns))
            changed = np.asarray(changed, np.float32) if self.moves else saturated(changed)
            if not selected.all():
                changed = _kept(changed, block, ~selected)
            lay(changed, values[(some.start - rows.start) * kh : (some.stop - rows.start) * kh])
        return Patch(Rect(rows.start * kh, columns.start * kw, *values.shape), values)

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """What makes the new kernels of a piece, called for each piece from the first row on.

        An edit whose outcome depends on more than a kernel's own weights overrides this, and finds out here what
        concerns the tensor as a whole; for all others there is `change`.

        Args:
            tensor: float32, whole; must not be changed.
            selection: over its kernel grid; checked.
        """
        del tensor, selection
        return lambda piece: self.change(piece.kernels, piece.selected)

    def change(self, kernels: Kernels, selected: Mask) -> Kernels:
        """The rule of the edit.

        Args:
            kernels: (rows, columns, kh, kw) of the block around the selection, or, ``in_pieces``, some rows of it:
                a copy in float64, or the float32 weights themselves where the edit only ``moves`` them.
            selected: (rows, columns) of that block; what is returned for the other kernels is ignored.

        Returns:
            The new kernels, of the same shape; may be ``kernels``, a copy being changed in place.
        """
        raise NotImplementedError


def bands(rows: slice, row_size: int) -> Iterator[slice]:
    """Rows in bands that a processor's cache holds, ``row_size`` being the weights of one row."""
    step = max(1, _PIECE // row_size)
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def saturated(values: Kernels) -> Array:
    """To float32, what lies beyond its range becoming its largest finite values."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return np.clip(narrow, -_LARGEST, _LARGEST, out=narrow)


def _kept(changed: Array, kernels: Array, kept: Mask) -> Array:
    """A copy of the changed kernels with those as they were that are kept."""
    rows, columns, kh, kw = kernels.shape
    both = np.array(changed, order="C")
    # A kernel moved as one item takes a fifth of the time that its weights take one by one.
    item = np.dtype((np.void, kh * kw * kernels.itemsize))
    old = np.ascontiguousarray(kernels).reshape(rows, columns, -1).view(item)
    np.copyto(both.reshape(rows, columns, -1).view(item), old, where=kept[:, :, None])
    return both


def lay(kernels: Array, sheet: Array) -> None:
    """Write kernels (rows, columns, kh, kw) into their sheet, (rows * kh, columns * kw), which must be contiguous."""
    rows, columns, kh, kw = kernels.shape
    # A row of a kernel moved as one item takes a third of the time that its weights take one by one.
    item = np.dtype((np.void, kw * kernels.itemsize))
    items = np.ascontiguousarray(kernels).view(item).reshape(rows, columns, kh)
    sheet.view(item).reshape(rows, kh, columns)[...] = items.transpose(0, 2, 1)
