"""Films of which something else lasts longer than the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
import pytest
from films import RATE, make_film, numbered, numbers

from studio.io.sources import open_source
from studio.io.sources._films.length import duration_of

if TYPE_CHECKING:
    from av.container import InputContainer

_CODECS = {
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".flv": ("libx264", "aac"),
    ".nut": ("libx264", "pcm_s16le"),
    ".mpg": ("mpeg2video", "mp2"),
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "pcm_s16le"),
    ".ts": ("libx264", "mp2"),
}


def _with_long_sound(path: Path, count: int, seconds: int) -> Path:
    """`count` pictures at 25 a second, and so many seconds of noise."""
    video, audio = _CODECS[path.suffix]
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, seconds * RATE)
    with av.open(str(path), "w") as film:
        stream = film.add_stream(video, rate=Fraction(25), options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        sound = film.add_stream(audio, rate=RATE, layout="mono")
        for number in range(25 * seconds):
            if number < count:
                frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
                frame.pts = number
                film.mux(stream.encode(frame))
            begin = number * RATE // 25
            block = (noise[None, begin : begin + RATE // 25] * 32767).astype(np.int16)
            piece = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = RATE, begin, Fraction(1, RATE)
            film.mux(sound.encode(piece))
        film.mux([*stream.encode(None), *sound.encode(None)])
    return path


@pytest.mark.parametrize("suffix", _CODECS)
def test_sound_that_lasts_longer_makes_no_film_damaged(tmp_path: Path, suffix: str) -> None:
    with open_source(str(_with_long_sound(tmp_path / f"a{suffix}", 50, 6))) as source:
        assert numbers(frame.picture for frame in source) == list(range(50))
        assert source.warning is None
        assert source.info.frames == pytest.approx(50, abs=2)
        assert source.info.duration == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".flv", ".mpg"])
def test_of_such_a_film_that_is_cut_off_it_is_still_said(tmp_path: Path, suffix: str) -> None:
    path = _with_long_sound(tmp_path / f"a{suffix}", 150, 6)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_source(str(path)) as source:
        assert len(list(source)) < 140
        if suffix != ".mpg":  # which does not say how long it is
            assert source.warning is not None


def test_subtitles_that_stay_longer_make_no_film_damaged(tmp_path: Path) -> None:
    plain, path = make_film(tmp_path / "plain.mkv", count=50, options={"bf": "0"}), tmp_path / "a.mkv"
    words = tmp_path / "a.srt"
    words.write_text("1\n00:00:00,000 --> 00:00:09,000\nfor long\n")
    with av.open(str(plain)) as source, av.open(str(words)) as said, av.open(str(path), "w") as film:
        pairs = [(one, film.add_stream_from_template(one.streams[0])) for one in (source, said)]
        for one, stream in reversed(pairs):
            for packet in one.demux(one.streams[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    film.mux(packet)
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == list(range(50))
        assert (source.warning, source.info.frames) == (None, 50)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    with open_source(str(path)) as source:
        assert 0 < len(list(source)) < 50
        assert "cut off" in str(source.warning)


def test_of_two_pictures_at_once_the_shorter_one_is_whole(tmp_path: Path) -> None:
    large, small, path = tmp_path / "large.mkv", tmp_path / "small.mkv", tmp_path / "a.mkv"
    make_film(large, count=25, size=(320, 192), options={"bf": "0"})
    make_film(small, count=100, options={"bf": "0"})
    with av.open(str(large)) as first, av.open(str(small)) as second, av.open(str(path), "w") as film:
        packets = []
        for one in (first, second):
            stream = film.add_stream_from_template(one.streams.video[0])
            for packet in one.demux(video=0):
                if packet.dts is not None:
                    packets.append((packet.dts * packet.time_base, packet, stream))
        for _, packet, stream in sorted(packets, key=lambda each: each[0]):
            packet.stream = stream
            film.mux(packet)
    with open_source(str(path)) as source:
        assert (source.info.size.height, len(list(source)), source.warning) == (192, 25, None)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".flv", ".nut"])
@pytest.mark.parametrize("has_sound", [False, True])
def test_pictures_that_begin_behind_the_zero_of_their_clock_are_none_too_many(
    tmp_path: Path, suffix: str, has_sound: bool
) -> None:
    """As those with B frames, and films that are cut without being encoded anew."""
    path = tmp_path / f"a{suffix}"
    codec = "libvpx" if suffix == ".webm" else "libx264"
    sound = {".webm": "libopus", ".flv": "aac"}.get(suffix, "pcm_s16le")
    make_film(tmp_path / f"plain{suffix}", codec, count=50, options={"g": "12"}, audio=sound if has_sound else None)
    with av.open(str(tmp_path / f"plain{suffix}")) as source, av.open(str(path), "w") as film:
        pairs = {one.index: film.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.size and packet.pts is not None:
                late = round(0.12 / packet.time_base)
                packet.pts, packet.dts = packet.pts + late, None if packet.dts is None else packet.dts + late
                packet.stream = pairs[packet.stream_index]
                film.mux(packet)
    with open_source(str(path)) as source:
        assert (numbers(frame.picture for frame in source), source.warning) == (list(range(50)), None)
        assert source.info.frames == 50


class _Counted:
    """A film that counts the packets that are read of it."""

    def __init__(self, container: InputContainer) -> None:
        self._container, self.packets = container, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, *streams: Any) -> Iterator[Any]:
        for packet in self._container.demux(*streams):
            self.packets += 1
            yield packet


@pytest.mark.parametrize("suffix", [".mkv", ".flv", ".nut"])
def test_of_a_long_film_its_end_alone_is_read(tmp_path: Path, suffix: str) -> None:
    path = _with_long_sound(tmp_path / f"a{suffix}", 1000, 40)
    with av.open(str(path)) as film:
        counted, stream = _Counted(film), film.streams.video[0]
        found = duration_of(cast(Any, counted), stream, float((stream.start_time or 0) * (stream.time_base or 1)))
        assert found == pytest.approx(40, abs=0.1)
        assert counted.packets < 300
