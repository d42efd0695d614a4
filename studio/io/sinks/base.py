"""What a recording is, and what all kinds of it share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from studio.errors import StudioError
from studio.io.atomic import cannot_write, put_in_place
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture, deepened, dithered, shallow

Range = tuple[float, float | None]
"""(start, end) in seconds from the start of the film whose sound is taken; end None means to its end."""


@dataclass(frozen=True)
class Recording:
    """What is to be recorded, and where.

    Attributes:
        path: the file; of some codecs a folder or a pattern such as out/%05d.png.
        size: of every picture.
        fps: frames per second, exact: Fraction(30000, 1001).
        audio: a film or sound file whose sound is kept, else None.
        audio_range: (start, end) in seconds of the sound, from where the film's pictures start.
        overwrite: whether what stands at `path` may be replaced.
        bits: bits a value of the recording; None for what is usual for the codec.
        ahead: whether pictures come as fast as they are taken, so that many may be under way at once; else as they are
            shown, and each is soon on the disk.
    """

    path: Path
    size: Size
    fps: Fraction
    audio: Path | None = None
    audio_range: Range = (0, None)
    overwrite: bool = False
    bits: int | None = None
    ahead: bool = False


class Sink(Protocol):
    """A recording that grows picture by picture. As a context manager it closes; after an exception it keeps.

    Attributes:
        path: where the recording will be.
        part: where it is while it grows: playable at any moment, should the process be killed.
        kept: where it is after `close` or `keep`: `path` or `part`; None before, and where nothing is kept.
        deep: whether it can make use of pictures of 16 bits a value; it takes those of 8 as well.
        frames: how many pictures have been written.
        bytes_written: how large the recording is on the disk so far.
        warning: what went wrong though the recording goes on (its sound, say), else None.
    """

    path: Path
    part: Path
    kept: Path | None
    deep: bool
    frames: int

    @property
    def bytes_written(self) -> int:
        """Bytes on the disk so far."""

    @property
    def warning(self) -> str | None:
        """What went wrong though the recording goes on, else None."""

    def write(self, picture: DeepPicture) -> None:
        """Append one picture, (H, W, 3) RGB of 8 or 16 bits, of the size the sink was opened with. It is copied or
        encoded.

        Raises:
            StudioError: when it has another size or type, the sink is closed, or the disk is full or fails. What was
                recorded before a failure of the disk stays in `part`.
        """

    def close(self) -> None:
        """Finish, and put the recording at `path` in one step. A second call does nothing.

        Raises:
            StudioError: when nothing was written, the disk is full or fails, or something has come to be at `path`
                that may not be replaced; the recording is then kept at `part`.
        """

    def keep(self) -> None:
        """Finish what there is of a recording that was broken off. It takes its name where nothing has that name;
        an older recording is not replaced by a piece of a new one, which then stays at `part`, whole in itself.

        Does nothing after `close`, and removes all where no picture was written.

        Raises:
            StudioError: when the disk is full or fails.
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
        """Close; after an exception keep what there is, and say so in a note of the exception."""


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
        depths: bits a value that it can record, the usual first. A codec that does not say so records 8.
        fastest: the highest rate that players show, in whole frames per second; None, or not said, without a limit.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    order: int

    def match(self, path: Path) -> bool:
        """Whether a recording to `path` is meant to be in this codec when none is named."""

    def open(self, recording: Recording) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there.
        """


class BaseSink:
    """The part of `Sink` that all share: checking the pictures, counting them, ending once.

    A subclass gives `_put` (one picture, of 16 bits where it sets `deep`, else of 8) and `_complete` (all is on the
    disk at `part`). Where `part` is more than one file: `_place` (it takes its name), `_discard` (remove it) and
    `_count` (pictures in it that can be read), too.
    """

    def __init__(self, recording: Recording, part: Path) -> None:
        """Prepare to record, by way of `part`."""
        self.path = recording.path
        self.part = part
        self.kept: Path | None = None
        self.deep = False
        self._dithers = False
        self.frames = 0
        self._recording = recording
        self._warning: str | None = None
        self._state = "open"

    @property
    def bytes_written(self) -> int:
        """Bytes on the disk so far."""
        try:
            return (self.kept or self.part).stat().st_size
        except OSError:
            return 0

    @property
    def warning(self) -> str | None:
        """What went wrong though the recording goes on, else None."""
        return self._warning

    def write(self, picture: DeepPicture) -> None:
        """Append one picture, (H, W, 3) RGB of 8 or 16 bits.

        Raises:
            StudioError: when it has another size or type, the sink is closed, or the disk is full or fails.
        """
        if self._state != "open":
            raise StudioError(f"the recording to {self.path} has ended; start a new one")
        size = self._recording.size
        if picture.shape != (*size, 3) or picture.dtype not in (np.uint8, np.uint16):
            raise StudioError(
                f"a picture of shape {picture.shape} and type {picture.dtype} does not fit the recording to "
                f"{self.path}, which takes ({size.height}, {size.width}, 3) uint8 or uint16; record each size to "
                "its own file"
            )
        shown = deepened(picture) if self.deep else dithered(picture) if self._dithers else shallow(picture)
        self._attempt(lambda: self._put(shown))
        self.frames += 1

    def close(self) -> None:
        """Finish, and put the recording at `path`.

        Raises:
            StudioError: when nothing was written, the disk is full or fails, or `path` is taken meanwhile.
        """
        if self._state != "open":
            return
        if not self.frames:
            self.abort()
            raise StudioError(f"nothing was recorded to {self.path}: no picture arrived; check the source")
        self._attempt(self._complete)
        self._state = "closed"
        self._take_name(self._recording.overwrite)

    def keep(self) -> None:
        """Finish what there is, at `path` where nothing stands there, else at `part`; see `Sink.keep`.

        Raises:
            StudioError: when the disk is full or fails.
        """
        if self._state != "open":
            return
        if not self.frames:
            self.abort()
            return
        self._attempt(self._complete)
        self._state = "closed"
        with contextlib.suppress(StudioError):
            self._take_name(overwrite=False)

    def abort(self) -> None:
        """Remove what was recorded, unless the recording has been closed or the disk has failed."""
        if self._state == "open":
            self._state = "aborted"
            self._discard()

    def _take_name(self, overwrite: bool) -> None:
        self.kept = self.part
        try:
            self._place(overwrite)
        except OSError as error:
            raise StudioError(f"{cannot_record(self.path, error)}; the recording is kept in {self.part}") from error
        self.kept = self.path

    def _put(self, picture: DeepPicture) -> None:
        raise NotImplementedError

    def _complete(self) -> None:
        raise NotImplementedError

    def _place(self, overwrite: bool) -> None:
        put_in_place(self.part, self.path, overwrite)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)

    def _failed(self) -> None:
        """Let go of what is held, leaving at `part` what plays."""

    def _count(self) -> int:
        return self.frames if self.part.exists() else 0

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self._state = "failed"
            self._failed()
            count = self._count()
            self.kept = self.part if count else None
            some = f"{count} picture{'s are' if count > 1 else ' is'} kept in {self.part}"
            raise StudioError(
                f"{cannot_record(self.path, error)}; {some if count else 'nothing of it could be kept'}"
            ) from error

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if error is None:
            self.close()
            return
        with contextlib.suppress(StudioError):  # the error that is under way says more
            self.keep()
        if self.kept is not None and self._state == "closed":
            error.add_note(f"What was recorded until then, {self.frames} pictures, is kept in {self.kept}.")


def cannot_record(path: Path, error: OSError) -> StudioError:
    """The sentence for `error`, met while recording to `path`; FFmpeg's own errors count as well."""
    return cannot_write(path, error)
