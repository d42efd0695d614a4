"""Edit lists of MOV and MP4, followed here where FFmpeg would lose pictures of them or pass over their speeds.

FFmpeg stops at a key frame that by its decoding time lasts until the end of an edit, though the B frames behind it
belong there as well. It plays every edit at the speed at which it was filmed, one that holds a picture, too. Of an edit
that begins within a long picture it leaves that one out, and of one without a length everything.

Source: ISO/IEC 14496-12 (`elst`).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from studio.io.sources._files.iso import Parts, tracks, within
from studio.io.sources._films.clock import fine_rate
from studio.io.sources._films.decode import decoded, decoder_of, frames_of
from studio.io.sources._films.hevc_turns import unsaid
from studio.io.sources._films.opening import LOOKED_AT, meant_rate, open_film
from studio.io.sources._films.samples import Samples, Ticks, samples_of
from studio.io.sources.base import Turn

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# No film is cut more often.
_MOST = 1000
# Of its frames' stamps, in seconds.
_TICK = Fraction(1, 1_000_000)
# In a list 16 bits of a speed stand behind the point.
_ONE = 1 << 16
# Of how long most pictures are shown: less of one is not shown in front of others.
_WORTH = 0.9
_BACKWARDS = "its edit list asks for it to be played backwards, and it is played forwards"
_SOUND = "parts of it are played at another speed, as its edit list asks; their sound is not"


class _Entry(NamedTuple):
    """What an edit list says of a part: seconds, the stamp at which it begins, and its speed."""

    length: Fraction
    begins: int
    speed: Fraction


class _Edit(NamedTuple):
    """A part of a film.

    Attributes:
        shown: second of the film at which it begins.
        length: seconds for which it lasts.
        zero: the stamp that stands at its beginning, in ticks of the pictures' clock.
        begins: the least stamp of its pictures.
        ends: the stamp before which they end.
        speed: at which it is played; 0 where one picture is held.
    """

    shown: Fraction
    length: Fraction
    zero: int
    begins: int
    ends: int
    speed: Fraction


class EditList:
    """The pictures of a film in the order and at the times that its edit list gives them.

    Attributes:
        remark: what it asks for and does not get; empty where there is nothing to say.
        count: of pictures.
        duration: seconds from the first picture on.
        rate: frames a second, on average.
        fine_rate: the rate at which none of them is lost; None where it is a constant one.
    """

    def __init__(self, path: Path, number: int, edits: list[_Edit], samples: Samples, remark: str) -> None:
        """Take over a list.

        Args:
            path: of the film.
            number: which of its video streams, from 0.
            edits: in their order, at least one.
            samples: its pictures without it.
            remark: see the attribute.
        """
        self._path, self._number, self._edits, self._samples = path, number, edits, samples
        self._ordered = np.sort(samples.shown)
        self.remark = remark
        inside = [self._stamps_of(one) for one in edits]
        self.count = sum(map(len, inside))
        self.duration = edits[-1].shown + edits[-1].length - edits[0].shown
        self.rate = meant_rate(self.count / self.duration)
        places = ((one, int(stamp)) for one, its in zip(edits, inside, strict=True) for stamp in its)
        times = [self._time(*place) for place in islice(places, LOOKED_AT)]
        self.fine_rate = fine_rate(times, Fraction(1, samples.scale), self.rate)

    def _stamps_of(self, edit: _Edit) -> Ticks:
        first, behind = np.searchsorted(self._ordered, (edit.begins, edit.ends))
        return self._ordered[first:behind]

    def _time(self, edit: _Edit, stamp: int) -> Fraction:
        since = Fraction(max(0, stamp - edit.zero), self._samples.scale)
        return edit.shown + (since / edit.speed if edit.speed else 0)

    def beginning(self, damaged: Callable[[], None]) -> list[tuple[VideoFrame, Turn]]:
        """The first two pictures that are stored, shown or not: FFmpeg gives none of some lists. See `decoded`.

        Raises:
            StudioError: where the film has gone away.
        """
        with open_film(self._path, edited=False) as container:
            return list(islice(decoded(container, container.streams.video[self._number], damaged), 2))

    def frames(self, start: float, damaged: Callable[[], None]) -> Iterator[VideoFrame]:
        """Decode the frames from the one that is shown at a second.

        Args:
            start: seconds, with those before the first picture.
            damaged: called for each packet that cannot be decoded.

        Raises:
            StudioError: where the film has gone away.
        """
        for edit in self._edits:
            if edit.shown + edit.length > start:
                sought = edit.zero + int(
                    max(Fraction(0), Fraction(start) - edit.shown) * edit.speed * self._samples.scale
                )
                yield from self._of_edit(edit, sought, damaged)

    def _of_edit(self, edit: _Edit, sought: int, damaged: Callable[[], None]) -> Iterator[VideoFrame]:
        import av

        first, place = self._samples.sought(max(edit.begins, min(sought, edit.ends - 1)))
        stamps = self._stamps_of(edit)
        with open_film(self._path, edited=False) as container:
            stream = container.streams.video[self._number]
            with contextlib.suppress(av.FFmpegError):
                container.seek(place, stream=stream)
            packets = takewhile(lambda packet: packet.dts is None or packet.dts < edit.ends, container.demux(stream))
            for frame in frames_of(unsaid(packets, stream), stream, decoder_of(stream), damaged):
                if frame.pts is None or not max(first, edit.begins) <= frame.pts < edit.ends:
                    continue
                time, ends = self._time(edit, frame.pts), edit.shown + edit.length
                behind = int(np.searchsorted(stamps, frame.pts, "right"))
                if behind < len(stamps):
                    ends = self._time(edit, int(stamps[behind]))
                frame.time_base = _TICK
                frame.pts, frame.duration = round(time / _TICK), round((ends - time) / _TICK)
                yield frame


def edit_list_of(path: Path, number: int, track: int) -> EditList | None:
    """The edit list of a film where FFmpeg does not follow it; None where it does, and where there is none.

    Args:
        path: of the film.
        number: which of its video streams, from 0.
        track: what the container calls that stream.
    """
    try:
        with path.open("rb") as opened:
            return _edit_list(Parts(opened), opened.seek(0, 2), path, number, track)
    except (OSError, struct.error, IndexError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _edit_list(file: Parts, end: int, path: Path, number: int, track: int) -> EditList | None:
    header = next(within(file, (0, end), b"moov", b"mvhd"), None)
    # What stands in fragments its tables do not list.
    if header is None or next(within(file, (0, end), b"moov", b"mvex"), None) is not None:
        return None
    data = file.at(header[0], 32)
    (scale,) = struct.unpack_from(">I", data, 20 if data[:1] == b"\1" else 12)
    lists = {one: (_entries(file, span, scale), span) for one, _, span in tracks(file, end)}
    entries, span = lists.get(track, ([], (0, 0)))
    media = next(within(file, span, b"mdia"), None) if entries else None
    samples = None if media is None else samples_of(file, media, end)
    edits = [] if samples is None else list(_edits(entries, samples))
    if samples is None or not edits:
        return None
    if _is_followed(entries, edits, samples):
        return None
    others = [entry for one, (its, _) in lists.items() if one != track for entry in its if entry.begins >= 0]
    said = [_BACKWARDS] if any(entry.speed < 0 for entry in entries) else []
    said += [_SOUND] if any(entry.speed != 1 for entry in others) else []
    return EditList(path, number, edits, samples, "; ".join(said))


def _is_followed(entries: list[_Entry], edits: list[_Edit], samples: Samples) -> bool:
    """Whether FFmpeg shows what a list says, and for as long."""
    shown, only = [entry for entry in entries if entry.begins >= 0], edits[0]
    return (
        len(edits) == 1
        and all(entry.speed == 1 for entry in shown)
        # How long it is FFmpeg counts with what shows nothing in front of it, and as the list says.
        and not only.shown
        and max(entry.length for entry in shown) <= only.length + Fraction(int(samples.steps.max()), samples.scale)
        and only.begins == only.zero
        and any(entry.length for entry in shown)
        and not samples.is_left(only.begins, only.ends)
    )


def _entries(file: Parts, track: tuple[int, int], scale: int) -> list[_Entry]:
    """The edit list of a track, with parts that show nothing; empty where it has none."""
    place = next(within(file, track, b"edts", b"elst"), None)
    if place is None:
        return []
    data = file.at(place[0], min(place[1] - place[0], 8 + 20 * _MOST))
    layout = struct.Struct(">Qqi" if data[0] == 1 else ">Iii")
    (count,) = struct.unpack_from(">I", data, 4)
    whole = min(count, (len(data) - 8) // layout.size, _MOST)
    found = layout.iter_unpack(data[8 : 8 + whole * layout.size])
    return [_Entry(Fraction(long, scale), begins, Fraction(speed, _ONE)) for long, begins, speed in found]


def _edits(entries: list[_Entry], samples: Samples) -> Iterator[_Edit]:
    """What shows pictures."""
    shown, ordered = Fraction(0), np.sort(samples.shown)
    last = int((samples.shown + samples.steps).max())
    usual = float(np.median(samples.steps))
    # One that says no length lasts to the end, where nothing else is shown.
    is_endless = not any(entry.length for entry in entries if entry.begins >= 0)
    for entry in entries:
        zero, speed = entry.begins, entry.speed if entry.speed >= 0 else Fraction(1)
        length = Fraction(last - min(zero, last), samples.scale) if is_endless and zero >= 0 else entry.length
        begins, ends = _span(ordered, last, zero, zero + round(length * speed * samples.scale), usual)
        first, behind = np.searchsorted(ordered, (begins, ends))
        if zero >= 0 and length and first < behind:
            # Longer than there are pictures it does not last, but where one is held.
            left = Fraction(last - zero, samples.scale) / speed if speed else length
            yield _Edit(shown, min(length, left), zero, begins, ends, speed)
        shown += length


def _span(ordered: Ticks, last: int, zero: int, ends: int, usual: float) -> tuple[int, int]:
    """The stamp of the first picture of a part, and that before which they end.

    Args:
        ordered: the stamps of all pictures, rising.
        last: the stamp at which the last of them ends.
        zero: the stamp that stands at the beginning of the part.
        ends: the one at its end, the same where one picture is held.
        usual: how long most of them are shown, in ticks.
    """
    behind = int(np.searchsorted(ordered, zero, "right"))
    following = int(ordered[behind]) if behind < len(ordered) else last
    # What began before it is shown on, and so is what begins before its end, but no mere moment of either.
    is_long = following - zero >= _WORTH * usual or following >= ends
    begins = int(ordered[max(0, behind - 1)]) if is_long and (behind or zero == ends) else zero
    return begins, begins + 1 if zero == ends else max(zero + 1, ends - int((1 - _WORTH) * usual))
