"""Recording what runs, in real time and at a constant rate, without ever holding up what is recorded."""

from __future__ import annotations

import contextlib
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io._leftovers import being_written
from studio.io.atomic import exists, write_free
from studio.io.manifest import is_reserved
from studio.io.resize import letterboxed
from studio.io.sinks import Sink, open_sink, suffix_of
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.runtime.live.report import Message
from studio.runtime.services.aside import aside
from studio.runtime.services.failures import told

# Pictures that wait for the encoder, to even out its slow moments: as many as fit into the room, within these bounds. A
# person waits for two seconds of them when a recording ends, and no longer; four are worth their memory at any size.
_ROOM, _LEAST_WAITING, _MOST_WAITING = 64 * 2**20, 4, 50
# Ticks by which a time in floating point may fall short of the tick that it is.
_HAIR = 1e-6
_LONGEST = 200
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


@dataclass(frozen=True)
class RecordingTarget:
    """Where and how to record.

    Attributes:
        folder: an existing folder.
        codec: a name out of `studio.io.sinks.codecs`.
        fps: frames per second, exact.
        size: of the film; None takes that of the first picture.
        name: of the file, without its suffix: {preset}, {date} and {time} are filled in.
    """

    folder: Path
    codec: str = "h264"
    fps: Fraction = Fraction(25)
    size: Size | None = None
    name: str = "{preset} {date} {time}"


@dataclass(frozen=True)
class RecordingStatus:
    """How a recording stands.

    Attributes:
        path: where it will be, None until that is known.
        seconds: how long it is so far.
        frames: how many pictures have been encoded.
        dropped: ticks at which an older picture is shown, because the encoder was behind.
        bytes: on the disk so far.
        size: of the film; None before the first picture.
        error: why it ended early, in one sentence; else "".
        details: the traceback behind it; "" where the sentence says all.
        warning: what went wrong though it goes on; else "".
        finished: nothing more will change; without an error the file is whole.
    """

    path: Path | None = None
    seconds: float = 0.0
    frames: int = 0
    dropped: int = 0
    bytes: int = 0
    size: Size | None = None
    error: str = ""
    details: str = ""
    warning: str = ""
    finished: bool = False


def free_path(folder: Path, pattern: str, name: str, suffix: str, when: datetime) -> Path:
    """A path in `folder` at which nothing is, nor grows: `pattern` filled in, with a number behind where it is taken.

    Args:
        folder: the folder.
        pattern: text with {preset}, {date} and {time}.
        name: for {preset}; what file systems refuse becomes "_".
        suffix: such as ".mp4"; "" for a folder, whose name then has no dots.
        when: the date and time.
    """
    stem = pattern.replace("{date}", f"{when:%Y-%m-%d}").replace("{time}", f"{when:%H.%M.%S}")
    # Last, so that what a preset is called is never taken for a pattern.
    stem = _NOT_IN_NAMES.sub("_", stem.replace("{preset}", name)).strip(" .")
    # Bytes are what file systems count.
    stem = stem.encode()[:_LONGEST].decode(errors="ignore").strip(" .") or "recording"
    if is_reserved(stem):
        stem = f"_{stem}"
    if not suffix:
        # What stands behind a dot asks for a codec.
        stem = stem.replace(".", "-")
    number = 1
    while True:
        path = folder / f"{stem}{f' {number}' if number > 1 else ''}{suffix}"
        part = path.with_name(f"{path.name}.part") if not suffix else path.with_name(f"{path.stem}.part{suffix}")
        if not (exists(path) or exists(part) or being_written(path)):
            return path
        number += 1


