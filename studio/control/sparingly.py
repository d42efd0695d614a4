"""Messages about input that arrives by the thousand: each once, and no more than a person can read."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_SAID = 32
"""Sentences that are remembered, so that each is said once."""

_AT_ONCE, _PER_SECOND = 20.0, 1.0
"""How many may be said at once, and how many more a second from then on."""


class Sparingly:
    """Belongs to the thread in which things come in.

    Args:
        say: told the sentences.
        what: what there is more of where something is left unsaid: "OSC messages".
        clock: seconds.
    """

    def __init__(self, say: Callable[[str], object], what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._what, self._clock = say, what, clock
        self._said: OrderedDict[str, None] = OrderedDict()
        self._left, self._room, self._at = 0, _AT_ONCE, clock()

    def __call__(self, sentence: str) -> None:
        """Report a sentence unless it was reported before; where too many come at once, count it."""
        if sentence in self._said:
            return
        self.settle()
        if self._room < 1.0:
            self._left += 1
            return
        self._room -= 1.0
        self._said[sentence] = None
        if len(self._said) > _SAID:
            self._said.popitem(last=False)
        self._say(sentence)

    def settle(self) -> None:
        """Report how many were left out, as soon as there is room for that."""
        now = self._clock()
        self._room = min(_AT_ONCE, self._room + (now - self._at) * _PER_SECOND)
        self._at = now
        if self._left and self._room >= 1.0:
            left, self._left = self._left, 0
            self._room -= 1.0
            self._say(f"{left} more {self._what} could not be used either.")
