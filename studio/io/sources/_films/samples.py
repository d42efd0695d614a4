"""When each picture of a MOV or MP4 is decoded and shown, by the tables of its track.

Source: ISO/IEC 14496-12 (`mdhd`, `stsz`, `stz2`, `stts`, `ctts`, `stss`).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._files.iso import Parts, within

# No film has more pictures.
_MOST = 20_000_000

Ticks = NDArray[np.int64]


class Samples(NamedTuple):
    """The pictures of a track in the order in which they are decoded.

    Attributes:
        scale: ticks a second.
        decoded: (pictures,) when each is decoded, in ticks.
        shown: (pictures,) when each is shown, in ticks.
        steps: (pictures,) ticks from when each is decoded to the next, for which it is shown where none is behind it.
        keys: numbers of the key frames, from 0, rising.
    """

    scale: int
    decoded: Ticks
    shown: Ticks
    steps: Ticks
    keys: Ticks

    def sought(self, stamp: int) -> tuple[int, int]:
        """Where to decode from.

        Args:
            stamp: a tick.

        Returns:
            The stamp of the picture that is shown then, and the tick to seek to, from which on it, and what comes
            behind it, can be decoded.
        """
        before = self.shown[self.shown <= stamp]
        wanted = int(before.max() if len(before) else self.shown.min())
        first = np.flatnonzero(self.shown >= wanted)[0]
        keys = self.keys[(self.keys <= first) & (self.shown[self.keys] <= wanted)]
        key = int(keys[-1]) if len(keys) else 0
        # FFmpeg counts decoding from as much before as pictures are shown before they are decoded.
        early = max(0, int((self.decoded - self.shown).max()))
        return wanted, int(self.decoded[key]) - early

    def is_left(self, begins: int, ends: int) -> bool:
        """Whether pictures shown between two ticks stand behind a key frame that, decoded, lasts until the second."""
        keys = self.keys[self.shown[self.keys] + self.steps[self.keys] >= ends]
        return bool(len(keys) and ((self.shown >= begins) & (self.shown < ends))[keys[0] + 1 :].any())


def samples_of(file: Parts, media: tuple[int, int], end: int) -> Samples | None:
    """The pictures of a track; None where it lists none, as a film in fragments does, or more than it can hold.

    Args:
        file: the film.
        media: where the content of the track's box `mdia` lies.
        end: how long the film is, in bytes.

    Raises:
        struct.error, IndexError: where the file is damaged.
    """
    about, table = next(within(file, media, b"mdhd"), None), next(within(file, media, b"minf", b"stbl"), None)
    steps = None if table is None else _runs(file, table, b"stts")
    if about is None or table is None or steps is None or not len(steps):
        return None
    header = file.at(about[0], 32)
    (scale,) = struct.unpack_from(">I", header, 20 if header[:1] == b"\1" else 12)
    count = _count(file, table, end)
    if not scale or not 0 < count <= _MOST:
        return None
    # Where they are too few the last stands for the others.
    lengths = _spread(steps, count, int(steps[-1, 1]))
    decoded = np.cumsum(lengths) - lengths
    shown = decoded.copy()
    if (delays := _runs(file, table, b"ctts")) is not None:
        # Of the first version they are unsigned, and the writers of some films have not kept to it.
        delays[:, 1] = delays[:, 1].astype(np.int32)
        shown += _spread(delays, count, 0)
    listed = next(within(file, table, b"stss"), None)
    keys = np.arange(count)
    if listed is not None:
        length = min(listed[1] - listed[0] - 8, 4 * count)
        numbers = np.frombuffer(file.at(listed[0] + 8, length), ">u4").astype(np.int64) - 1
        keys = np.sort(numbers[(numbers >= 0) & (numbers < count)])
    return Samples(scale, decoded, shown, lengths, keys)


def _count(file: Parts, table: tuple[int, int], end: int) -> int:
    """How many pictures a track has by the box of their sizes, as FFmpeg counts; 0 where they cannot be there."""
    for kind in (b"stsz", b"stz2"):
        if (place := next(within(file, table, kind), None)) is not None:
            alike, count = struct.unpack(">II", file.at(place[0] + 4, 8))
            # One size for all, or a list, in the second box of so many bits each.
            bits, room = alike & 255 if kind == b"stz2" else 32, place[1] - place[0]
            if kind == b"stsz" and alike:
                bits, room = 8 * alike, end
            return count if count * bits <= 8 * room else 0
    return 0


def _spread(runs: Ticks, count: int, rest: int) -> Ticks:
    """(count,) of runs, one number for each picture; `rest` for those that they do not reach."""
    behind = np.minimum(np.append(np.cumsum(runs[:, 0]), count), count)
    return np.repeat(np.append(runs[:, 1], rest), np.diff(behind, prepend=0))


def _runs(file: Parts, table: tuple[int, int], kind: bytes) -> Ticks | None:
    """(runs, 2) of a table: how many samples, and their number."""
    place = next(within(file, table, kind), None)
    if place is None:
        return None
    data = file.at(place[0] + 8, min(place[1] - place[0] - 8, 8 * _MOST))
    return np.frombuffer(data[: len(data) // 8 * 8], ">u4").reshape(-1, 2).astype(np.int64)