def _waiting(picture: Picture) -> int:
    """How many pictures of this size may wait."""
    return min(max(_ROOM // picture.nbytes, _LEAST_WAITING), _MOST_WAITING)


class LiveRecorder:
    """One recording. `offer`, `tick`, `stop` and `status` return at once; the disk is met in a thread of its own.

    Frame k of the file shows the newest picture that was offered up to k / fps seconds after the first. Where the
    encoder is behind, pictures wait for it: 50 of small ones, fewer of large ones. What comes while they do is dropped
    and counted, and the frame before is repeated in its place, so that the file is as long as the recording took.

    Attributes:
        rate: frames per second.
    """

    def __init__(
        self,
        target: RecordingTarget,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        opener: Callable[..., Sink] = open_sink,
    ) -> None:
        """Be ready for the first picture.

        Args:
            target: where and how.
            name: the preset's, for the name of the file.
            clock: gives `now` where `stop` is called without it.
            opener: begins a recording as `open_sink` does.

        Raises:
            StudioError: when there is no such codec, or the rate is not positive.
        """
        if target.fps <= 0:
            raise StudioError(f"a frame rate of {target.fps} cannot be recorded: give one above 0, such as 25")
        self.rate = target.fps
        self._target = target
        self._name = name
        self._suffix = suffix_of(target.codec)
        self._clock = clock
        self._opener = opener
        self._wake = threading.Condition()
        # Guarded by `_wake`:
        self._waiting: deque[tuple[int, Picture]] = deque()  # (the first frame that shows it, the picture)
        self._decided = 0  # frames of which it is known what they show
        self._stopping = False
        self._status = RecordingStatus()
        # Of the thread that offers:
        self._began: float | None = None
        self._newest: Picture | None = None
        self._ticks_of_newest = 0
        self._handed_over = True  # whether the encoder has been given `_newest`
        self._thread = threading.Thread(target=self._work, name="encode", daemon=True)
        self._thread.start()

    def wants(self, now: float) -> bool:
        """Whether a picture made at `now` would be the first of its frame; no frame needs more than one."""
        return self._began is None or self._ticks(now) > self._ticks_of_newest

    def offer(self, picture: Picture, now: float) -> None:
        """Give a new picture, (H, W, 3) uint8 RGB of any size, made at `now`; it must not be changed afterwards."""
        with self._wake:
            if self._stopping or self._status.finished:
                return
            if self._began is None:
                self._began = now
            self._decide(now)
            self._newest, self._handed_over, self._ticks_of_newest = picture, False, self._ticks(now)

    def tick(self, now: float) -> None:
        """Say that it is `now` and no new picture has come; to be called at least as often as `rate` says."""
        with self._wake:
            if not self._stopping and not self._status.finished:
                self._decide(now)

    def stop(self, now: float | None = None) -> None:
        """End the recording at `now`. It is finished in its own thread: see `RecordingStatus.finished`, or `wait`."""
        with self._wake:
            if self._stopping or self._status.finished:
                return
            if self._began is not None:
                self._decide(self._clock() if now is None else now, least=1)
            self._stopping = True
            self._newest = None
            self._wake.notify_all()

    def wait(self, timeout: float | None = None) -> RecordingStatus:
        """Wait until the stopped recording is finished, at most `timeout` seconds, and say how it stands."""
        self._thread.join(timeout)
        return self.status()

    def status(self) -> RecordingStatus:
        """How the recording stands."""
        with self._wake:
            return replace(self._status, seconds=float(self._decided / self.rate))

    def _ticks(self, now: float) -> int:
        """How many frames begin before `now`."""
        assert self._began is not None, "there is a first picture"
        return math.ceil((now - self._began) * float(self.rate) - _HAIR)

    def _decide(self, now: float, least: int = 0) -> None:
        """Let the frames before `now` show the newest picture."""
        if self._began is None or self._newest is None:
            return
        end = max(least, self._ticks(now))
        if end <= self._decided:
            return
        if not self._handed_over:
            if len(self._waiting) < _waiting(self._newest):
                self._waiting.append((self._decided, self._newest))
                self._handed_over = True
            else:
                self._status = replace(self._status, dropped=self._status.dropped + end - self._decided)
        self._decided = end
        self._wake.notify_all()

    def _work(self) -> None:
        message: Message | None = None
        try:
            self._record()
        except BaseException as error:  # noqa: BLE001 - an encoder's or a plug-in's; the status says that it ended
            message = told(error, f"The recording of {self._name}")
        with self._wake:
            self._waiting.clear()
            self._newest = None
            text, details = (message.text, message.details) if message is not None else ("", "")
            self._status = replace(self._status, error=text, details=details, finished=True)

    def _record(self) -> None:
        shown = self._next(0, None)
        if shown is None:
            raise StudioError("nothing was recorded: no picture arrived; check the source and the network")
        size = self._target.size or Size.of(shown)
        path = free_path(self._target.folder, self._target.name, self._name, self._suffix, datetime.now().astimezone())
        sink = self._opener(path, codec=self._target.codec, size=size, fps=self.rate)
        try:
            frame: Picture | None = None
            source: Picture | None = None
            self._note(sink, size)
            while shown is not None:
                if shown is not source:
                    source, frame = shown, np.ascontiguousarray(letterboxed(shown, size))
                assert frame is not None
                sink.write(frame)
                self._note(sink, size)
                shown = self._next(sink.frames, shown)
            sink.close()
        except BaseException:
            # What was recorded until then is kept, whatever it was.
            with contextlib.suppress(BaseException):
                sink.keep()
            self._note(sink, size)
            raise
        self._note(sink, size)

    def _next(self, frame: int, shown: Picture | None) -> Picture | None:
        """Wait until it is known what this frame shows; None after the last."""
        with self._wake:
            while frame >= self._decided:
                if self._stopping:
                    return None
                self._wake.wait()
            if self._waiting and self._waiting[0][0] <= frame:
                shown = self._waiting.popleft()[1]
            return shown

    def _note(self, sink: Sink, size: Size) -> None:
        written = sink.bytes_written
        with self._wake:
            self._status = replace(
                self._status,
                path=sink.kept or sink.path,
                frames=sink.frames,
                bytes=written,
                size=size,
                warning=sink.warning or "",
            )


def still(picture: Picture, path: Path) -> Future[Path]:
    """Write (H, W, 3) uint8 RGB as a PNG, in a thread; where something stands at `path`, with a number behind its name.

    Returns:
        What becomes the path when it is written; its `exception()` is a `StudioError` where that cannot be.
    """

    def work() -> Path:
        import cv2

        good, data = cv2.imencode(".png", np.ascontiguousarray(picture[:, :, ::-1]))
        assert good, "the PNG encoder takes every 8-bit picture"
        return write_free(path, data.tobytes())

    return aside(work, "write still")
