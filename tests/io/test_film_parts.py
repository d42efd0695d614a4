"""A film that comes as fast as it is taken: encoded in parts by several encoders, and one film all the same."""

from __future__ import annotations

import os
import threading
import time
import wave
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import numbered, numbers

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sinks import Sink, _encoders, codec_for, open_sink
from studio.io.sinks._film import FilmSink
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, shallow

FPS = Fraction(25)
MANY = 32
"""Processors of a machine on which one encoder does not use all."""


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(MANY), raising=False)


def read(path: Path) -> list[Picture]:
    with open_source(str(path)) as source:
        found = [shallow(frame.picture) for frame in source]
        assert source.warning is None
        return found


def keys(path: Path) -> list[int]:
    with av.open(str(path)) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
        return [place for place, packet in enumerate(packets) if packet.is_keyframe]


def record(path: Path, pictures: list[Picture], *, ahead: bool, codec: str = "h264", slowly: float = 0.0) -> int:
    """Record pictures; how many encoders there were."""
    with open_sink(path, codec=codec, size=Size.of(pictures[0]), fps=FPS, ahead=ahead) as sink:
        for picture in pictures:
            room = picture.copy()
            sink.write(room)
            room[:] = 0
            time.sleep(slowly)
        assert isinstance(sink, FilmSink)
        return len(getattr(sink._encoders, "_encoders", [None]))


def held() -> int:
    return sum(each.name in ("convert", "encode part") for each in threading.enumerate())


def demo(count: int, side: int) -> list[Picture]:
    with open_source("demo") as source:
        return [resized(shallow(frame.picture), Size(side, side)) for frame in islice(source, count)]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.gif"])
def test_where_one_encoder_uses_all_processors_it_is_the_same_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Colours are converted several at once, to the same numbers."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    # Of other widths FFmpeg's scaler reads beyond the last pixel, whose last digit is then any.
    pictures, films = demo(30, 128), []
    for ahead in (False, True):
        path = tmp_path / f"{ahead}" / name
        path.parent.mkdir()
        record(path, pictures, ahead=ahead, codec=codec_for(path) or "")
        films.append(path.read_bytes())
    assert films[0] == films[1]
    assert not held()


@pytest.mark.usefixtures("many")
def test_a_second_encoder_begins_where_the_first_is_behind_and_the_film_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_encoders._Encoder, "waiting", property(lambda self: 100 + self._asked.qsize()))
    pictures = demo(330, 256)
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    assert record(one, pictures, ahead=False) == 1
    assert record(two, pictures, ahead=True) == 2
    assert keys(one) == keys(two) == list(range(0, 330, 25))

    def noise(path: Path) -> np.ndarray:
        return np.array([np.square(a.astype(np.float32) - b).mean() for a, b in zip(read(path), pictures, strict=True)])

    found, expected = noise(two), noise(one)
    # A thousandth: only the first picture that an encoder ever makes knows nothing of those before.
    assert found.mean() == pytest.approx(expected.mean(), rel=0.002)
    assert two.stat().st_size == pytest.approx(one.stat().st_size, rel=0.002)
    # Those before a key frame are as good as ever: it is not the end for them.
    assert found[90:100].mean() == pytest.approx(expected[90:100].mean(), rel=0.002)
    assert not held()


@pytest.mark.usefixtures("many")
def test_pictures_that_come_slowly_are_all_encoded_by_one_and_are_soon_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_encoders, "_PART", 25)
    pictures = [numbered(number, 64, 64) for number in range(120)]
    assert record(tmp_path / "a.mp4", pictures, ahead=True, slowly=0.01) == 1
    assert record(tmp_path / "b.mp4", pictures, ahead=False) == 1
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("count", [1, 24, 25, 26, 49, 51, 75, 76, 300])
def test_parts_are_in_order_and_whole_wherever_the_film_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    monkeypatch.setattr(_encoders, "_PART", 25)
    # Whether or not an encoder is behind, the next part is for another one.
    monkeypatch.setattr(_encoders._Encoder, "waiting", property(lambda self: 100 + self._asked.qsize()))
    pictures = [numbered(number, 128, 64) for number in range(count)]
    used = record(tmp_path / name, pictures, ahead=True)
    assert used == (2 if count >= 50 - 1 else 1)
    assert numbers(read(tmp_path / name)) == list(range(count))
    assert keys(tmp_path / name) == list(range(0, count, 25))
    assert not held()


