"""A film encoded by as many encoders at once as it takes, each from one key frame to another.

::

    pictures ──┬── encoder 0: 0-99, 200-299 ... ──┬── packets, in the order of the pictures
               └── encoder 1: 100-199 ...       ──┘

What x264 does in the thread that gives it pictures, copying and measuring, it does for one after the other; and of the
threads in which it encodes a picture each, every one waits for rows of the one before. From a key frame on nothing
looks back, so that what several make of their parts is one film. They do look ahead: a picture is worth more bits, the
longer those behind it show the same. So an encoder is given the first few of the next part as well, and what it makes
of these is thrown away.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from studio.cores import usable_cores

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    Packets = list[Packet[VideoStream]]

_MOST = 4
_PART = 100
"""Pictures in a part, or some more: those that are encoded twice are a tenth."""
_WAITING = 384 << 20
"""Bytes of pictures that wait in front of encoders, at most."""
# FFmpeg's numbers for what a picture must be: a key frame, and none.
_KEY, _NO_KEY = 1, 2


def most_at_once(threads: int, size: int) -> int:
    """How many encoders there may be.

    Args:
        threads: that one of them has work for.
        size: bytes of a picture.
    """
    return max(1, min(_MOST, usable_cores() // threads, 1 + _WAITING // (_PART * size)))


class Encoders(Protocol):
    """What makes packets of pictures."""

    def encode(self, frame: VideoFrame) -> Packets:
        """Take the next picture; what is ready of it and of those before, in their order."""

    def rest(self) -> Packets:
        """All that has not come, once no picture comes any more."""

    def close(self) -> None:
        """Wait until nothing is under way; what is not begun is left."""


class OneEncoder:
    """That of the stream.

    Args:
        stream: of the film.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream

    def encode(self, frame: VideoFrame) -> Packets:
        """See `Encoders`."""
        return self._stream.encode(frame)

    def rest(self) -> Packets:
        """See `Encoders`."""
        return self._stream.encode(None)

    def close(self) -> None:
        """See `Encoders`."""


class InParts:
    """Encoders that give one packet for each picture, in their order; a second one once the first is behind.

    Args:
        stream: of the film.
        another: makes an encoder with the same settings as that of the stream.
        most: encoders at once.
        keys: pictures from one key frame to the next, at most.
        looks_ahead: pictures that an encoder looks at before it encodes one.
    """

    def __init__(
        self, stream: VideoStream, another: Callable[[], VideoCodecContext], most: int, keys: int, looks_ahead: int
    ) -> None:
        self._stream, self._another, self._most, self._keys = stream, another, most, keys
        # How long the last of them is shown is seen from the one behind it.
        self._looks_ahead = looks_ahead + 1
        self._count = self._began = 0
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range((most - 1) * _PART):
            self._room.put(None)
        self._now = _Encoder(stream.codec_context, self._room)
        self._before: _Encoder | None = None
        self._encoders = [self._now]
        self._order: deque[_Encoder] = deque()  # of each packet that is to come

    def encode(self, frame: VideoFrame) -> Packets:
        """See `Encoders`."""
        place = self._count % self._keys
        # So that each part begins with one.
        if place == 0:
            frame.pict_type = _KEY
        other = self._other() if place == self._keys - 1 else self._now
        # Two key frames in a row, of two encoders, could have the same number.
        if other is not self._now:
            frame.pict_type = _NO_KEY
        self._give(frame)
        if other is not self._now:
            self._before, self._now, self._began = self._now, other, self._count
        return list(self._come(wait=False))

    def _give(self, frame: VideoFrame) -> None:
        self._room.get()
        self._now.give(frame, keep=True)
        self._order.append(self._now)
        if self._before is not None and self._count < self._began + self._looks_ahead:
            self._room.get()
            self._before.give(frame, keep=False)
        self._count += 1

    def _other(self) -> _Encoder:
        """Which of them encodes the next part: the same one where it is not behind."""
        waiting = self._now.waiting
        if self._count + 1 - self._began < _PART or waiting < self._keys // 2:
            return self._now
        idlest = min(self._encoders, key=lambda each: each.waiting)
        if idlest.waiting and len(self._encoders) < self._most:
            idlest = _Encoder(self._another(), self._room)
            self._encoders.append(idlest)
        return idlest

    def rest(self) -> Packets:
        """See `Encoders`."""
        for each in self._encoders:
            each.end()
        return list(self._come(wait=True))

    def _come(self, *, wait: bool) -> Iterator[Packet[VideoStream]]:
        for each in self._encoders:
            if each.error is not None:
                raise each.error
        while self._order:
            try:
                found = self._order[0].made.get(block=wait)
            except Empty:
                return
            if isinstance(found, BaseException):
                raise found
            self._order.popleft()
            found.stream = self._stream
            yield found

    def close(self) -> None:
        """See `Encoders`."""
        for each in self._encoders:
            each.close()


class _Encoder:
    """One of them, in a thread of its own.

    Args:
        context: encodes.
        room: is given something for each picture that waits no more.

    Attributes:
        made: packets that are kept; and what went wrong.
        error: what that was.
    """

    def __init__(self, context: VideoCodecContext, room: SimpleQueue[None]) -> None:
        self.made: SimpleQueue[Packet[VideoStream] | BaseException] = SimpleQueue()
        self.error: BaseException | None = None
        self._asked: SimpleQueue[VideoFrame | None] = SimpleQueue()
        self._kept: SimpleQueue[bool] = SimpleQueue()
        self._is_closed = False
        self._context, self._room = context, room
        self._thread = threading.Thread(target=self._work, name="encode part", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Pictures with which it has not begun."""
        return self._asked.qsize()

    def give(self, frame: VideoFrame, *, keep: bool) -> None:
        """Let it encode a picture, which others may encode as well."""
        self._kept.put(keep)
        self._asked.put(frame)

    def end(self) -> None:
        """It is given no more."""
        self._asked.put(None)

    def _work(self) -> None:
        while (frame := self._asked.get()) is not None:
            self._room.put(None)
            self._encode(frame)
        self._encode(None)
        # Taken only where a packet is still awaited.
        self.made.put(OSError(0, "the encoder left out pictures"))

    def _encode(self, frame: VideoFrame | None) -> None:
        if self._is_closed or self.error is not None:
            return
        try:
            for packet in self._context.encode(frame):
                if self._kept.get():
                    self.made.put(packet)
        except BaseException as error:  # noqa: BLE001 - raised again where packets are taken
            self.error = error
            self.made.put(error)

    def close(self) -> None:
        """Take no more, and wait until nothing is under way."""
        self._is_closed = True
        self.end()
        self._thread.join()
