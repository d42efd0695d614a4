"""Work that may take long, one piece after the other in a thread of its own; results come back to who asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import NoReturn, TypeVar

from studio.errors import StudioError
from studio.runtime.services.failures import as_told, raisable

T = TypeVar("T")

Post = Callable[[Callable[[], None]], None]
"""Has something called in the window's thread, soon; it may be asked from any thread."""


class Worker:
    """A thread that does what it is given, in that order.

    Args:
        post: carries results to the window's thread.
        name: of the thread.
        held: whether nothing is done before `begin`, because all of Python is needed for something else.
    """

    def __init__(self, post: Post, name: str = "worker", *, held: bool = False) -> None:
        self._is_held = held
        self._post = post
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._pending: dict[object, str] = {}

    @property
    def pending(self) -> tuple[str, ...]:
        """What it is to write and has not written yet, in words."""
        with self._lock:
            return tuple(self._pending.values())

    def do(
        self,
        work: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[StudioError], None] | None = None,
        doing: str = "Work in the background",
        *,
        writes: bool = False,
    ) -> None:
        """Call `work` in the thread; then, in the window's thread, `then` with its result, or `failed`.

        Whatever it raises comes as a `StudioError`, so that nobody waits for ever; what nobody wants to hear of is
        raised in the window's thread.

        Args:
            work: what to do.
            then: takes what comes of it.
            failed: takes what it raises.
            doing: what it is, in words that begin a sentence: "Exporting to a.onnx".
            writes: whether something is lost where it is cut off.
        """
        key = object()
        if writes:
            with self._lock:
                self._pending[key] = doing

        def job() -> None:
            answer: Callable[[], None]
            try:
                answer = partial(then, work())
            except BaseException as error:  # noqa: BLE001 - it is told to whoever asked
                if failed is not None:
                    answer = partial(failed, as_told(error, doing))
                else:
                    answer = partial(_throw, raisable(error, doing))
            finally:
                with self._lock:
                    self._pending.pop(key, None)
            self._post(answer)

        self._jobs.put(job)
        if not self._is_held:
            self.begin()

    def begin(self) -> None:
        """Do what was given, if it was held until now."""
        self._is_held = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def close(self, timeout: float | None = None) -> bool:
        """Accept no more work, and wait until all is done, at most this many seconds; whether it is."""
        if self._thread is None and self._jobs.empty():
            return True
        self.begin()
        assert self._thread is not None, "it has begun"
        self._jobs.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _throw(error: Exception) -> NoReturn:
    raise error
