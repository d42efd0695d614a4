"""Presets and networks are opened beside what runs; of several asked for, the newest is taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.io.opening import find_and_open
from studio.model.networks.preset import Preset
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.worker import Post, Worker

Then = Callable[[Preset, Path | None], None]
Find = Callable[[], tuple[Preset, Path | None]]


class Loader:
    """Opens presets and networks in a thread of its own.

    Belongs to the window's thread.

    Args:
        post: carries results to the window's thread.
        report: told in one sentence what cannot be opened, and what of a preset cannot be used.

    Attributes:
        opening: what is being opened; empty where nothing is.
    """

    def __init__(self, post: Post, report: Callable[[Message], None]) -> None:
        self.opening = ""
        self._report = report
        self._worker = Worker(post, "loader")
        self._lock = threading.Lock()
        self._newest = 0

    def open(self, name_or_path: str | Path, then: Then, failed: Callable[[], None] = lambda: None) -> None:
        """Read a preset or a network, by path or name; `then` takes it, with the folder of a preset.

        Where it cannot be read the reason is reported, and `failed` called. Of what is superseded by a later call
        neither is called. What is open stays open meanwhile.
        """
        self._begin(str(name_or_path), partial(find_and_open, str(name_or_path)), then, failed)

    def make(self, name: str, make: Callable[[], Preset], then: Then) -> None:
        """Have a preset made there; otherwise as `open`.

        Args:
            name: what is made, for people.
            make: makes it, in the loader's thread: the weights of a large network take a second.
            then: takes it.
        """
        self._begin(name, lambda: (make(), None), then, lambda: None)

    def _begin(self, name: str, find: Find, then: Then, failed: Callable[[], None]) -> None:
        with self._lock:
            self._newest += 1
            number = self._newest
        self.opening = name
        self._worker.do(
            partial(self._read, find, number),
            partial(self._opened, number, then),
            partial(self._failed, number, failed),
            f"Opening {name}",
        )

    def cancel(self) -> None:
        """Forget what is being opened."""
        with self._lock:
            self._newest += 1
        self.opening = ""

    def close(self) -> None:
        """Open nothing more; what is being read is not waited for."""
        self.cancel()
        self._worker.close(0)

    def _read(self, find: Find, number: int) -> tuple[Preset, Path | None] | None:
        with self._lock:
            superseded = number != self._newest
        if superseded:
            return None
        found = find()
        # What the window's thread asks for next, and takes long of large networks: both are kept by them.
        found[0].network.sha256()
        _ = found[0].network.graph.only_size
        return found

    def _opened(self, number: int, then: Then, found: tuple[Preset, Path | None] | None) -> None:
        if number == self._newest and found is not None:
            self.opening = ""
            then(*found)
            for note in found[0].notes:
                self._report(Message(note, "warning"))

    def _failed(self, number: int, failed: Callable[[], None], error: StudioError) -> None:
        if number == self._newest:
            self.opening = ""
            self._report(replace(told(error), about="opening"))
            failed()
