"""A codec that records films: all that its module declares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.io.sinks._film import FilmSink
from studio.io.sinks._format import FilmFormat
from studio.io.sinks.base import Recording, Sink


@dataclass(frozen=True)
class FilmCodec:
    """See `studio.io.sinks.base.Codec` for name, description, suffixes and order.

    Attributes:
        form: how it is recorded.
        fastest: the highest rate in frames per second that players show; None without a limit.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    order: int
    form: FilmFormat
    fastest: int | None = None

    @property
    def depths(self) -> tuple[int, ...]:
        """Bits a value that it can record, the usual first."""
        deeper = self.form.deeper
        return tuple(deeper) if self.form.pixels in deeper.values() else (8, *deeper)

    def match(self, path: Path) -> bool:
        """Whether the suffix is one of this codec's."""
        return path.suffix.lower() in self.suffixes

    def open(self, recording: Recording) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there, or its rate is above `fastest`.
        """
        if self.fastest is not None and recording.fps > self.fastest:
            raise StudioError(
                f"{self.name} cannot show {float(recording.fps):g} frames a second: record it at {self.fastest} fps "
                "or fewer"
            )
        return FilmSink(recording, self.form)
