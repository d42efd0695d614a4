"""Things dealt to a few threads, one after the other, and what these make of them in the same order.

::

    things ──┬── thread 0: things 0, 2, 4 ... ──┬── what is made of them
             └── thread 1: things 1, 3, 5 ... ──┘

What threads do here FFmpeg, OpenCV or numpy does, and Python's lock is free meanwhile. Each thread has its own maker,
which may remember what only that thread has seen.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

from studio.cores import usable_cores
from studio.model.declared.size import Size

T = TypeVar("T")
R = TypeVar("R")

_MOST = 6
"""Threads, of which fewer keep up with any decoder and any encoder."""
_PIXELS = 1 << 24
"""Of pictures that are made at once, together: 48 MB of 8 bits a value."""


def several(size: Size) -> int:
    """How many pictures of a size are made at once."""
    return max(1, min(usable_cores(), _MOST, _PIXELS // max(1, size.pixels)))


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class Dealt(Generic[T, R]):
    """Threads that make something of what they are given.

    Args:
        makers: what each thread makes of a thing.
        name: that threads are known by.
    """

    def __init__(self, makers: Sequence[Callable[[T], R]], name: str) -> None:
        self._given = self._taken = 0
        self._closed = threading.Event()
        self._made: list[SimpleQueue[R | _Failed]] = [SimpleQueue() for _ in makers]
        self._asked: list[SimpleQueue[tuple[T] | None]] = [SimpleQueue() for _ in makers]
        work = zip(self._asked, makers, self._made, strict=True)
        self._threads = [threading.Thread(target=_work, args=(*each, self._closed), name=name) for each in work]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def __len__(self) -> int:
        """Things that were given, and that nobody has taken yet what is made of them."""
        return self._given - self._taken

    def give(self, thing: T) -> None:
        """Let the next thread begin, once it is done with what it has."""
        self._asked[self._given % len(self._asked)].put((thing,))
        self._given += 1

    def take(self) -> R:
        """Wait for what is made of the first thing of which that was not taken yet; raises what making it raised."""
        made = self._made[self._taken % len(self._made)].get()
        self._taken += 1
        if isinstance(made, _Failed):
            raise made.error
        return made

    def close(self) -> None:
        """End the threads; what they have not begun is left."""
        self._closed.set()
        for asked in self._asked:
            asked.put(None)
        # They are gone, unjoined, with an interpreter that ends while somebody has not taken all.
        if sys.is_finalizing():
            return
        for thread in self._threads:
            thread.join()


def _work(
    asked: SimpleQueue[tuple[T] | None],
    make: Callable[[T], R],
    made: SimpleQueue[R | _Failed],
    closed: threading.Event,
) -> None:
    while (given := asked.get()) is not None and not closed.is_set():
        try:
            made.put(make(*given))
        except BaseException as error:  # noqa: BLE001 - raised again where it is taken
            made.put(_Failed(error))
        del given  # a picture does not stay for as long as nothing comes


def dealt(things: Iterable[T], makers: Sequence[Callable[[T], R]], name: str) -> Iterator[R]:
    """What several threads make of things, in their order; twice as many as there are makers are on their way.

    One maker has no thread, and makes each as it is asked for.

    Args:
        things: taken in the thread that asks. Where they end by an error, what was made before comes first; an
            interrupt at the keyboard waits for nothing.
        makers: what each thread makes of a thing.
        name: that threads are known by.
    """
    if len(makers) == 1:
        yield from map(makers[0], things)
        return
    threads, ended = Dealt(makers, name), None
    coming = iter(things)
    try:
        while ended is None:
            try:
                threads.give(next(coming))
            except Exception as error:  # noqa: BLE001 - raised again behind what was made before
                ended = error
            while len(threads) > (2 * len(makers) - 1 if ended is None else 0):
                yield threads.take()
        if not isinstance(ended, StopIteration):
            raise ended
    finally:
        threads.close()
