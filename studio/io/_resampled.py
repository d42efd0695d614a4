"""Sound brought to one layout and rate, of streams that change theirs on the way, as joined files do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler


class Resampled:
    """What frames of sound are in one form.

    Args:
        form: FFmpeg's name of the samples' format: "flt", "fltp".
        layout: "mono", "stereo" or another of FFmpeg's.
        rate: samples a second.
    """

    def __init__(self, form: str, layout: str, rate: int) -> None:
        self._wanted = form, layout, rate
        self._resampler: AudioResampler | None = None
        self._taken: tuple[str, str, int] | None = None

    def take(self, frame: AudioFrame) -> list[AudioFrame]:
        """What a frame gives, and what of the frames before was held back, where it is of another kind than they."""
        import av

        kind = frame.format.name, frame.layout.name, frame.sample_rate
        held = self.rest() if kind != self._taken else []
        if self._resampler is None:
            # One resampler takes frames of the kind that it met first, and no others.
            self._resampler, self._taken = av.AudioResampler(*self._wanted), kind
        return [*held, *self._resampler.resample(frame)]

    def rest(self) -> list[AudioFrame]:
        """What is held back."""
        if self._resampler is None:
            return []
        held = self._resampler.resample(None)
        self._resampler = self._taken = None
        return held
