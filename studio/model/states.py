"""Numbers of a document's states, by which it is known whether what is open is what was saved."""

from __future__ import annotations

from itertools import count
from typing import Any

from studio.model.preset import Preset
from studio.model.section import Section

_MOST = 64
"""States that are remembered beside those of before, of one set of tensors and of sets of tensors."""


class States:
    """Gives every state a number; with the same tensors and equal sections it is the same number again.

    So bypassing a layer and letting it work again leaves a preset as it was saved, undone or not.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._alike: dict[int, list[tuple[dict[Section[Any], Any], int]]] = {}

    def fresh(self) -> int:
        """A number that nothing has yet: of a state, or of a set of tensors."""
        return next(self._numbers)

    def of(self, tensors: int, preset: Preset) -> int:
        """The number of a state.

        Args:
            tensors: the number of its network and tensors; see `fresh`.
            preset: its sections count.
        """
        sections = {key: value for key, value in preset.sections.items() if value != key.default}
        known = self._alike.setdefault(tensors, [])
        for held, number in known:
            if held == sections:
                return number
        known.append((sections, self.fresh()))
        # The first is the one that may have been saved.
        del known[1:-_MOST]
        while len(self._alike) > _MOST:
            del self._alike[next(iter(self._alike))]
        return known[-1][1]
