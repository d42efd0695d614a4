"""Numbers of the window that routes and macros move: where these have them, and where hands want them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from studio.errors import StudioError
from studio.model.movement.address import Dial

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
        stays: whether it is where it is to be, wherever routes have it, until they have it elsewhere.
    """

    dial: Dial
    base: float
    at: float | None = None
    seen: deque[float] = field(default_factory=lambda: deque(maxlen=32))
    stays: bool = False

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
        """Have numbers moved from now on, and no others: these go back to where they were, but for `Dial.lead`.

        Returns:
            Those that there are, each with what it moves about.
        """
        there = {dial.number.address: dial for dial in dials}
        asked = set(wanted)
        for address in [address for address in self._led if address not in asked or address not in there]:
            # One that goes back may have others looked at.
            held = self._led.pop(address, None)
            if held is not None and address in there and not held.dial.runs and held.dial.lead is None:
                self._try(there[address].set, held.base)
        for address in sorted(asked & there.keys()):
            held = self._led.setdefault(address, _Led(there[address], there[address].get()))
            held.dial = there[address]
        return tuple((held.dial, held.base) for held in self._led.values())

    def leave(self) -> None:
        """Something else is open now: what changes it by `Dial.lead` stays away until routes move on."""
        for held in self._led.values():
            held.stays = held.dial.lead is not None

    @property
    def stays(self) -> bool:
        """Whether one of them stays."""
        return any(held.stays for held in self._led.values())

    def move(self, values: Mapping[str, float], *, is_old: bool = False) -> bool:
        """Routes have numbers here now; whether hands have turned one of them meanwhile.

        Args:
            values: by address.
            is_old: whether these are routes of what was open before; numbers that stay take no notice of them.
        """
        turned, self.refused = False, ""
        for address, held in list(self._led.items()):
            # One that is moved may change which there are: a preset that is mixed has other routes.
            if address not in values or self._led.get(address) is not held:
                continue
            value = held.dial.number.clipped(values[address])
            if not held.stays:
                turned |= held.turn()
                self._try(held.move, value)
            elif not is_old:
                held.at, held.stays = value, False
        return turned

    def _try(self, move: Callable[[float], object], value: float) -> None:
        try:
            move(value)
        except StudioError as error:
            self.refused = str(error)
