"""The sound of a film or a sound file, as samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io._resampled import Resampled
from studio.io.answering import await_answer
from studio.io.sources._films.opening import open_film, picture_start, sound_stream
from studio.model.networks.shape import Array

RATE = 22050
"""Samples a second of what is read: what is above 11 kHz says nothing of bands, onsets and beats."""


# Seconds: a longer pause between packets is a hole, one much longer a clock that was set; no sound begins later.
_HOLE, _JUMP, _LONGEST = 0.02, 10.0, 3600


def samples(path: Path) -> Iterator[Array]:
    """The sound of a file from its beginning, in pieces of (samples,) float32 from -1 to 1: one channel at `RATE`.

    Silence stands for what is missing before the first sample, so that the place of a sample is its time.

    Raises:
        StudioError: where there is no sound, or it cannot be read.
    """
    import av

    try:
        with _opened(path) as container:
            for piece in _pieces(container, path, 0.0, "mono", RATE):
                yield piece[:, 0]
    except (av.FFmpegError, OSError) as error:
        raise StudioError(f"{path}: its sound cannot be read ({error}).") from error


HEARD_RATE = 48000
"""Samples a second of what is heard."""


def heard(path: Path, start: float) -> Iterator[Array]:
    """The sound of a file from a time on, in pieces of (samples, 2) float32 from -1 to 1: two channels at `HEARD_RATE`.

    The first sample is the one at that time; silence stands for what is missing before the file's own first.

    Args:
        path: a film or a sound file.
        start: seconds.

    Raises:
        StudioError: where there is no sound, or it cannot be read.
    """
    import av

    try:
        with _opened(path) as container:
            yield from _pieces(container, path, max(0.0, start), "stereo", HEARD_RATE)
    except (av.FFmpegError, OSError) as error:
        raise StudioError(f"{path}: its sound cannot be read ({error}).") from error


def _opened(path: Path) -> Any:
    await_answer(path)
    try:
        return open_film(path)
    except StudioError as error:
        raise StudioError(f"{path}: its sound cannot be read ({error.__cause__ or error}).") from error


def _pieces(container: Any, path: Path, start: float, layout: str, rate: int) -> Iterator[Array]:
    """(samples, channels) float32 from a second of the pictures on; silence for what is missing there or has a hole."""
    import av

    stream = sound_stream(container)
    if stream is None:
        raise StudioError(f"{path}: it has no sound; choose a film that has, or a sound file.")
    start += float(picture_start(path))
    if start > 0:
        # Somewhat sooner: what is decoded first after a seek may be incomplete.
        container.seek(max(0, int((start - 0.25) / (stream.time_base or 1))), stream=stream)
    resampled = Resampled("flt", layout, rate)
    channels = len(av.AudioLayout(layout).channels)
    skip: int | None = None
    ends: float | None = None
    for frame in _frames(container, stream):
        time = frame.time
        if skip is None:
            skip = round((start - (time or 0.0)) * rate)
            if skip < 0:
                yield np.zeros((min(-skip, _LONGEST * rate), channels), np.float32)
                skip = 0
        elif ends is not None and time is not None and _HOLE < time - ends < _JUMP:
            silent = round((time - ends) * rate)
            yield np.zeros((max(0, silent - skip), channels), np.float32)
            skip = max(0, skip - silent)
        ends = None if time is None else time + frame.samples / frame.sample_rate
        # Times that jump would make the resampler count wrong; the samples themselves follow one another.
        frame.pts = None
        for part in resampled.take(frame):
            piece = part.to_ndarray().reshape(-1, channels).astype(np.float32)
            gone = min(skip, len(piece))
            skip -= gone
            if gone < len(piece):
                yield piece[gone:]
    for part in resampled.rest():
        yield part.to_ndarray().reshape(-1, channels).astype(np.float32)[skip or 0 :]


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """What can be decoded; a packet that is damaged, or cut by a seek, takes no other with it."""
    import av

    failed: av.FFmpegError | None = None
    has_any = False
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            failed = failed or error
            continue
        has_any = has_any or bool(frames)
        yield from frames
    if failed is not None and not has_any:
        raise failed


class Resampler:
    """Sound that comes piece by piece, brought to one channel at `RATE`.

    Args:
        rate: samples a second of what comes.
    """

    def __init__(self, rate: int) -> None:
        import av

        self._rate = rate
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)

    def push(self, piece: Array) -> Array:
        """Take (samples,) float32; (samples,) float32 at `RATE`, a little later."""
        import av

        if self._rate == RATE or not len(piece):
            return piece
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece[None]), format="flt", layout="mono")
        frame.sample_rate = self._rate
        parts = [part.to_ndarray().reshape(-1) for part in self._resampler.resample(frame)]
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
