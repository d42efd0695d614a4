"""Films as they come from elsewhere: bare streams, words for colours that no converter has, rates out of floats."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbered, numbers

from studio.io.sinks import open_sink
from studio.io.sources import at_constant_rate, open_source
from studio.io.sources._convert import RgbConverter
from studio.model.size import Size

# MPEG-2 has no 12.
_RATES = [
    (kind, rate)
    for kind in ("h264", "hevc", "m4v", "mpeg2video")
    for rate in (Fraction(12), Fraction(24000, 1001), Fraction(50))
    if (kind, rate) != ("mpeg2video", 12)
]


@pytest.mark.parametrize(("kind", "rate"), _RATES, ids=str)
def test_a_bare_stream_has_the_rate_that_its_pictures_say(tmp_path: Path, kind: str, rate: Fraction) -> None:
    codec = {"h264": "libx264", "hevc": "libx265", "m4v": "mpeg4", "mpeg2video": "mpeg2video"}[kind]
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = tmp_path / "film.bin"
    with av.open(str(path), "w", format=kind) as film:
        stream = film.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(30):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        film.mux(stream.encode(None))
    with open_source(str(path)) as source:
        assert source.info.fps == rate
        found = list(at_constant_rate(source, rate))
        assert numbers(frame.picture for frame in found) == list(range(30))
        assert numbers(frame.picture for frame in source.frames(float(20 / rate)))[0] == 20
        assert source.warning is None


def test_a_film_that_ends_where_its_last_frame_begins_keeps_it(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.nut", "ffv1", count=8, fps=Fraction(24))
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in at_constant_rate(source, Fraction(24))) == list(range(8))


@pytest.mark.parametrize("word", ["color_trc", "color_primaries", "color_range"])
def test_words_for_colours_that_no_converter_has_hide_no_picture(word: str) -> None:
    def frame(value: int) -> av.VideoFrame:
        made = av.VideoFrame.from_ndarray(numbered(5), "rgb24").reformat(format="yuv420p")
        setattr(made, word, value)
        return made

    usual = RgbConverter(Size(96, 160))(frame(0 if word == "color_range" else 2))
    for value in (0, 3, 10, 20, 23):
        assert np.array_equal(RgbConverter(Size(96, 160))(frame(value)), usual)


def test_a_matrix_that_cannot_be_followed_is_said() -> None:
    frame = av.VideoFrame.from_ndarray(numbered(5), "rgb24").reformat(format="yuv420p")
    convert = RgbConverter(Size(96, 160))
    convert(frame)
    assert not convert.remark
    frame.colorspace = 8
    convert(frame)
    assert "YCgCo" in convert.remark


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".gif"])
def test_a_rate_out_of_a_float_can_be_recorded(tmp_path: Path, suffix: str) -> None:
    codec = {".mp4": "h264", ".mov": "prores", ".mkv": "ffv1", ".gif": "gif"}[suffix]
    path = tmp_path / f"a{suffix}"
    with open_sink(path, codec=codec, size=Size(96, 160), fps=Fraction(23.976023976)) as sink:
        for number in range(12):
            sink.write(numbered(number))
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == list(range(12))
        assert source.info.duration == pytest.approx(12 / 23.976, abs=0.03)


def test_a_fragmented_film_cut_within_the_index_of_a_fragment_is_shown_up_to_there(tmp_path: Path) -> None:
    whole = make_film(
        tmp_path / "whole.mp4",
        count=30,
        options={"g": "6", "bf": "0"},
        container={"movflags": "frag_keyframe+empty_moov"},
    ).read_bytes()
    begins = [place - 4 for place in range(len(whole)) if whole[place : place + 4] == b"moof"]
    assert len(begins) == 5
    length = int.from_bytes(whole[begins[3] : begins[3] + 4], "big")
    path = tmp_path / "cut, by ,,:somebody.mp4"
    for cut in (*range(begins[3] + 2, begins[3] + length, 7), begins[3] + length - 1):
        path.write_bytes(whole[:cut])
        with open_source(str(path)) as source:
            assert numbers(frame.picture for frame in source) == list(range(18)), cut
            said = source.warning
            assert numbers(frame.picture for frame in source.frames(0.4))[0] == 10
    assert said == f"{path} is cut off after 18 frames"
