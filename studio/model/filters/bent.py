"""The tensors of a network as they are bent: copied when first written to, and compared with the trained ones."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np

from studio.errors import StudioError, choices
from studio.model.filters.edit import Patch
from studio.model.filters.room import Room
from studio.model.filters.version import TWO_64, Version, differing, sum_of, total_of
from studio.model.networks.layout import check_rect, crop, from_sheet, put, sheet_size
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

_MOST = 1 << 23
"""Weights that are summed up at once: some 50 ms."""

_SMALL = 1 << 16
"""Weights in a rectangle up to which it is compared at once; what is larger, when it is asked for."""


class BentTensors:
    """Every tensor of a network as it is now; those that nothing has bent are the network's own arrays.

    Args:
        network: as it was trained; never written to.
        changed: the tensors that are bent, by full name; copied.
        room: for copies of large ones; None makes new memory for each.
    """

    def __init__(self, network: Network, changed: Mapping[str, Array], room: Room | None = None) -> None:
        self._room = room or Room()
        self._trained = {name: Version(tensor, differing=0, mark=0) for name, tensor in network.tensors.items()}
        self._now = dict(self._trained)
        self._now |= {name: Version(np.array(tensor, np.float32, order="C")) for name, tensor in changed.items()}
        self._totals: dict[str, int] = {}  # of trained tensors, where they were asked for
        # Those that nobody else has, and that are written to where they lie.
        self._own = set(changed)

    def __contains__(self, name: str) -> bool:
        return name in self._now

    def __getitem__(self, name: str) -> Array:
        """A tensor as it is now, which later changes may or may not write to; not to be written to.

        Raises:
            StudioError: where there is no such tensor.
        """
        if name not in self._now:
            raise StudioError(f'There is no tensor "{name}"; this network has {choices(self._now, name)}.')
        return self._now[name].values

    def hold(self, name: str) -> Version:
        """A tensor as it is now, which stays so; StudioError where there is no such tensor."""
        self[name]
        self._own.discard(name)
        return self._now[name]

    def trained(self, name: str) -> Version:
        """A tensor as it was trained."""
        return self._trained[name]

    def is_bent(self, name: str) -> bool:
        """Whether a tensor differs from its trained values in any bit."""
        self[name]
        now = self._now[name]
        if now.differing is None:
            now.differing = differing(now.values, self._trained[name].values)
        return now.differing > 0

    def names(self) -> frozenset[str]:
        """The tensors that are bent."""
        return frozenset(filter(self.is_bent, self._now))

    def marks(self) -> frozenset[tuple[str, int]]:
        """What the tensors are known by: equal, as good as surely, where they are alike in every bit.

        Where tens of millions of weights have changed at once, they get a mark that nothing else has: the window waits.
        """
        room = _MOST
        for name in filter(self.is_bent, self._now):
            now = self._now[name]
            if now.mark is None:
                room -= now.values.size
                now.mark = self._mark_of(name) if room >= 0 else random.getrandbits(64)
        return frozenset((name, now.mark or 0) for name, now in self._now.items() if self.is_bent(name))

    def _mark_of(self, name: str) -> int:
        if name not in self._totals:
            self._totals[name] = total_of(self._trained[name].values)
        return (total_of(self._now[name].values) - self._totals[name]) % TWO_64

    def bent(self) -> dict[str, Array]:
        """The tensors that are bent, as they are now and stay."""
        return {name: self.hold(name).values for name in self._now if self.is_bent(name)}

    def put(self, name: str, patch: Patch) -> None:
        """Write new values into a rectangle of a tensor's sheet; StudioError where they do not fit it."""
        now, trained = self[name], self._trained[name].values
        check_rect(patch.rect, patch.values, now.shape)
        if patch.values.shape == sheet_size(now.shape) and patch.values.size > _SMALL:
            # Nothing of it stays, so nothing is copied.
            self._now[name] = Version(from_sheet(np.asarray(patch.values, now.dtype), now.shape))
            self._own.add(name)
            return
        version = self._now[name]
        if name not in self._own:
            version = self._now[name] = Version(self._room.copy(now), version.differing, version.mark)
            self._own.add(name)
        own = version.values
        if patch.values.size > _SMALL or version.differing is None:
            put(own, patch.rect, patch.values)
            version.differing = version.mark = None
            return
        was, before = crop(trained, patch.rect), crop(own, patch.rect)
        put(own, patch.rect, patch.values)
        after = crop(own, patch.rect)
        version.differing += differing(after, was) - differing(before, was)
        if version.mark is not None:
            sheet = sheet_size(own.shape)
            change = sum_of(after, patch.rect, sheet) - sum_of(before, patch.rect, sheet)
            version.mark = (version.mark + change) % TWO_64

    def swap(self, name: str, version: Version) -> None:
        """Take another version of a tensor; StudioError where there is no such tensor, or its shape is another."""
        shape = self[name].shape
        if version.values.shape != shape:
            raise StudioError(f'Tensor "{name}" has shape {shape}, not {version.values.shape}.')
        self._now[name] = version
        self._own.discard(name)
