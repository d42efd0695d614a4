"""Undo and redo: commands in the order in which they were done, bounded by the memory they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LIMIT = 512 * 2**20
"""Bytes that a history holds unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Command:
    """Something that was done, and can be undone.

    Attributes:
        label: what lists call it.
        nbytes: memory that it keeps alive.
        undo: takes it back.
        redo: does it again.
    """

    label: str
    nbytes: int
    undo: Callable[[], None]
    redo: Callable[[], None]


class History:
    """The commands done so far, and those undone since; noting one costs the same however many there are.

    Past its limit the oldest commands are forgotten; the newest is kept however large it is.

    Args:
        limit: bytes that all commands together may keep alive.

    Attributes:
        nbytes: memory that they keep alive.
        pushed: how many commands were ever noted: where it is another, the list is another.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.nbytes = 0
        self.pushed = 0
        self._limit = limit
        # The forgotten ones are let go of at once, their places when they are many.
        self._places: list[Command | None] = []
        self._first = 0
        self._has_forgotten = False
        self._done = 0

    @property
    def has_forgotten(self) -> bool:
        """Whether there were commands before the first."""
        return self._has_forgotten

    @property
    def labels(self) -> tuple[str, ...]:
        """What each command is called, oldest first; those that were undone last."""
        return tuple(self.label(number) for number in range(len(self)))

    def __len__(self) -> int:
        """How many commands there are, done and undone."""
        return len(self._places) - self._first

    def label(self, number: int) -> str:
        """What a command is called; 0 is the oldest."""
        return self.command(number).label

    @property
    def position(self) -> int:
        """How many of them are done."""
        return self._done

    def push(self, command: Command) -> None:
        """Note a command that has just been done; what was undone can no longer be redone."""
        for number in range(self._done, len(self)):
            self.nbytes -= self.command(number).nbytes
        del self._places[self._first + self._done :]
        self._places.append(command)
        self.nbytes += command.nbytes
        self.pushed += 1
        while self.nbytes > self._limit and len(self) > 1:
            self.nbytes -= self.command(0).nbytes
            self._places[self._first] = None
            self._first += 1
            self._has_forgotten = True
        if self._first > len(self):
            del self._places[: self._first]
            self._first = 0
        self._done = len(self)

    def command(self, number: int) -> Command:
        """One of them; 0 is the oldest."""
        found = self._places[self._first + number]
        assert found is not None, "what is forgotten lies before the first"
        return found

    def undo(self) -> bool:
        """Take back the last command; False where there is none."""
        if not self._done:
            return False
        self._done -= 1
        self.command(self._done).undo()
        return True

    def redo(self) -> bool:
        """Do the next command again; False where there is none."""
        if self._done == len(self):
            return False
        self.command(self._done).redo()
        self._done += 1
        return True

    def go(self, position: int) -> None:
        """Undo or redo until so many commands are done; ValueError for a place that there is not."""
        if not 0 <= position <= len(self):
            raise ValueError(f"there are {len(self)} commands, so no position {position}")
        while self._done > position:
            self.undo()
        while self._done < position:
            self.redo()
