"""What has been learnt, as versions of tensors that a document takes without looking at them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.model.documents.document import Document
from studio.model.filters.version import Version, total_of
from studio.model.networks.network import same_bits
from studio.model.networks.shape import Array


class Versions:
    """Measures tensors in the thread that learns, so that the document's thread need not.

    What has come to be what it was is that version again, so that nothing is told to have changed that has not.

    Args:
        begun: what the document held when the lesson began, by the name of each tensor.
        trained: what it holds as trained.
    """

    def __init__(self, begun: Mapping[str, Version], trained: Mapping[str, Array]) -> None:
        self._begun, self._trained = begun, trained
        self._newest: dict[str, Version] = {}
        self._totals: dict[str, int] = {}

    @classmethod
    def of_document(cls, document: Document) -> Versions:
        """Those of a document as it is now; called in its thread."""
        trained = document.network.tensors
        return cls({name: document.hold(name) for name in trained}, trained)

    def of(self, tensors: Mapping[str, Array]) -> dict[str, Version]:
        """The versions that these are, by name; those that the document does not have are left out.

        Args:
            tensors: each in its own shape, not to be written to any more.
        """
        return {name: self._of(name, values) for name, values in tensors.items() if name in self._trained}

    def _of(self, name: str, values: Array) -> Version:
        for known in (self._newest.get(name), self._begun[name]):
            if known is not None and _is(known.values, values):
                self._newest[name] = known
                return known
        trained = self._trained[name]
        if name not in self._totals:
            self._totals[name] = total_of(trained)
        made = self._newest[name] = Version.measured(values, trained, self._totals[name])
        return made


def _is(one: Array, other: Array) -> bool:
    """Whether two are alike in every bit; where they are not, that is mostly seen at once."""
    few = one.reshape(-1)[:1024], other.reshape(-1)[:1024]
    return same_bits(*few) and same_bits(one, np.asarray(other))
