"""Every number that can be reached now: the document's, and those of source, view and output, under one roof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from studio.control.led import Led
from studio.control.quantised import switches_of
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement.address import Dial, Number, nothing_at, owner_of, split
from studio.model.numbers import owners

Dials = Callable[[], Iterable[Dial]]
Find = Callable[[str], Dial | None]

UNMOVED = ("/tempo/", "/panel/", "/command/")
"""What no route and no macro moves: the time by which they move, and what is pressed and chosen in the window."""


class Namespace:
    """Lists, reads and turns numbers by their addresses. It belongs to the document's thread.

    What controllers turn in the document is a gesture each as long as they go on turning; `settle` ends it, so that a
    whole turn of a knob is one item of the history.

    Args:
        document: whose numbers come first.

    Attributes:
        led: those others that routes move.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._dials: list[Dials] = []
        self._owned: dict[str, tuple[Dials, Find]] = {}
        self.led = Led()
        self._gesture: Gesture | None = None

    def add(self, dials: Dials) -> None:
        """Let the numbers of something else be reached: it is asked for them whenever they are looked for."""
        self._dials.append(dials)

    def add_owner(self, owner: str, dials: Dials, find: Find) -> None:
        """Let many numbers be reached whose addresses all begin with one part, and which are found one by one.

        No route moves them; see `UNMOVED`.

        Args:
            owner: that part.
            dials: all of them, which may take milliseconds to find.
            find: the one at an address, at once; None where there is none.
        """
        self._owned[owner] = dials, find

    def numbers(self) -> dict[str, Number]:
        """Every number by its address."""
        found = {number.address: number for number in self._document.numbers()}
        return found | {dial.number.address: dial.number for dial in (*self._others(), *self._of_owners())}

    def listed(self) -> dict[str, tuple[Number, float]]:
        """Every number with its value, by its address."""
        return self.unowned() | self.owned()

    def unowned(self) -> dict[str, tuple[Number, float]]:
        """All but those of `add_owner`, which are found at once."""
        return {each.address: (each, value) for each, value in self._document.listed()} | _values(self._others())

    def owned(self) -> dict[str, tuple[Number, float]]:
        """Those of `add_owner`."""
        return _values(self._of_owners())

    def is_owned(self, address: str) -> bool:
        """Whether an address is of the kind of those of `add_owner`."""
        return owner_of(address) in self._owned

    def find(self, address: str) -> Number | None:
        """The number at an address; None where there is none. It looks for none alike."""
        if owner_of(address) in owners():
            return self._document.find(address)
        dial = self._found(address)
        return None if dial is None else dial.number

    def get(self, address: str) -> float:
        """The value of a number; StudioError where there is none at this address."""
        waiting = switches_of(self._document).waiting
        if address in waiting:
            # What it is about to be: a key that is pressed twice leaves it as it is.
            return float(waiting[address])
        dial = self._dial(address)
        return self._document.get(address) if dial is None else self.led.base(dial)

    def number(self, address: str) -> Number:
        """The number at an address; StudioError where there is none."""
        dial = self._dial(address)
        return self._document.number(address) if dial is None else dial.number

    def movable(self) -> list[Number]:
        """What routes and macros can move: all but those of `UNMOVED`."""
        there = *self._document.numbers(), *(dial.number for dial in self._others())
        found = {each.address: each for each in there if not each.address.startswith(UNMOVED)}
        return list(found.values())

    def lead(self, wanted: Iterable[str]) -> tuple[tuple[Number, float], ...]:
        """Have those of these that are not the document's moved by `led` alone; each with what it moves about."""
        return tuple((dial.number, base) for dial, base in self.led.lead(self._others(), wanted))

    def set(self, address: str, value: object) -> None:
        """Turn a number at once, undoably where it is the document's.

        Raises:
            StudioError: where there is none at this address, or the value is no number or out of range.
        """
        dial = self._dial(address)
        if dial is None:
            self.settle()
            self._document.set(address, value)
        else:
            self.led.turn(dial, dial.number.checked(value))

    def turn(self, address: str, value: object) -> None:
        """Turn a number as part of a movement that goes on; see `settle`. A switch may wait for its beat.

        Raises:
            StudioError: as `set`.
        """
        dial = self._dial(address)
        if dial is not None:
            self.led.turn(dial, dial.number.checked(value))
            return
        number = self._document.number(address)
        if number.kind == "switch":
            self._switch(number, number.checked(value))
        else:
            self._turn(number, value)

    def _switch(self, number: Number, value: float) -> None:
        at_once = True

        def act() -> None:
            self._turn(number, value)
            if not at_once:
                # Nothing follows that it could be part of.
                self.settle()

        switches_of(self._document).switch(number.address, value >= 0.5, act)
        at_once = False

    def _turn(self, number: Number, value: object) -> None:
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin(f"Turn {number.label}")
        self._gesture.set(number.address, value)

    def settle(self) -> None:
        """The controllers rest: what they turned becomes one item of the history."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None and gesture.is_open:
            gesture.commit()

    def reset(self, address: str) -> None:
        """Turn a number to its default; StudioError where there is none at this address."""
        dial = self._dial(address)
        self.set(address, (self._document.number(address) if dial is None else dial.number).default)

    def _dial(self, address: str) -> Dial | None:
        """The one at an address; None where it is the document's. Hundreds of messages a frame ask for theirs."""
        owner = split(address)[0]
        dial = None if owner in owners() else self._found(address)
        if dial is None and self._document.find(address) is None:
            raise self._nothing_at(address)
        return dial

    def _found(self, address: str) -> Dial | None:
        """The one at an address that is not the document's; None where there is none."""
        owner = owner_of(address)
        if owner in self._owned:
            return self._owned[owner][1](address)
        return next((dial for dial in self._others() if dial.number.address == address), None)

    def _nothing_at(self, address: str) -> StudioError:
        return nothing_at(address, self.numbers())

    def _others(self) -> Iterator[Dial]:
        for dials in self._dials:
            yield from dials()

    def _of_owners(self) -> Iterator[Dial]:
        for dials, _ in self._owned.values():
            yield from dials()


def _values(dials: Iterable[Dial]) -> dict[str, tuple[Number, float]]:
    return {dial.number.address: (dial.number, dial.get()) for dial in dials}
