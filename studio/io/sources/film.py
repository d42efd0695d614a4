"""Films as a kind of source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.io.sources._still import StillSource
from studio.io.sources.base import Source, file_at
from studio.io.sources.video import VideoSource


class VideoKind:
    """A path to a file: whatever is no picture must be a film."""

    name = "film"
    order = 90

    def match(self, spec: str) -> bool:
        """Whether `spec` is a file."""
        return file_at(spec) is not None

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a film has its own rate
        """Open the film.

        Raises:
            StudioError: when it cannot be read, holds no pictures, or none that decodes.
        """
        film = VideoSource(Path(spec))
        return StillSource(Path(spec), film.still) if film.is_still else film


KIND = VideoKind()
