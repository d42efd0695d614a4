"""A source through a network into a recording: decoding, the network and encoding each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from studio.model.networks.picture import DeepPicture
from studio.runtime.render.coming import DeepComing

T = TypeVar("T")

# Enough to even out a slow frame on either side; more would only hold memory.
_WAITING = 4
HELD = _WAITING + 1
"""Pictures that a `Recorder` may still hold when it has taken one: those that wait, and the one that is written."""


class _End:
    """What a queue ends with."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Channel(Generic[T]):
    """A bounded queue between two threads that either may close, with an error or without.

    Places that are free are handed back by a queue of their own: a bounded one of Python's is written in Python, and
    takes its lock from lanes that run beside.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[T | _End] = SimpleQueue()
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(_WAITING):
            self._free.put(None)
        self._closed = threading.Event()

    def put(self, item: T | _End) -> bool:
        """Wait for room; False where the reader has gone."""
        while not self._closed.is_set():
            with suppress(Empty):
                self._free.get(timeout=0.1)
                self._queue.put(item)
                return True
        return False

    def close(self) -> None:
        """The reader will take no more."""
        self._closed.set()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                item = self._queue.get(timeout=0.1)
            except Empty:
                if self._closed.is_set():
                    return
                continue
            self._free.put(None)
            if not isinstance(item, _End):
                yield item
                continue
            if item.error is not None:
                raise item.error
            return


def ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """The same items, made in a thread of their own, at most a few ahead of who takes them.

    An exception there is raised here. Closing the iterator stops the thread.
    """
    channel: _Channel[T] = _Channel()

    def work() -> None:
        try:
            for item in items:
                if not channel.put(item):
                    return
            channel.put(_End())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again where the items are taken
            channel.put(_End(error))

    thread = threading.Thread(target=work, name="decode", daemon=True)
    thread.start()
    try:
        yield from channel
    finally:
        channel.close()
        thread.join()


class Taker(Protocol):
    """What takes pictures, one after the other: a `Sink`, say."""

    def write(self, picture: DeepPicture) -> None:
        """Take one, which may be changed afterwards."""


class Recorder:
    """Writes pictures to a sink in a thread of its own.

    `write` waits while the encoder is more than a few pictures behind, so memory stays bounded. An error of the sink
    is raised by the next `write`, or by `finish`.
    """

    def __init__(self, sink: Taker) -> None:
        self._sink = sink
        self._channel: _Channel[DeepPicture] = _Channel()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="encode", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            for picture in self._channel:
                self._sink.write(picture)
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that writes
            self._error = error
            self._channel.close()

    def write(self, picture: DeepPicture) -> None:
        """Hand over one picture, which must not be changed until it is among the last `HELD` no more."""
        if not self._channel.put(picture):
            self.finish()

    def finish(self) -> None:
        """Wait until all that was handed over is written; raises what went wrong."""
        self._channel.put(_End())
        self._thread.join()
        if self._error is not None:
            raise self._error


def render(
    pictures: Iterable[DeepPicture],
    bend: Callable[[DeepPicture], DeepComing],
    sink: Taker,
    shown: Iterable[int] | None = None,
) -> Generator[int, None, None]:
    """Bend every picture into the sink, overlapping decoding, the network and encoding.

    The network runs in the calling thread, where its engine was made; a picture is on its way from there while the next
    one is run. The sink is neither closed nor aborted here.

    Args:
        pictures: what is bent.
        bend: begins to make a picture of a picture.
        sink: takes them.
        shown: how many frames show each picture; one each where that is not said.

    Yields:
        How many pictures have been handed to the recording, after each.
    """
    recorder = Recorder(sink)
    decoded = ahead(pictures)
    count = 0
    try:
        for coming, times in _begun(zip(decoded, repeat(1) if shown is None else shown, strict=False), bend):
            bent = coming()
            for _ in range(times):
                recorder.write(bent)
            count += times
            yield count
    finally:
        decoded.close()
        recorder.finish()


def _begun(
    pictures: Iterator[tuple[DeepPicture, int]], bend: Callable[[DeepPicture], DeepComing]
) -> Iterator[tuple[DeepComing, int]]:
    """What waits for each picture, once the next one is begun as well."""
    before: tuple[DeepComing, int] | None = None
    while True:
        try:
            picture, times = next(pictures, (None, 0))
            begun = None if picture is None else (bend(picture), times)
        except BaseException:
            # What was begun before it is there all the same.
            if before is not None:
                yield before
            raise
        if before is not None:
            yield before
        if begun is None:
            return
        before = begun
