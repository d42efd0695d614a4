"""A film decoded ahead of who asks for its pictures: the same pictures, in order, and few of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy as np
import pytest
from films import make_film, number_of, numbers

from studio import paths
from studio.io.sources import Reading, at_constant_rate, open_source
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources.base import Frame, Turn

FILMS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"options": {"g": "12", "bf": "2"}},
    "uneven.mkv": {"times": [place * 0.04 + 0.013 * (place % 3) for place in range(60)], "options": {"g": "12"}},
    "turned.mp4": {"turn": 90, "options": {"g": "12"}},
    "deep.mkv": {"codec": "ffv1", "pixels": "yuv422p10le"},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}},
}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)


def read(path: Path, *, ahead: bool, start: float = 0.0) -> list[Frame]:
    with open_source(str(path), reading=Reading(ahead=ahead)) as source:
        frames = list(source.frames(start))
        assert source.warning is None
        return frames


def busy() -> int:
    return sum(each.name == "colours" for each in threading.enumerate())


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("start", [0.0, 1.01])
def test_they_are_the_pictures_of_a_film_that_is_not(tmp_path: Path, name: str, start: float) -> None:
    path = make_film(tmp_path / name, count=60, **FILMS[name])
    found, expected = read(path, ahead=True, start=start), read(path, ahead=False, start=start)
    assert len(found) == len(expected) > 30
    for one, other in zip(found, expected, strict=True):
        assert (one.time, one.index, one.duration) == (other.time, other.index, other.duration)
        assert one.picture.dtype == other.picture.dtype
        assert np.array_equal(one.picture, other.picture)
    assert not busy()


def test_they_are_what_a_plain_loop_of_pyav_gives() -> None:
    flags = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
    with av.open(str(paths.DEMO_CLIP)) as container, open_source("demo", reading=Reading(ahead=True)) as source:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(template=stream),
            graph.add("scale", f"flags={flags}:out_range=pc"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ).configure()
        count = 0
        for frame, found in zip(container.decode(stream), source, strict=True):
            graph.push(frame)
            assert np.array_equal(found.picture, graph.pull().to_ndarray())  # type: ignore[union-attr]
            count += 1
    assert count == 375


def test_a_film_whose_size_changes_midway(tmp_path: Path) -> None:
    parts = [make_film(tmp_path / f"{size}.h264", count=20, size=size) for size in ((160, 96), (80, 96))]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    found, expected = read(joined, ahead=True), read(joined, ahead=False)
    assert len(found) == len(expected) == 40
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(found, expected, strict=True))


def test_at_another_rate_they_are_the_same(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", count=40)

    def shown(ahead: bool) -> list[int]:
        with open_source(str(path), reading=Reading(ahead=ahead)) as source:
            return numbers(frame.picture for frame in at_constant_rate(source, Fraction(40), 7))

    assert shown(ahead=True) == shown(ahead=False)


def test_few_are_decoded_ahead_and_none_where_nobody_asks_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, begun = RgbConverter.turn_of, [0]

    def counts(self: RgbConverter, frame: av.VideoFrame) -> Turn:
        begun[0] += 1
        return plain(self, frame)

    monkeypatch.setattr(RgbConverter, "turn_of", counts)
    path = make_film(tmp_path / "a.mp4", count=100)
    for ahead, most in ((True, 8), (False, 1)):
        begun[0] = 0
        with open_source(str(path), reading=Reading(ahead=ahead)) as source:
            for place, _ in zip(range(50), source, strict=False):
                assert begun[0] <= place + most
    assert not busy()


@pytest.mark.parametrize("ahead", [True, False])
def test_closing_ends_it(tmp_path: Path, ahead: bool) -> None:
    with open_source(str(make_film(tmp_path / "a.mp4", count=60)), reading=Reading(ahead=ahead)) as source:
        frames: Iterator[Frame] = iter(source)
        assert [number_of(next(frames).picture) for _ in range(5)] == list(range(5))
        source.close()
        assert list(frames) == []
        assert source.warning is None
    assert not busy()
