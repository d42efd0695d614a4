"""The tensors of a network as they are bent: copied when first written to, and compared with the trained ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.edit import Patch
from studio.model.layout import Rect, crop, put, sheet_size, to_sheet
from studio.model.network import Network
from studio.model.op import Array

_MOST = 1 << 23
"""Weights that are summed up at once: some 50 ms."""

_TWO_64 = 1 << 64

_SMALL = 1 << 16
"""Weights in a rectangle up to which it is compared at once; what is larger, when it is asked for."""


class BentTensors:
    """Every tensor of a network as it is now; those that nothing has bent are the network's own arrays.

    Args:
        network: as it was trained; never written to.
        changed: the tensors that are bent, by full name; copied.
    """

    def __init__(self, network: Network, changed: Mapping[str, Array]) -> None:
        self._network = network
        self._tensors: dict[str, Array] = dict(network.tensors)
        self._tensors |= {name: np.array(tensor, np.float32, order="C") for name, tensor in changed.items()}
        # Arrays that belong to the history, too, and must be copied before they are written to.
        self._shared: set[str] = set()
        # How many weights of a tensor differ from the trained ones, where that is known: a dab need not compare all.
        self._differing: dict[str, int] = {}
        # Of tensors, where it is known: a number that two hardly ever share, unless they are alike in every bit.
        self._sums: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __getitem__(self, name: str) -> Array:
        """A tensor as it is now, which later changes may or may not write to; not to be written to.

        Raises:
            StudioError: where there is no such tensor.
        """
        if name not in self._tensors:
            raise StudioError(f'There is no tensor "{name}"; this network has {", ".join(self._tensors)}.')
        return self._tensors[name]

    def is_bent(self, name: str) -> bool:
        """Whether a tensor differs from its trained values in any bit."""
        if name not in self._differing:
            now, trained = self[name], self._network.tensors[name]
            self._differing[name] = 0 if now is trained else _differing(now, trained)
        return self._differing[name] > 0

    def names(self) -> frozenset[str]:
        """The tensors that are bent."""
        return frozenset(filter(self.is_bent, self._tensors))

    def marks(self) -> frozenset[tuple[str, int]]:
        """What the tensors are known by: equal, as good as surely, where they are alike in every bit.

        Where tens of millions of weights have changed at once, they get a mark that nothing else has: the window waits.
        """
        room = _MOST
        for name in filter(self.is_bent, self._tensors):
            if name not in self._sums:
                tensor = self._tensors[name]
                sheet, room = sheet_size(tensor.shape), room - tensor.size
                known = _sum(to_sheet(tensor), Rect(0, 0, *sheet), sheet) if room >= 0 else random.getrandbits(64)
                self._sums[name] = known
        return frozenset((name, self._sums[name]) for name in self._tensors if self.is_bent(name))

    def copies(self) -> dict[str, Array]:
        """Copies of the tensors that are bent."""
        return {name: tensor.copy() for name, tensor in self._tensors.items() if self.is_bent(name)}

    def put(self, name: str, patch: Patch) -> None:
        """Write new values into a rectangle of a tensor's sheet; StudioError where they do not fit it."""
        own, trained = self[name], self._network.tensors[name]
        known = 0 if own is trained else self._differing.get(name)
        is_own = own is not trained and name not in self._shared
        if not (is_own and own.flags.c_contiguous and own.flags.writeable):
            own = np.array(own, order="C")
        is_small = patch.rect.height * patch.rect.width <= _SMALL and trained.dtype == np.float32
        if known is not None and is_small:
            was, before = crop(trained, patch.rect), crop(own, patch.rect)
            put(own, patch.rect, patch.values)
            now = crop(own, patch.rect)
            self._differing[name] = known - _differing(before, was) + _differing(now, was)
            if name in self._sums:
                sheet = sheet_size(own.shape)
                change = _sum(now, patch.rect, sheet) - _sum(before, patch.rect, sheet)
                self._sums[name] = (self._sums[name] + change) % _TWO_64
        else:
            put(own, patch.rect, patch.values)
            self._differing.pop(name, None)
            self._sums.pop(name, None)
        self._shared.discard(name)
        self._tensors[name] = own

    def swap(self, name: str, tensor: Array) -> None:
        """Take another array in place of a tensor; it belongs to the history, too, and is not written to."""
        self._tensors[name] = tensor
        self._shared.add(name)
        self._differing.pop(name, None)
        self._sums.pop(name, None)


def _differing(one: Array, other: Array) -> int:
    """In how many places two tensors of one shape differ in any bit: NaN is what it is, and -0 is not 0."""
    words = (np.ascontiguousarray(each, np.float32).view(np.uint32) for each in (one, other))
    return int(np.count_nonzero(np.not_equal(*words)))


def _sum(values: Array, rect: Rect, sheet: tuple[int, int]) -> int:
    """The bits of a rectangle of a sheet of this size, times a random number of each row and column, modulo 2^64.

    What is changed can be taken off and added, so a dab need not go over the whole tensor.
    """
    rows, columns = _keys(*sheet)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    lines = np.einsum("yx,x->y", bits, columns[rect.x : rect.x + rect.width])
    return int(rows[rect.y : rect.y + rect.height] @ lines)


@cache
def _keys(height: int, width: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.default_rng(0)
    return rng.integers(1, 1 << 64, height, np.uint64), rng.integers(1, 1 << 64, width, np.uint64)
