"""A film's frames shared among devices: each bends every n-th, in a thread of its own, and they come out in order.

::

    pictures ──┬── lane 0: frames 0, 2, 4 ... ──┬── recording
               └── lane 1: frames 1, 3, 5 ... ──┘

What moves a preset is worked out in every lane for every frame, for it may remember the frames before; only the network
runs in one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from queue import SimpleQueue

from studio.io.sinks import Sink
from studio.model.picture import DeepPicture
from studio.runtime.render.mover import Mover
from studio.runtime.render.offline import Recorder, ahead

_AHEAD = 2
"""Frames of its own that wait in front of a lane."""

Opens = Callable[[], tuple[Mover, Callable[[], None]]]
"""Makes what bends in a lane, in that lane's thread, and what closes it."""

TimeOf = Callable[[int], float]


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Lane:
    """One device's thread."""

    def __init__(self, number: int, count: int, opens: Opens, time_of: TimeOf) -> None:
        self._number = number
        self._count = count
        self._opens = opens
        self._time_of = time_of
        self.given: SimpleQueue[tuple[DeepPicture, int] | None] = SimpleQueue()
        self.made: SimpleQueue[DeepPicture | _Failed] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"device {number}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            mover, close = self._opens()
        except BaseException as error:  # noqa: BLE001 - raised again where frames are taken
            self.made.put(_Failed(error))
            return
        try:
            mover.begin()
            while (item := self.given.get()) is not None:
                picture, frame = item
                time = self._time_of(frame)
                if frame % self._count == self._number:
                    self.made.put(mover(picture, time, frame))
                else:
                    mover.pass_by(picture, time)
        except BaseException as error:  # noqa: BLE001
            self.made.put(_Failed(error))
        finally:
            close()

    def take(self) -> DeepPicture:
        """Its next frame."""
        found = self.made.get()
        if isinstance(found, _Failed):
            raise found.error
        return found

    def end(self) -> None:
        """Let it finish what it was given."""
        self.given.put(None)
        self._thread.join()


def render_shared(
    pictures: Iterable[DeepPicture], lanes: Sequence[Opens], time_of: TimeOf, sink: Sink
) -> Generator[int, None, None]:
    """Bend every picture into the sink, each on one of several devices; as `offline.render`.

    Args:
        pictures: what is bent.
        lanes: what bends, one for each device.
        time_of: the time of a frame in seconds.
        sink: takes them, in order.

    Yields:
        How many pictures have been handed to the recording, after each.
    """
    recorder = Recorder(sink)
    decoded = ahead(pictures)
    running = [_Lane(number, len(lanes), opens, time_of) for number, opens in enumerate(lanes)]
    given = taken = 0
    try:
        for picture in decoded:
            for lane in running:
                lane.given.put((picture, given))
            given += 1
            if given - taken > _AHEAD * len(running):
                recorder.write(running[taken % len(running)].take())
                taken += 1
                yield taken
        while taken < given:
            recorder.write(running[taken % len(running)].take())
            taken += 1
            yield taken
    finally:
        decoded.close()
        for lane in running:
            lane.end()
        recorder.finish()


def why_alone(mover: Mover, *, tiled: bool, layer: bool, second: bool, played: bool, fades: bool) -> str:
    """Why frames cannot be shared, in words that complete "because ..."; empty where they can."""
    reasons = {
        "each frame of a bend with memory needs the one before it": mover.remembers,
        "what moves by a layer's map needs the frame before it": mover.looks_at_layers,
        "a layer's tiles share one scale": layer,
        "a second film's maps are made on one": second,
        "a performance is played in order": played,
        "a fade changes the weights in order": fades,
        "tiles and what is enlarged are made one after the other": tiled,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
