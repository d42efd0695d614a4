"""The sound of a film or a sound file, as samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.model.op import Array

RATE = 22050
"""Samples a second of what is read: what is above 11 kHz says nothing of bands, onsets and beats."""


def samples(path: Path) -> Iterator[Array]:
    """The sound of a file from its beginning, in pieces of (samples,) float32 from -1 to 1: one channel at `RATE`.

    Silence stands for what is missing before the first sample, so that the place of a sample is its time.

    Raises:
        StudioError: where there is no sound, or it cannot be read.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise StudioError(f"{path}: it has no sound; choose a film that has, or a sound file.")
            yield from _decoded(container)
    except (av.FFmpegError, OSError) as error:
        raise StudioError(f"{path}: its sound cannot be read ({error}).") from error


def _decoded(container: Any) -> Iterator[Array]:
    import av

    stream = container.streams.audio[0]
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    is_first = True
    for frame in container.decode(stream):
        if is_first and frame.time is not None and frame.time > 0.0:
            yield np.zeros(round(min(frame.time, 3600.0) * RATE), np.float32)
        is_first = False
        # Times that jump would make the resampler count wrong; the samples themselves follow one another.
        frame.pts = None
        for part in resampler.resample(frame):
            yield part.to_ndarray().reshape(-1).astype(np.float32)
    for part in resampler.resample(None):
        yield part.to_ndarray().reshape(-1).astype(np.float32)


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
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise StudioError(f"{path}: it has no sound; choose a film that has, or a sound file.")
            yield from _from(container, max(0.0, start))
    except (av.FFmpegError, OSError) as error:
        raise StudioError(f"{path}: its sound cannot be read ({error}).") from error


def _from(container: Any, start: float) -> Iterator[Array]:
    import av

    stream = container.streams.audio[0]
    if start > 0:
        # Somewhat sooner: what is decoded first after a seek may be incomplete.
        container.seek(max(0, int((start - 0.25) / stream.time_base)), stream=stream)
    resampler = av.AudioResampler(format="flt", layout="stereo", rate=HEARD_RATE)
    skip: int | None = None
    for frame in container.decode(stream):
        if skip is None:
            skip = round((start - (frame.time or 0.0)) * HEARD_RATE)
            if skip < 0:
                yield np.zeros((min(-skip, 3600 * HEARD_RATE), 2), np.float32)
                skip = 0
        frame.pts = None
        for part in resampler.resample(frame):
            piece = part.to_ndarray().reshape(-1, 2).astype(np.float32)
            gone = min(skip, len(piece))
            skip -= gone
            if gone < len(piece):
                yield piece[gone:]
    for part in resampler.resample(None):
        yield part.to_ndarray().reshape(-1, 2).astype(np.float32)[skip or 0 :]


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
