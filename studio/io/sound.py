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
