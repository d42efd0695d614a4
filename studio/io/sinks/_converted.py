"""Pictures on their way to a film's encoder: copied and brought to its pixel format, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from studio.io._dealt import Dealt
from studio.io.sinks._format import DEEP
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

if TYPE_CHECKING:
    import av.filter
    from av.video.frame import VideoFrame


class _Given(NamedTuple):
    """A picture, and the number of ticks at which it stands."""

    picture: DeepPicture
    ticks: int


class Converted:
    """Frames for an encoder, made in threads beside it.

    ::

        give(n) ──┬── thread 0: frame 0 copied, converted; frame 2 ... ──┬── ready(): those before n
                  └── thread 1: frame 1 ...                            ──┘

    Args:
        graphs: makes the filters of each thread.
        count: of threads.
        padding: rows and columns that are doubled, at the end.
        tick: time base in seconds.
    """

    def __init__(
        self, graphs: Callable[[], av.filter.Graph], count: int, padding: tuple[int, int], tick: Fraction
    ) -> None:
        self._graphs = [graphs() for _ in range(count)]
        self._padding, self._tick = padding, tick
        self._copied: SimpleQueue[None] = SimpleQueue()
        self._threads = Dealt([self._maker(graph) for graph in self._graphs], "convert")

    def _maker(self, graph: av.filter.Graph) -> Callable[[_Given], list[VideoFrame]]:
        def make(given: _Given) -> list[VideoFrame]:
            try:
                frame = self._frame(given)
            finally:
                self._copied.put(None)
            graph.push(frame)
            return list(self._pulled(graph))

        return make

    def _frame(self, given: _Given) -> VideoFrame:
        picture = given.picture
        if any(self._padding):
            picture = np.pad(picture, ((0, self._padding[0]), (0, self._padding[1]), (0, 0)), mode="edge")
        frame = _frame_of(picture)
        frame.pts, frame.time_base = given.ticks, self._tick
        return frame

    def give(self, picture: DeepPicture, ticks: int) -> None:
        """Begin with a picture, which must not be changed until `wait`."""
        self._threads.give(_Given(picture, ticks))

    def ready(self) -> Iterator[VideoFrame]:
        """Frames of pictures before those that are on their way in threads; of a palette they come one behind."""
        while len(self._threads) > len(self._graphs):
            yield from self._threads.take()

    def wait(self) -> None:
        """Until the picture that was given is copied."""
        self._copied.get()

    def rest(self) -> Iterator[VideoFrame]:
        """All that has not come."""
        while len(self._threads):
            yield from self._threads.take()
        for graph in self._graphs:
            graph.push(None)
            yield from self._pulled(graph)

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def _pulled(self, graph: av.filter.Graph) -> Iterator[VideoFrame]:
        import av

        with suppress(av.BlockingIOError, av.EOFError):
            while True:
                ready = graph.pull()
                # The filters may not know the time base; the numbers are the ones given.
                ready.time_base = self._tick
                yield cast("VideoFrame", ready)


def _frame_of(picture: DeepPicture) -> VideoFrame:
    """A frame of RGB. PyAV's own way copies with Python's lock in hand, so that whoever plays would have to wait."""
    import av

    size = Size.of(picture)
    kind = picture.dtype.newbyteorder("<")
    frame = av.VideoFrame(*size.wh, "rgb24" if kind.itemsize == 1 else DEEP)
    (plane,) = frame.planes
    strides = (plane.line_size, 3 * kind.itemsize, kind.itemsize)
    np.copyto(np.ndarray((*size, 3), kind, memoryview(plane), strides=strides), picture)
    return frame
