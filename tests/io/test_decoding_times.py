"""Containers that keep the order of decoding, and bare streams of rates that FFmpeg does not believe."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from films import make_film, numbers

from studio.io.sources import at_constant_rate, open_source


@pytest.mark.parametrize("between", [0, 1, 3, 4])
@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mxf", "libx264"), (".mxf", "mpeg2video"), (".avi", "libx264"), (".wmv", "libx264")]
)
def test_times_are_those_of_showing(tmp_path: Path, suffix: str, codec: str, between: int) -> None:
    options = {"bf": str(min(between, 2) if codec == "mpeg2video" else between), "g": "12"}
    path = make_film(tmp_path / f"a{suffix}", codec, count=40, options=options)
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.info.fps == 25
        assert numbers(frame.picture for frame in at_constant_rate(source, Fraction(25))) == list(range(40))
    assert numbers(frame.picture for frame in frames) == list(range(40))
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(40)], abs=0.0016)


@pytest.mark.parametrize("fps", [10, 12, 24, 25, 30, 50, 60, 100, 120, 240])
@pytest.mark.parametrize(("suffix", "codec"), [(".h264", "libx264"), (".hevc", "libx265"), (".m2v", "mpeg2video")])
def test_bare_streams_have_the_rate_that_they_say(tmp_path: Path, suffix: str, codec: str, fps: int) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    if codec == "mpeg2video" and fps not in (24, 25, 30, 50, 60):
        pytest.skip("MPEG-2 has a number for these alone")
    path = make_film(tmp_path / f"a{suffix}", codec, count=20, fps=Fraction(fps), options=options)
    with open_source(str(path)) as source:
        assert source.info.fps == fps
        assert numbers(frame.picture for frame in at_constant_rate(source, Fraction(fps))) == list(range(20))
