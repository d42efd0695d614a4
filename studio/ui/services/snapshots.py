"""Snapshots outlive the window: they are written down as they are taken, and are there at the next start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from studio.errors import StudioError
from studio.io.snapshots import Shelf
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.runtime.live.report import Message
from studio.runtime.services.worker import Worker
from studio.ui.services.fades import Fades
from studio.ui.services.held import Held


class SnapshotKeeper:
    """Keeps what `Fades` holds under the keys.

    Args:
        fades: whose snapshots they are.
        document: what is open; snapshots of its network share its memory.
        shelf: where they lie.
        worker: reads and writes.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        fades: Fades,
        document: Document,
        shelf: Shelf,
        worker: Worker,
        say: Callable[[Message], object],
    ) -> None:
        self._fades, self._shelf, self._worker, self._say = fades, shelf, worker, say
        self._touched: set[int] = set()
        fades.altered.connect(self._write)
        worker.do(partial(shelf.read, document.network), self._bring, self._fail, "Reading the snapshots")

    def _bring(self, read: tuple[dict[int, Preset], list[str]]) -> None:
        found, problems = read
        # What a hand took or forgot meanwhile is newer.
        self._fades.bring({key: Held(preset) for key, preset in found.items() if key not in self._touched})
        for problem in problems:
            self._say(Message(problem, "warning"))

    def _write(self, number: int) -> None:
        self._touched.add(number)
        held, shelf = self._fades.snapshots.get(number), self._shelf
        work = partial(shelf.drop, number) if held is None else partial(shelf.keep, number, held.preset)
        self._worker.do(work, lambda _: None, self._fail, f"Keeping snapshot {number}", writes=True)

    def _fail(self, error: StudioError) -> None:
        self._say(Message(str(error), "error"))
