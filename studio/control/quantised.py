"""Switches that fall on the beat: what is switched on or off waits for it, as fades and cuts do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar
from weakref import WeakKeyDictionary

from psygnal import Signal, SignalInstance

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.tempo import Tempo


@dataclass(frozen=True)
class _Waiting:
    value: bool
    due: float
    act: Callable[[], object]


class Switches:
    """What waits to be switched. Belongs to the document's thread.

    Until somebody gives it a tempo, a clock and a quantum, everything is switched at once.

    Attributes:
        changed: emits when something begins to wait, or waits no more.
        tempo: by which beats are counted.
        clock: seconds, in which the tempo counts them.
        quantum: how many beats it waits for a multiple of; 0 for at once.
    """

    changed: ClassVar[SignalInstance] = Signal()  # type: ignore[assignment]

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self.tempo: Callable[[], Tempo]
        self.clock: Callable[[], float]
        self.quantum: Callable[[Tempo], float]
        self._let_go()

    @property
    def waiting(self) -> Mapping[str, bool]:
        """What waits, by what it is called, and whether it is to be on."""
        return MappingProxyType({name: each.value for name, each in self._waiting.items()})

    @property
    def left(self) -> float | None:
        """Seconds until the first of them is due; None where nothing waits."""
        return min((each.due - self.clock() for each in self._waiting.values()), default=None)

    def switch(self, name: str, value: bool, act: Callable[[], object]) -> None:
        """Switch something, now or when the beat falls; it replaces what waited under that name.

        Args:
            name: what is switched: an address, where it has one.
            value: whether it is to be on.
            act: switches it.
        """
        tempo = self.tempo()
        quantum = self.quantum(tempo)
        before = self._waiting.pop(name, None)
        if quantum <= 0.0:
            act()
        elif before is None or before.value == value:
            # Pressed again while it waits, it stays as it is.
            self._waiting[name] = _Waiting(value, tempo.next(self.clock(), quantum), act)
        self.changed.emit()

    def step(self) -> None:
        """Switch what is due."""
        now = self.clock()
        due = [name for name, each in self._waiting.items() if each.due <= now]
        for name in due:
            # What it was to switch may be gone.
            with suppress(StudioError):
                # What is switched first may have the others forgotten.
                if (waiting := self._waiting.pop(name, None)) is not None:
                    waiting.act()
        if due:
            self.changed.emit()

    def forget(self) -> None:
        """Switch nothing of what waits."""
        self._waiting.clear()
        self.changed.emit()

    def close(self) -> None:
        """Forget what waits, and whoever gave a tempo, a clock and a quantum."""
        self._let_go()
        self.forget()

    def _let_go(self) -> None:
        # They are kept as long as the document, which they must not hold: it would never go.
        self.tempo, self.clock, self.quantum = Tempo, lambda: 0.0, lambda _: 0.0


_OF: WeakKeyDictionary[Document, Switches] = WeakKeyDictionary()


def switches_of(document: Document) -> Switches:
    """Those of a document: panels and controllers of one document share them."""
    return _OF.setdefault(document, Switches())
