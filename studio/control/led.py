"""Numbers of the window that routes and macros move: where these have them, and where hands want them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from studio.errors import StudioError
from studio.model.address import Dial

_HAIR = 1e-9


@dataclass(eq=False)
class _Led:
    """A number that is moved.

    Attributes:
        dial: the newest that stands for it.
        base: what it moves about, and goes back to.
        at: where it was moved to last.
        seen: where it was moved to of late, and what it then said that it is; what it says besides is a hand's doing.
            Some say only later where they are, and some go no farther than they can.
    """

    dial: Dial
    base: float
    at: float | None = None
    seen: deque[float] = field(default_factory=lambda: deque(maxlen=32))

    def turn(self) -> bool:
        """Whether a hand has turned it since it was moved last: the base goes as far."""
        now = self.dial.get()
        if self.at is None or self.dial.runs or any(abs(now - each) <= _HAIR for each in self.seen):
            return False
        self.base = self.dial.number.clipped(self.base + now - self.at)
        self.seen.append(now)
        return True

    def move(self, value: float) -> None:
        """Be moved there, unless it is there."""
        if value != self.at:
            self.at = value
            self.seen.append(value)
            (self.dial.lead or self.dial.set)(value)
            self.seen.append(self.dial.get())


class Led:
    """Moves them; belongs to the thread of those whose numbers they are.

    Attributes:
        refused: why one could not be moved the last time, in a sentence; empty where all could.
    """

    def __init__(self) -> None:
        self.refused = ""
        self._led: dict[str, _Led] = {}

    def base(self, dial: Dial) -> float:
        """Where a number was turned to, whether it is moved or not."""
        held = self._led.get(dial.number.address)
        return dial.get() if held is None else held.base

    def turn(self, dial: Dial, value: float) -> None:
        """Turn a number to a checked value: where it is moved, that is what it moves about from then on."""
        held = self._led.get(dial.number.address)
        if held is None:
            dial.set(value)
        else:
            held.base = value

    def lead(self, dials: Iterable[Dial], wanted: Iterable[str]) -> tuple[tuple[Dial, float], ...]:
        """Have numbers moved from now on, and no others: these go back to where they were.

        Returns:
            Those that there are, each with what it moves about.
        """
        there = {dial.number.address: dial for dial in dials}
        asked = set(wanted)
        for address in [address for address in self._led if address not in asked or address not in there]:
            held = self._led.pop(address)
            if address in there and not held.dial.runs:
                # Slots of a crossfader may hold another network than what has just been opened.
                with suppress(StudioError):
                    there[address].set(held.base)
        for address in sorted(asked & there.keys()):
            held = self._led.setdefault(address, _Led(there[address], there[address].get()))
            held.dial = there[address]
        return tuple((held.dial, held.base) for held in self._led.values())

    def move(self, values: Mapping[str, float]) -> bool:
        """Routes have numbers here now; whether hands have turned one of them meanwhile."""
        turned, self.refused = False, ""
        for address, held in self._led.items():
            if address in values:
                turned |= held.turn()
                try:
                    held.move(held.dial.number.clipped(values[address]))
                except StudioError as error:
                    self.refused = str(error)
        return turned
