"""The sound of a film stands where its pictures are: whatever its clock begins with, over holes and damage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import RATE, clicks, make_film

from studio.errors import StudioError
from studio.io import sound
from studio.io.sound import HEARD_RATE, heard, samples


def begins(pieces: Iterator[np.ndarray], rate: int) -> list[float]:
    """The seconds at which tones begin."""
    whole = np.concatenate([piece.reshape(len(piece), -1)[:, 0] for piece in pieces])
    loud = np.flatnonzero(np.abs(whole) > 0.3)
    return [float(at) / rate for at in loud[np.diff(loud, prepend=-rate) > rate // 4]]


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "mp2"), ("a.mkv", "flac"), ("a.mov", "pcm_s16le")])
def test_a_film_whose_clock_begins_late_is_heard_in_step(tmp_path: Path, name: str, codec: str) -> None:
    path = make_film(tmp_path / name, count=100, audio=codec, options={"bf": "0"})
    if name != "a.mov":
        # Four seconds later than its clock's zero: as a piece cut out of a broadcast.
        later = tmp_path / f"later{name}"
        with av.open(str(path)) as film, av.open(str(later), "w") as out:
            copies = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
            for packet in film.demux():
                if packet.dts is None:
                    continue
                packet.pts += int(4 / packet.time_base)
                packet.dts += int(4 / packet.time_base)
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
        path = later
    for found, first in (
        (begins(samples(path), sound.RATE), 0),
        (begins(heard(path, 0.0), HEARD_RATE), 0),
        ([2.5 + at for at in begins(heard(path, 2.5), HEARD_RATE)], 3),
    ):
        # A codec's own delay of up to 25 ms comes with it.
        assert found == pytest.approx(list(range(first, 4)), abs=0.03)


def test_a_hole_in_the_sound_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    tones = (clicks(4) * 32767).astype(np.int16)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for start in range(0, len(tones), 960):
            if 0.3 <= start / RATE < 0.8:
                continue
            frame = av.AudioFrame.from_ndarray(tones[None, start : start + 960], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    assert begins(samples(path), sound.RATE) == pytest.approx([0, 1, 2, 3], abs=0.01)
    assert [0.4 + at for at in begins(heard(path, 0.4), HEARD_RATE)] == pytest.approx([1, 2, 3], abs=0.01)


def test_damaged_sound_is_passed_over(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.ts", count=100, audio="mp2")
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 3 // 188 * 188, len(data) // 3 + 188 * 6, 188):
        data[place + 8 : place + 180] = bytes(172)
    path.write_bytes(data)
    found = begins(samples(path), sound.RATE)
    assert found[-1] == pytest.approx(3, abs=0.06)


def test_a_play_list_reaches_no_other_machine(tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    for read in (samples(path), heard(path, 0.0)):
        with pytest.raises(StudioError, match="sound"):
            next(read)
