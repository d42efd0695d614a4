"""ASF and GXF: pictures that are decoded in another order, an encoder's delay, fields, a last time that is a guess."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from films import make_film, number_of, numbers

from studio.io.sources import at_constant_rate, open_source

PAL, NTSC, FILM = Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001)


def judged(path: Path, fps: Fraction, count: int) -> None:
    with open_source(str(path)) as source:
        frames, info = list(source), source.info
        assert (source.warning, source.remark) == (None, None)
        assert info.fps is not None
        once = numbers(frame.picture for frame in at_constant_rate(source, info.fps))
        late = next(source.frames(float((count // 2) / fps) + 0.003))
    assert numbers(frame.picture for frame in frames) == once == list(range(count))
    assert [frame.time for frame in frames] == pytest.approx([float(n / fps) for n in range(count)], abs=0.0016)
    assert info.frames == count
    assert info.duration == pytest.approx(float(count / fps), abs=0.5 / float(fps))
    # A few pictures at whole milliseconds do not tell one rate from another.
    assert float(info.fps) == pytest.approx(float(fps), rel=0.05 if count < 10 else 0.005)
    assert number_of(late.picture) == count // 2


@pytest.mark.parametrize("count", [3, 7, 30, 90])
@pytest.mark.parametrize("fps", [PAL, NTSC, FILM, Fraction(50)], ids=str)
@pytest.mark.parametrize(
    ("codec", "between"), [("mpeg4", 2), ("libx264", 3), ("wmv2", 0), ("msmpeg4", 0)], ids=lambda value: str(value)
)
def test_asf_has_the_times_of_its_pictures(tmp_path: Path, codec: str, between: int, fps: Fraction, count: int) -> None:
    options = {"bf": str(between)} if between else {}
    judged(make_film(tmp_path / "a.wmv", codec, count=count, fps=fps, options=options), fps, count)


@pytest.mark.parametrize("count", [3, 7, 40])
@pytest.mark.parametrize("between", [0, 2])
@pytest.mark.parametrize(("fps", "size"), [(PAL, (720, 576)), (NTSC, (720, 480))], ids=["625", "525"])
def test_gxf_counts_fields(tmp_path: Path, fps: Fraction, size: tuple[int, int], between: int, count: int) -> None:
    options = {"bf": str(between)}
    path = make_film(tmp_path / "a.gxf", "mpeg2video", count=count, fps=fps, size=size, options=options)
    judged(path, fps, count)
    with open_source(str(path)) as source:
        assert source.info.fps == fps
