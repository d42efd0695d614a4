"""The file of a performance, written beside the picture."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from studio.control.differences import beginning
from studio.errors import StudioError
from studio.io.performances import PerformanceWriter
from studio.io.performed_networks import kept_network
from studio.model.networks.preset import Preset
from studio.model.performances.performance import Event, Take
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told


class Script:
    """A performance's file, written in a thread of its own; the render thread only hands events over."""

    def __init__(self, path: Path, preset: Preset, take: Take) -> None:
        self.path = path
        self.problem: Message | None = None
        self.finished: Path | None = None
        self._queue: SimpleQueue[Event | Callable[[], Iterable[Event]] | None] = SimpleQueue()
        self._queue.put(lambda: beginning(preset))
        self._thread = threading.Thread(target=self._work, args=(preset, take), name="performance", daemon=True)
        self._thread.start()

    def write(self, event: Event | Callable[[], Iterable[Event]]) -> None:
        """Have an event written, or events that are still being worked out."""
        self._queue.put(event)

    def end(self) -> None:
        """That was all."""
        self._queue.put(None)

    def folder_of(self, preset: Preset) -> Path:
        """Where a preset's network lies; one that lies nowhere is saved beside the file, in the thread that asks.

        Raises:
            StudioError: where it cannot be saved.
        """
        return (preset.weights_path or kept_network(preset.network, self.path)).absolute()

    def wait(self) -> None:
        """Until it is written."""
        self._thread.join()

    def _work(self, preset: Preset, take: Take) -> None:
        try:
            if os.path.lexists(self.path):
                raise StudioError(f"{self.path} is there already; give the performance another name.")
            with suppress(StudioError):  # else it is played with the network that is given then
                take = take if take.weights else replace(take, weights=str(self.folder_of(preset)))
            writer = PerformanceWriter(self.path, preset.network.sha256(), preset.name, take)
            try:
                for event in self._events():
                    writer.write(event)
            finally:
                writer.close()
            self.finished = self.path
        except StudioError as error:
            self.problem = Message(f"The performance ends here: {error}", "error")
        except BaseException as error:  # noqa: BLE001 - the picture goes on, and so does its recording
            self.problem = told(error, "Writing the performance")

    def _events(self) -> Iterator[Event]:
        while (found := self._queue.get()) is not None:
            if callable(found):
                yield from found()
            else:
                yield found