@pytest.mark.usefixtures("many")
def test_cuts_do_not_bring_two_key_frames_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_encoders, "_PART", 25)
    monkeypatch.setattr(_encoders._Encoder, "waiting", property(lambda self: 100 + self._asked.qsize()))
    rng = np.random.default_rng(0)
    scenes = [np.repeat(np.repeat(rng.integers(0, 256, (8, 8, 3), np.uint8), 16, 0), 16, 1) for _ in range(40)]
    for cut in (22, 23, 24, 25, 26):
        pictures = [scenes[(number + 50 - cut) // 25] for number in range(150)]
        record(tmp_path / f"{cut}.mp4", pictures, ahead=True)
        found = keys(tmp_path / f"{cut}.mp4")
        assert set(found) >= set(range(0, 150, 25))
        assert not any(place % 25 == 24 for place in found)
        assert len(read(tmp_path / f"{cut}.mp4")) == 150


@pytest.mark.usefixtures("many")
def test_what_goes_wrong_in_any_encoder_is_said_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_encoders, "_PART", 25)
    monkeypatch.setattr(_encoders._Encoder, "waiting", property(lambda self: 100 + self._asked.qsize()))
    made, written = FilmSink._set_up, list[int]()

    class Fails:
        """An encoder that breaks in its first part."""

        def encode(self, _: av.VideoFrame | None) -> list[av.Packet]:
            raise av.ExternalError(1, "no memory")

    def set_up(self: FilmSink, context: Any, size: Size) -> None:
        if not isinstance(context, Fails):
            made(self, context, size)

    def write(sink: Sink) -> None:
        for number in range(1000):
            written.append(number)
            sink.write(numbered(number, 64, 64))

    monkeypatch.setattr(av.CodecContext, "create", lambda *_: Fails())
    monkeypatch.setattr(FilmSink, "_set_up", set_up)
    sink = open_sink(tmp_path / "a.mp4", codec="h264", size=Size(64, 64), fps=FPS, ahead=True)
    with pytest.raises(StudioError, match="the encoder failed"):
        write(sink)
    assert 25 <= len(written) < 200
    assert not held()


@pytest.mark.usefixtures("many")
def test_an_encoder_that_leaves_out_pictures_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_encoders, "_PART", 25)
    monkeypatch.setattr(_encoders._Encoder, "waiting", property(lambda self: 100 + self._asked.qsize()))
    create = av.CodecContext.create

    class Lossy:
        """An encoder that loses its last picture."""

        def __init__(self, *kind: Any) -> None:
            self.__dict__["of"] = create(*kind)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.of, name)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self.of, name, value)

        def encode(self, frame: av.VideoFrame | None) -> list[av.Packet]:
            found = self.of.encode(frame)
            # The last, once no picture comes any more: nothing behind it says that it is missing.
            return found[:-1] if frame is None else found

    monkeypatch.setattr(av.CodecContext, "create", Lossy)
    sink = open_sink(tmp_path / "a.mp4", codec="h264", size=Size(64, 64), fps=FPS, ahead=True)
    for number in range(45):
        sink.write(numbered(number, 64, 64))
    with pytest.raises(StudioError, match="left out pictures"):
        sink.close()
    assert not held()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_sound_lies_beside_its_pictures_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """However many pictures encoders hold back: a player over a slow line would have to fetch both ends."""
    plain, fps, count, go_on = _encoders._Encoder._encode, Fraction(5), 120, threading.Event()

    def late(self: _encoders._Encoder, frame: av.VideoFrame | None) -> None:
        go_on.wait(60)
        plain(self, frame)

    monkeypatch.setattr(_encoders._Encoder, "_encode", late)
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000 * 30))
    path = tmp_path / name
    with open_sink(path, codec="h264", size=Size(512, 64), fps=fps, ahead=True, audio=tmp_path / "a.wav") as sink:
        for number in range(count):
            sink.write(numbered(number, 64, 512))
            if number == 90:
                go_on.set()
    with av.open(str(path)) as film:
        found = sorted(
            (packet.pos, packet.stream.type, float(packet.pts * packet.time_base))
            for packet in film.demux()
            if packet.size and packet.pts is not None
        )
    at, apart = {"video": 0.0, "audio": 0.0}, 0.0
    for _, kind, second in found:
        at[kind] = second
        apart = max(apart, abs(at["video"] - at["audio"]))
    assert apart < 1.0
    assert at["audio"] == pytest.approx(count / fps, abs=0.6)
    assert numbers(read(path)) == list(range(count))


@pytest.mark.usefixtures("many")
def test_few_pictures_wait_in_front_of_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, encoded = _encoders._Encoder._encode, [0]

    def slow(self: _encoders._Encoder, frame: av.VideoFrame | None) -> None:
        time.sleep(0.002)
        encoded[0] += 1
        plain(self, frame)

    monkeypatch.setattr(_encoders._Encoder, "_encode", slow)
    with open_sink(tmp_path / "a.mp4", codec="h264", size=Size(64, 64), fps=FPS, ahead=True) as sink:
        for number in range(400):
            sink.write(numbered(number, 64, 64))
            assert number - encoded[0] <= _encoders._PART + 10
        sink.abort()
    assert not held()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("end", ["abort", "keep"])
def test_ending_early_leaves_no_thread(tmp_path: Path, end: str) -> None:
    sink = open_sink(tmp_path / "a.mp4", codec="h264", size=Size(256, 256), fps=FPS, ahead=True)
    for number in range(150):
        sink.write(numbered(number, 256, 256))
    getattr(sink, end)()
    assert not held()
    if end == "keep":
        assert numbers(read(tmp_path / "a.mp4")) == list(range(150))
    else:
        assert not list(tmp_path.iterdir())
