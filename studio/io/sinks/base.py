"""What a recording is, and what all kinds of it share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from studio.errors import StudioError

Size = tuple[int, int]
"""(width, height) in pixels."""
Range = tuple[float, float | None]
"""(start, end) in seconds from the start of the film whose sound is taken; end None means to its end."""


class Sink(Protocol):
    """A recording that grows picture by picture. As a context manager it closes; after an exception it aborts.

    Someone who interrupts by hand wants what there is: catch `KeyboardInterrupt` inside, and let the body end.

    Attributes:
        path: where the recording will be.
        part: where it is while it grows: playable at any moment, should the process be killed.
        frames: how many pictures have been written.
        bytes_written: how large the recording is on the disk so far.
        warning: what went wrong though the recording goes on (its sound, say), else None.
    """

    path: Path
    part: Path
    frames: int

    @property
    def bytes_written(self) -> int:
        """Bytes on the disk so far."""

    @property
    def warning(self) -> str | None:
        """What went wrong though the recording goes on, else None."""

    def write(self, picture: npt.NDArray[np.uint8]) -> None:
        """Append one picture, (H, W, 3) uint8 RGB, of the size the sink was opened with. It is copied or encoded.

        Raises:
            StudioError: when it has another size or type, the sink is closed, or the disk is full or fails. What was
                recorded before a failure of the disk stays in `part`.
        """

    def close(self) -> None:
        """Finish, and put the recording at `path` in one step. A second call does nothing.

        Raises:
            StudioError: when nothing was written, or the disk is full or fails.
        """

    def abort(self) -> None:
        """Remove what was recorded; what stood at `path` before stands there still. Does nothing after `close`.

        After a failure of the disk it removes nothing: that failure's message has promised the part file.
        """

    def __enter__(self) -> Sink:
        """Give itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, or abort after an exception."""


@dataclass(frozen=True)
class CodecInfo:
    """One way of recording, for a list.

    Attributes:
        name: what the user writes, such as "h264".
        description: what it is good for, in a few words.
        suffix: its usual one.
        works: whether a trial recording succeeded.
        problem: why it did not; else "".
    """

    name: str
    description: str
    suffix: str
    works: bool
    problem: str = ""


class Codec(Protocol):
    """What a module of this folder declares as `CODEC`, and one that a plug-in names under `studio.sinks`.

    Attributes:
        name: what the user writes, such as "h264".
        description: what it is good for, in a few words.
        suffixes: of the paths recorded to it when no codec is named; the first is the usual one.
        order: codecs are listed and matched in rising order.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    order: int

    def match(self, path: Path) -> bool:
        """Whether a recording to `path` is meant to be in this codec when none is named."""

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there.
        """


class BaseSink:
    """The part of `Sink` that all share: checking the pictures, counting them, closing once.

    A subclass gives `_put` (one picture), `_finish` (close in place) and `_discard` (remove all).
    """

    def __init__(self, path: Path, part: Path, size: Size) -> None:
        """Prepare to record pictures of `size` to `path`, by way of `part`."""
        self.path = path
        self.part = part
        self.frames = 0
        self._size = size
        self._warning: str | None = None
        self._state = "open"

    @property
    def bytes_written(self) -> int:
        """Bytes on the disk so far."""
        place = self.path if self._state == "closed" else self.part
        try:
            return place.stat().st_size
        except OSError:
            return 0

    @property
    def warning(self) -> str | None:
        """What went wrong though the recording goes on, else None."""
        return self._warning

    def write(self, picture: npt.NDArray[np.uint8]) -> None:
        """Append one picture, (H, W, 3) uint8 RGB.

        Raises:
            StudioError: when it has another size or type, the sink is closed, or the disk is full or fails.
        """
        if self._state != "open":
            raise StudioError(f"the recording to {self.path} has ended; start a new one")
        width, height = self._size
        if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
            raise StudioError(
                f"a picture of shape {picture.shape} and type {picture.dtype} does not fit the recording to "
                f"{self.path}, which takes ({height}, {width}, 3) uint8; record each size to a file of its own"
            )
        self._attempt(lambda: self._put(picture))
        self.frames += 1

    def close(self) -> None:
        """Finish, and put the recording at `path`.

        Raises:
            StudioError: when nothing was written, or the disk is full or fails.
        """
        if self._state != "open":
            return
        if not self.frames:
            self.abort()
            raise StudioError(f"nothing was recorded to {self.path}: no picture arrived; check the source")
        self._attempt(self._finish)
        self._state = "closed"

    def abort(self) -> None:
        """Remove what was recorded, unless the recording has been closed or the disk has failed."""
        if self._state == "open":
            self._state = "aborted"
            self._discard()

    def _put(self, picture: npt.NDArray[np.uint8]) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError

    def _discard(self) -> None:
        raise NotImplementedError

    def _failed(self) -> None:
        """Let go of what is held, leaving at `part` what plays."""

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self._state = "failed"
            self._failed()
            raise StudioError(
                f"{cannot_record(self.path, error)}; about {self.frames} pictures are kept in {self.part}"
            ) from error

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def cannot_record(path: Path, error: OSError) -> StudioError:
    """The sentence for `error`, met while recording to `path`; FFmpeg's own errors count as well."""
    from studio.io.atomic import cannot_write

    return cannot_write(path, error)
