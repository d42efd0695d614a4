"""Products of two maps, of which attention is made, by `MatMul`."""

from __future__ import annotations

import math

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.arith import Arithmetic
from studio.io.importers._meanings.seen import seen
from studio.io.importers._values.views import Index, Value, constant, move, numbers


class Matrices(Arithmetic):
    """Adds products to a draft."""

    def product(self, a: Value, b: Value) -> Value:
        """``a @ b``: (…, m, k) by (…, k, n), with PyTorch's broadcasting of the axes before."""
        if a.constant is not None and b.constant is not None:
            return constant(np.matmul(a.constant, b.constant))
        rank = max(len(a.shape), len(b.shape), 2)
        if min(len(a.shape), len(b.shape)) < 2:
            raise StudioError(f"it multiplies {a.shape} by {b.shape}; give both two axes or more.")
        before = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = self._spread(a, (*before, *a.shape[-2:])), self._spread(b, (*before, *b.shape[-2:]))
        rows, (m, k), n = math.prod(before), a.shape[-2:], b.shape[-1]
        # As (k, rows, m) and (k, rows, n).
        first = self._held(a, rank).reshape(rows, m, k).transpose(2, 0, 1)
        second = self._held(b, rank).reshape(rows, k, n).transpose(1, 0, 2)
        one, places = self._left(a, first)
        other = self._laid(b, second)
        made = self.draft.add("MatMul", one, other, name=self.name)
        each = math.prod(self.draft.shapes[made][1:])
        # The output's channels are n, at the places of the first map.
        index = np.arange(n, dtype=np.int32) * each + places.reshape(rows, m, 1)
        return self.shown(made, index.reshape(*before, m, n))

    def _spread(self, value: Value, shape: tuple[int, ...]) -> Value:
        return value if value.shape == shape else move(self.draft, value, lambda n: np.broadcast_to(n, shape))

    def _held(self, value: Value, rank: int) -> Index:
        del rank
        return np.asarray(value.constant) if value.constant is not None else numbers(self.draft, value)

    def _left(self, value: Value, index: Index) -> tuple[str, Index]:
        """The first map of a product and where in it its (rows, m) lie: of one row, as the map has them already."""
        have = None if value.is_constant else self.draft.shapes[value.node]
        if have is not None and index.shape[1] == 1 and index.shape[0] == have.channels:
            each = have.height * have.width
            places = index[0, 0]
            same = np.array_equal(index[:, 0], places + np.arange(have.channels, dtype=np.int32)[:, None] * each)
            if same and places.size and int(places.max()) < each:
                return value.node, places
        return self._laid(value, index), np.arange(index.shape[1] * index.shape[2], dtype=np.int32)

    def _laid(self, value: Value, index: Index) -> str:
        if value.is_constant:
            return self.given(index)
        if index.shape[1] > 1 and (index == index[:, :1]).all():
            index = index[:, :1]  # one row counts for all
        return seen(self.draft, value.node, index, self.name)

    def attention(self, query: Value, key: Value, value: Value, mask: Value | None, scale: float) -> Value:
        """``softmax(query @ keyᵀ * scale + mask) @ value``."""
        turned = move(self.draft, key, lambda n: np.swapaxes(n, -1, -2))
        scores = self.product(self.each("Affine", query, scale=scale, shift=0.0), turned)
        scores = scores if mask is None else self.binary("Add", scores, mask)
        shares = self.along(scores, -1, lambda node: self.draft.add("Softmax2d", node, name=self.name))
        return self.product(shares, value)
