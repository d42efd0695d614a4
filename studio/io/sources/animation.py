"""Animated WebP and AVIF pictures as films; GIF and PNG are read as films by FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.io.sources._colours.icc import profile_of, to_srgb
from studio.io.sources._colours.screens import Colours
from studio.io.sources._files.header import read_header
from studio.io.sources._files.iso import colours_by_number
from studio.io.sources._films.clock import exact_rate, fine_rate
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._stills.heif import beside, frames_of, kind_of, moving
from studio.io.sources.base import (
    MAX_BYTES,
    BaseSource,
    Frame,
    Source,
    SourceInfo,
    check_size,
    file_at,
    rate_text,
    read_content,
    undecodable,
)

_TICK = Fraction(1, 1000)


class AnimationSource(BaseSource):
    """The pictures of an animation, each for as long as it says."""

    def __init__(self, path: Path) -> None:
        """Read the file, and the times of all its pictures.

        Raises:
            StudioError: when it is damaged or too large.
        """
        self._path, self._data = path, read_content(path)
        self._closed = False
        _, size = moving(self._data)
        check_size(size, path)
        begins, lengths = list[int](), list[Fraction]()
        try:
            for _, start, length in frames_of(self._data):
                if begins and start > begins[-1]:
                    # Lengths are rounded, of AVIF at least: after some time they would have drifted.
                    lengths[-1] = Fraction(start - begins[-1], 1000)
                begins.append(start)
                lengths.append(Fraction(length, 1000))
        except Exception as error:  # whatever it is, the file is at fault
            if not lengths:
                raise StudioError(f"{path} cannot be decoded ({error}); it is damaged or cut off") from error
        if not lengths:
            raise undecodable(path)
        self._lengths = [max(length, _TICK) for length in lengths]
        self._times = [sum(self._lengths[:place], Fraction(0)) for place in range(len(self._lengths))]
        duration = sum(self._lengths, Fraction(0))
        average = len(lengths) / duration
        fine = fine_rate([*self._times, duration], _TICK, average)
        slack = max(Fraction(1, 5000), 2 * _TICK / duration)
        fps = fine or exact_rate(average, slack) or average.limit_denominator(1001)
        self.info = SourceInfo(
            size, fps, round(duration * fps), float(duration), False,
            f"{path.suffix[1:].lower()} {size.typed} {rate_text(fps)}{' (variable)' if fine else ''}",
        )  # fmt: skip

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures from the start; a damaged end is said in `warning`."""
        self.warning = None
        profile = profile_of(self._data)
        numbers = colours_by_number(self._data) if kind_of(self._data) == "avif" else ()
        colours = beside(profile, Colours(*numbers))
        said = colours.remark(self.reading.tone_map)
        self.remark = f"{self._path}: {said}" if said else None
        further = partial(to_srgb, profile=profile) if profile else None
        try:
            for number, (values, *_) in enumerate(frames_of(self._data)):
                if self._closed or number == len(self._times):
                    return
                picture = rgb_of(values, colours, self.reading.tone_map, further)
                yield Frame(picture, float(self._times[number]), number, float(self._lengths[number]))
        except Exception:  # noqa: BLE001 - whatever it is, the file is at fault
            self.warning = f"{self._path} is damaged: it ends early"

    def close(self) -> None:
        """End a running iteration at its next picture."""
        self._closed = True


class AnimationKind:
    """A path to an animated WebP or AVIF."""

    name = "animation"
    order = 12

    def match(self, spec: str) -> bool:
        """Whether `spec` is a WebP or AVIF file of more than one picture."""
        path = file_at(spec)
        if path is None:
            return False
        try:
            with path.open("rb") as file:
                start = file.read(1 << 12)
            header = read_header(start)
            may_move = kind_of(start) == "avif" or (header is not None and header.kind == "webp" and header.moves)
            # One that is too large is refused when it is opened.
            return may_move and (path.stat().st_size > MAX_BYTES or moving(path.read_bytes())[0] > 1)
        except OSError:
            return False

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - it says its own times
        """Open it.

        Raises:
            StudioError: when it is damaged or too large.
        """
        return AnimationSource(Path(spec))


KIND = AnimationKind()
