"""A source from a moment on: the same pictures as from the start, without those before."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from films import make_film, number_of, numbered
from test_camera import World

from studio.io.sources import Frame, Source, SourceInfo, open_source, video
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources.base import BaseSource, Turn
from studio.io.sources.camera import CameraSource
from studio.model.declared.size import Size

GAPS = [0.04, 0.04, 0.2, 0.01, 0.01, 0.5, 0.04] * 8
UNEVEN = [sum(GAPS[:place]) for place in range(len(GAPS))]
FILMS: dict[str, dict[str, Any]] = {
    "h264.mp4": {"count": 60, "options": {"g": "12", "bf": "2"}},
    "open.mp4": {"count": 60, "options": {"g": "10", "x264-params": "open-gop=1:bframes=3:scenecut=0"}},
    "h264.mkv": {"count": 60, "fps": Fraction(30000, 1001), "options": {"g": "12"}},
    "h264.ts": {"count": 60, "options": {"g": "12"}},
    "raw.h264": {"count": 40, "options": {"g": "12"}},
    "one_key.mp4": {"count": 60, "options": {"g": "1000"}},
    "vp9.webm": {"codec": "libvpx-vp9", "count": 60, "options": {"deadline": "realtime", "cpu-used": "8", "g": "12"}},
    "uneven.mp4": {"count": len(UNEVEN), "times": UNEVEN, "options": {"g": "12"}},
    "uneven.mkv": {"count": len(UNEVEN), "times": UNEVEN, "options": {"g": "12"}},
    "turned.mp4": {"count": 40, "turn": 90, "options": {"g": "12"}},
    "mpeg2.ts": {"codec": "mpeg2video", "count": 60, "options": {"g": "12", "bf": "2"}},
    "mpeg2.mkv": {"codec": "mpeg2video", "count": 60, "options": {"g": "12", "bf": "2"}},
    "mpeg4.avi": {"codec": "mpeg4", "count": 60, "fps": Fraction(24)},
}


def same(found: Frame, expected: Frame) -> bool:
    return abs(found.time - expected.time) < 1e-6 and np.array_equal(found.picture, expected.picture)


def check_starts(source: Source, starts: list[float]) -> None:
    whole = list(source)
    for start in starts:
        first = max((place for place, frame in enumerate(whole) if frame.time <= start + 1e-6), default=0)
        found = list(source.frames(start))
        assert len(found) == len(whole) - first, start
        assert all(same(*pair) for pair in zip(found, whole[first:], strict=True)), start


@pytest.mark.parametrize("name", FILMS)
def test_a_film_from_a_moment_on_is_the_tail_of_the_whole(tmp_path: Path, name: str) -> None:
    with open_source(str(make_film(tmp_path / name, **FILMS[name]))) as source:
        frames = list(source)
        end = frames[-1].time
        exactly = [frames[place].time for place in (1, 11, 12, 13, len(frames) - 1)]
        check_starts(source, [-1.0, 0.0, 0.3, 0.999, end - 0.1, end - 0.01, end + 0.01, end + 100, *exactly])
        assert source.warning is None


def test_numbers_are_kept_at_a_constant_rate(tmp_path: Path) -> None:
    with open_source(str(make_film(tmp_path / "a.mp4", count=60, options={"g": "12"}))) as source:
        assert [frame.index for frame in source.frames(1.0)] == list(range(25, 60))
        assert [frame.index for frame in source.frames(99)] == [59]


def test_a_gif_is_painted_from_its_start(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.gif", "gif", count=20, fps=Fraction(25), pixels="rgb8")
    with open_source(str(path)) as source:
        check_starts(source, [0.1, 0.41, 5.0])


def test_a_late_start_decodes_from_the_key_frame_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    plain = video.decoded

    def counted(*given: Any) -> Iterator[tuple[av.VideoFrame, Any]]:
        for frame in plain(*given):
            decoded.append(frame)
            yield frame

    with open_source(str(make_film(tmp_path / "a.mp4", count=250, options={"g": "12"}))) as source:
        monkeypatch.setattr(video, "decoded", counted)
        assert number_of(next(source.frames(9.0)).picture) == 225
    assert 1 <= len(decoded) <= 14


def test_a_frame_that_cannot_be_converted_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = RgbConverter.__call__

    def refuses(self: RgbConverter, frame: av.VideoFrame, turn: Turn) -> np.ndarray:
        picture = plain(self, frame, turn)
        if number_of(picture) in (7, 19):
            raise av.InvalidDataError(1, "no such conversion")
        return picture

    with open_source(str(make_film(tmp_path / "a.mp4", count=20))) as source:
        monkeypatch.setattr(RgbConverter, "__call__", refuses)
        assert [number_of(frame.picture) for frame in source.frames(0.2)] == [5, 6, *range(8, 19)]
        assert source.warning is not None
        assert "damaged" in source.warning
        assert list(source.frames(9)) == []


def test_a_folder_reads_none_before_the_start(tmp_path: Path) -> None:
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"{number}.png"), numbered(number))
    with open_source(str(tmp_path), fps=Fraction(10)) as source:
        check_starts(source, [-1, 0, 0.05, 0.1, 0.3, 0.49, 0.5, 0.7, 9])
        (tmp_path / "1.png").write_bytes(b"not a picture")
        assert [frame.index for frame in source.frames(0.2)] == [2, 3, 4, 5]


def test_a_still_has_one_frame_at_any_time(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), numbered(3))
    with open_source(str(tmp_path / "a.png")) as source:
        check_starts(source, [0, 0.5, 100])


class Plain(BaseSource):
    """A plug-in's source that only iterates."""

    def __init__(self, times: list[float]) -> None:
        self.info = SourceInfo(Size(1, 1), Fraction(1), len(times), None, False, "")
        self._times = times

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(np.full((1, 1, 3), n, np.uint8), time, n) for n, time in enumerate(self._times))


@pytest.mark.parametrize("times", [[], [0.0], [0.5, 1.0, 1.0, 4.0]])
def test_a_source_that_only_iterates_is_skipped_through(times: list[float]) -> None:
    if times:
        check_starts(Plain(times), [-1, 0, 0.4, 0.5, 0.6, 1.0, 2, 4, 5])
    assert list(Plain([]).frames(1)) == []


def test_a_camera_has_only_now() -> None:
    with CameraSource(opener=World().opener) as source:
        assert next(source.frames(1000)).index == 0


@pytest.mark.parametrize("before", [0.3, 1.0])
def test_a_matroska_film_that_begins_before_zero_has_the_same_tail(tmp_path: Path, before: float) -> None:
    """Its first frames have no times, so that all that follow are later than their stamps say."""
    film, path = make_film(tmp_path / "a.mp4", count=60, options={"g": "12", "bf": "2"}), tmp_path / "b.mkv"
    with av.open(str(film)) as source, av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None:
                shift = round(before / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                sink.mux(packet)
    with open_source(str(path)) as source:
        assert [number_of(frame.picture) for frame in source] == list(range(60))
        check_starts(source, [0.2, 0.52, 1.24, 2.0, 2.36])
