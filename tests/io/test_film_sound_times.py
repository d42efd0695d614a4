"""The sound of a film stands where its pictures are: whatever its clock begins with, over holes and damage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from films import RATE, clicks, loud_times, make_film

from studio.errors import StudioError
from studio.io import sound
from studio.io.sinks import open_sink
from studio.io.sound import HEARD_RATE, heard, samples
from studio.io.sources import at_constant_rate, open_source
from studio.io.sources._films import opening
from studio.io.sources._films.clock import Stamps
from studio.io.sources._films.opening import packets_of
from studio.model.declared.size import Size


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


def test_to_hear_a_transport_stream_it_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.ts", count=200, audio="mp2", options={"bf": "2"})
    read = list[int]()

    def counted(*asked: Any) -> list[Stamps]:
        found = packets_of(*asked)
        read.append(len(found))
        return found

    monkeypatch.setattr(opening, "packets_of", counted)
    assert [2.5 + at for at in begins(heard(path, 2.5), HEARD_RATE)] == pytest.approx([3, 4, 5, 6, 7], abs=0.03)
    assert 0 < max(read) <= 64
    assert opening.picture_start(path) == opening.picture_starts(path)[0]
    assert max(read) == 200


@pytest.mark.parametrize(("start", "first"), [(2.5, 0.5), (7.3, 0.7)])
def test_a_late_piece_of_a_programme_stream_is_in_step_and_not_called_damaged(
    tmp_path: Path, start: float, first: float
) -> None:
    """Where it is sought, the first packet of sound has lost its beginning; damage behind there is said."""
    film = make_film(tmp_path / "a.mpg", "mpeg2video", count=300, audio="mp2", options={"bf": "2", "g": "15"})
    made = record_sound(film, tmp_path / "out.mkv", start)
    assert begins(samples(made), sound.RATE)[:2] == pytest.approx([first, first + 1], abs=0.03)
    data = bytearray(film.read_bytes())
    for packet in re.finditer(rb"\x00\x00\x01\xc0", bytes(data)):
        if start + 1 < 12 * packet.start() / len(data) < start + 2:
            data[packet.end() + 60 : packet.end() + 1000] = bytes(940)
    film.write_bytes(data)
    with pytest.raises(AssertionError, match="has damaged sound, which is missing in places"):
        record_sound(film, tmp_path / "broken.mkv", start)


def record_sound(film: Path, into: Path, start: float) -> Path:
    """Three seconds of a film's sound; AssertionError with what is said of it."""
    with open_sink(
        into, codec="ffv1", size=Size(16, 16), fps=Fraction(25), audio=film, audio_range=(start, None)
    ) as sink:
        for _ in range(75):
            sink.write(np.zeros((16, 16, 3), np.uint8))
    assert sink.warning is None, sink.warning
    return into


def test_a_play_list_reaches_no_other_machine(tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    for read in (samples(path), heard(path, 0.0)):
        with pytest.raises(StudioError, match="sound"):
            next(read)


@pytest.mark.parametrize(("suffix", "codec", "first"), [(".mkv", "pcm_s16le", 1.0), (".mp4", "aac", 0.8)])
def test_a_film_that_begins_before_its_zero_is_heard_and_recorded_in_step(
    tmp_path: Path, suffix: str, codec: str, first: float
) -> None:
    """Of a cut film in Matroska the first pictures have no times, and are shown; in MP4 an edit list hides them."""
    film = make_film(tmp_path / f"a{suffix}", count=75, audio=codec, options={"bf": "0", "g": "100"})
    cut = tmp_path / f"cut{suffix}"
    with av.open(str(film)) as source, av.open(str(cut), "w", options={"avoid_negative_ts": "disabled"}) as sink:
        copies = {stream.index: sink.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size:
                earlier = round(0.2 / packet.time_base)
                packet.pts, packet.dts = (packet.pts or 0) - earlier, (packet.dts or 0) - earlier
                packet.stream = copies[packet.stream.index]
                sink.mux(packet)
    heard_at = pytest.approx([first, first + 1], abs=0.03)
    assert begins(samples(cut), sound.RATE)[-2:] == heard_at
    for name, codec in (("out.mkv", "ffv1"), ("out.mov", "prores"), ("out.mp4", "h264")):
        out = tmp_path / name
        with (
            open_source(str(cut)) as source,
            open_sink(out, codec=codec, size=source.info.size, fps=Fraction(25), audio=source.audio_path) as sink,
        ):
            for frame in at_constant_rate(source, Fraction(25)):
                sink.write(frame.picture)
        assert loud_times(out)[-2:] == heard_at


def test_of_several_sounds_the_usual_one_is_taken(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", count=50)
    path = tmp_path / "two.mkv"
    with av.open(str(film)) as source, av.open(str(path), "w") as sink:
        picture = sink.add_stream_from_template(source.streams.video[0])
        sounds = [sink.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)]
        sounds[1].disposition = Disposition.default
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = picture
                sink.mux(packet)
        for place, stream in enumerate(sounds):
            tones = np.roll(clicks(2), RATE // 2 * place) * 32767
            frame = av.AudioFrame.from_ndarray(tones[None].astype(np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            sink.mux(stream.encode(frame))
            sink.mux(stream.encode(None))
    assert begins(samples(path), sound.RATE) == pytest.approx([0.5, 1.5], abs=0.01)


def joined(path: Path) -> Path:
    """Two seconds at 44.1 kHz and two at 48 kHz in stereo, one behind the other, as files that people join are."""
    data = b""
    for rate, layout in ((44100, "mono"), (48000, "stereo")):
        part = path.with_name(f"{rate}{path.suffix}")
        with av.open(str(part), "w") as film:
            stream = film.add_stream(path.suffix[1:], rate=rate, layout=layout)
            # One click a second, a tenth of a second long.
            whole = np.concatenate([np.sin(np.arange(rate // 10) / 10) * 20000, np.zeros(rate - rate // 10)] * 2)
            for start in range(0, len(whole), 1152):
                piece = whole[start : start + 1152].astype(np.int16)
                shaped = np.repeat(piece, 2 if layout == "stereo" else 1)[None]
                frame = av.AudioFrame.from_ndarray(shaped, format="s16", layout=layout)
                frame.sample_rate, frame.pts = rate, start
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        data += part.read_bytes()
    path.write_bytes(data)
    return path


def test_sound_that_changes_its_rate_on_the_way_is_heard_to_its_end(tmp_path: Path) -> None:
    path = joined(tmp_path / "joined.mp3")
    # Each file has a delay of its encoder's.
    assert begins(samples(path), sound.RATE) == pytest.approx([0, 1, 2, 3], abs=0.15)
    assert begins(heard(path, 0.0), HEARD_RATE) == pytest.approx([0, 1, 2, 3], abs=0.15)


def test_such_sound_is_whole_in_a_recording(tmp_path: Path) -> None:
    # MP2 is none of what is copied as it is.
    path, sound_file = tmp_path / "a.mov", joined(tmp_path / "joined.mp2")
    with open_sink(path, codec="prores", size=Size(16, 16), fps=Fraction(25), audio=sound_file) as sink:
        for _ in range(100):
            sink.write(np.zeros((16, 16, 3), np.uint8))
    assert begins(samples(path), sound.RATE) == pytest.approx([0, 1, 2, 3], abs=0.15)
