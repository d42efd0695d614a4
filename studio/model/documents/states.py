"""Numbers of a document's states, by which it is known whether what is open is what was saved."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from itertools import count
from typing import Any

from studio.model.networks.preset import Preset
from studio.model.networks.section import Section

_MOST = 64
"""States that are remembered besides those that were saved: of one set of weights, and sets of weights."""


class States:
    """Gives every state a number; with equal weights and equal sections it is the same number again.

    So whatever is turned back by hand leaves a preset as it was saved, undone or not.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._alike: dict[Hashable, list[tuple[dict[Section[Any], Any], int]]] = {}

    def fresh(self) -> int:
        """A number that nothing has yet: of a network, or of a state."""
        return next(self._numbers)

    def of(self, weights: Hashable, preset: Preset, saved: Collection[int] = ()) -> int:
        """The number of a state.

        Args:
            weights: what its network and tensors are known by.
            preset: its sections count.
            saved: the numbers of states that are not to be forgotten.
        """
        sections = {key: value for key, value in preset.sections.items() if value != key.default}
        known = self._alike.setdefault(weights, [])
        for held, number in known:
            if held == sections:
                return number
        made = self.fresh()
        known.append((sections, made))
        self._forget({*saved, made}, weights)
        return made

    def _forget(self, kept: Collection[int], weights: Hashable) -> None:
        known = self._alike[weights]
        if len(known) > _MOST:
            oldest = next((state for state in known if state[1] not in kept), None)
            if oldest is not None:
                known.remove(oldest)
        if len(self._alike) > _MOST:
            for each, states in self._alike.items():
                if not any(number in kept for _, number in states):
                    del self._alike[each]
                    return
