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
    """The commands done so far, and those undone since.

    Past its limit the oldest commands are forgotten; the newest is kept however large it is.

    Args:
        limit: bytes that all commands together may keep alive.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._commands: list[Command] = []
        self._done = 0
        self._has_forgotten = False

    @property
    def has_forgotten(self) -> bool:
        """Whether there were commands before the first."""
        return self._has_forgotten

    @property
    def labels(self) -> tuple[str, ...]:
        """What each command is called, oldest first; those that were undone last."""
        return tuple(command.label for command in self._commands)

    @property
    def position(self) -> int:
        """How many of them are done."""
        return self._done

    @property
    def nbytes(self) -> int:
        """Memory that they keep alive."""
        return sum(command.nbytes for command in self._commands)

    def push(self, command: Command) -> None:
        """Note a command that has just been done; what was undone can no longer be redone."""
        del self._commands[self._done :]
        self._commands.append(command)
        held = self.nbytes
        while held > self._limit and len(self._commands) > 1:
            held -= self._commands.pop(0).nbytes
            self._has_forgotten = True
        self._done = len(self._commands)

    def undo(self) -> bool:
        """Take back the last command; False where there is none."""
        if not self._done:
            return False
        self._done -= 1
        self._commands[self._done].undo()
        return True

    def redo(self) -> bool:
        """Do the next command again; False where there is none."""
        if self._done == len(self._commands):
            return False
        self._commands[self._done].redo()
        self._done += 1
        return True

    def go(self, position: int) -> None:
        """Undo or redo until so many commands are done; ValueError for a place that there is not."""
        if not 0 <= position <= len(self._commands):
            raise ValueError(f"there are {len(self._commands)} commands, so no position {position}")
        while self._done > position:
            self.undo()
        while self._done < position:
            self.redo()
