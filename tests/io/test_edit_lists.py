"""Edit lists of MOV and MP4: what they show is shown, at the time and the speed that they say."""

from __future__ import annotations

import contextlib
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, number_of, numbers
from test_turned_parts import _inside, _joined, _part

from studio.errors import StudioError
from studio.io.sources import Source, at_constant_rate, open_source

# Seconds in the film, the second of the pictures at which a part begins (None: it shows nothing), and its speed.
Entry = tuple[float, float | None, float]


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        found.append((data[place + 4 : place + 8], data[place + 8 : place + size]))
        place += size
    return found


def edited(path: Path, *lists: list[Entry], scale: int = 12800, wide: bool = False) -> Path:
    """Give the tracks of a film, whose `moov` stands at its end, these edit lists; `scale`: ticks of their clock."""
    data = path.read_bytes()
    begin = data.rindex(b"moov") - 4
    inside, left = b"", list(lists)
    for kind, content in _boxes(data[begin + 8 :]):
        made = content
        if kind == b"trak" and left:
            layout = ">Qqi" if wide else ">Iii"
            rows = b"".join(
                struct.pack(layout, round(1000 * long), -1 if at is None else round(at * scale), round(speed * 65536))
                for long, at, speed in left[0]
            )
            elst = _box(b"elst", bytes([wide, 0, 0, 0]) + struct.pack(">I", len(left.pop(0))) + rows)
            parts = [part for part in _boxes(content) if part[0] != b"edts"]
            made = b"".join(_box(*part) for part in (parts[0], (b"edts", elst), *parts[1:]))
        inside += _box(kind, made)
    path.write_bytes(data[:begin] + _box(b"moov", inside))
    return path


def _film(path: Path, *entries: Entry, bf: str = "0", g: str = "12", wide: bool = False) -> Path:
    """100 pictures at 25 a second."""
    return edited(make_film(path, count=100, options={"bf": bf, "g": g}, container={}), list(entries), wide=wide)


def _shown(source: Source, start: float = 0.0) -> list[tuple[int, float]]:
    return [(number_of(frame.picture), round(frame.time, 3)) for frame in source.frames(start)]


_SLIDES = (0.0, 0.5, 0.54, 0.56, 1.06, 1.08, 1.1, 1.6, 1.62, 1.64, 2.14, 2.18, 2.2)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("g", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [8, 10, 11, 13])
def test_key_frames_near_the_end_of_a_variable_film_take_none_with_them(
    tmp_path: Path, codec: str, g: int, count: int
) -> None:
    times = list(_SLIDES[:count])
    options = {"bf": "2", "b_strategy": "0", "g": str(g)}
    path = make_film(tmp_path / "a.mp4", codec, count=count, times=times, options=options)
    with open_source(str(path)) as source:
        shown = _shown(source)
        assert shown == [(number, pytest.approx(time, abs=0.002)) for number, time in enumerate(times)]
        assert source.warning is None
        for start in (0.3, 0.55, times[-1] - 0.01, times[-1]):
            assert _shown(source, start) == [one for k, one in enumerate(shown) if [*times, 9.0][k + 1] > start + 1e-3]


@pytest.mark.parametrize("bf", ["0", "2"])
@pytest.mark.parametrize("wide", [False, True])
def test_parts_stand_in_the_order_of_the_list(tmp_path: Path, bf: str, wide: bool) -> None:
    late = 0.08 if bf == "2" else 0.0
    path = _film(
        tmp_path / "a.mp4", (1.0, 2.0 + late, 1), (1.0, 0.48 + late, 1), (0.4, 3.6 + late, 1), bf=bf, wide=wide
    )
    with open_source(str(path)) as source:
        expected = [*range(50, 75), *range(12, 37), *range(90, 100)]
        shown = _shown(source)
        assert [number for number, _ in shown] == expected
        assert [time for _, time in shown] == [pytest.approx(k / 25, abs=1e-3) for k in range(60)]
        assert (source.info.frames, source.info.duration, source.warning, source.remark) == (60, 2.4, None, None)
        for start in (0.5, 1.0, 1.02, 1.96, 2.36):
            assert _shown(source, start) == shown[int(start * 25 + 1e-6) :]


def test_speeds_and_held_pictures_are_followed(tmp_path: Path) -> None:
    path = _film(tmp_path / "a.mov", (1.0, 0.0, 2), (0.5, 2.4, 0), (1.0, 3.0, 0.5))
    with open_source(str(path)) as source:
        shown = _shown(source)
        assert shown[:50] == [(k, pytest.approx(k / 50, abs=1e-3)) for k in range(50)]
        assert shown[50] == (60, pytest.approx(1.0))
        assert shown[51:] == [(75 + k, pytest.approx(1.5 + k * 0.08, abs=1e-3)) for k in range(13)]
        assert source.info.duration == 2.5
        assert (source.warning, source.remark) == (None, None)
        at_25 = numbers(frame.picture for frame in at_constant_rate(source, Fraction(25)))
        assert at_25[26:37] == [60] * 11


def test_a_speed_that_sound_does_not_follow_is_said(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", count=50, options={"bf": "0"}, audio="pcm_s16le", container={})
    edited(path, [(1.0, 0.0, 2)], [(1.0, 0.0, 2)])
    with open_source(str(path)) as source:
        assert [number for number, _ in _shown(source)] == list(range(50))
        assert source.remark is not None
        assert "another speed, as its edit list asks; their sound is not" in source.remark


def test_a_film_to_be_played_backwards_is_said(tmp_path: Path) -> None:
    with open_source(str(_film(tmp_path / "a.mov", (2.0, 1.0, -1)))) as source:
        assert [number for number, _ in _shown(source)] == list(range(25, 75))
        assert source.remark is not None
        assert "backwards" in source.remark


def test_parts_that_show_nothing_let_time_pass(tmp_path: Path) -> None:
    path = _film(tmp_path / "a.mp4", (1.0, None, 1), (1.0, 0.4, 1), (2.0, None, 1), (0.2, 2.0, 1))
    with open_source(str(path)) as source:
        shown = _shown(source)
        assert [number for number, _ in shown] == [*range(10, 35), *range(50, 55)]
        # The film begins with its first picture.
        assert (shown[0][1], shown[25][1], source.info.duration) == (0.0, pytest.approx(3.0), pytest.approx(3.2))


@pytest.mark.parametrize("entries", [[(1.0, 0.0, 1)], [(1.0, 1.0, 1)], [(9.0, 3.0, 1)]])
def test_a_single_part_is_cut_where_it_says(tmp_path: Path, entries: list[Entry]) -> None:
    long, begin, _ = entries[0]
    with open_source(str(_film(tmp_path / "a.mp4", *entries))) as source:
        first = round((begin or 0.0) * 25)
        assert [number for number, _ in _shown(source)] == list(range(100))[first : first + round(long * 25)]


@pytest.mark.parametrize("bf", ["0", "2"])
def test_a_part_behind_one_that_shows_nothing_is_as_long_as_its_pictures(tmp_path: Path, bf: str) -> None:
    late = 0.08 if bf == "2" else 0.0
    path = _film(tmp_path / "a.mp4", (0.52, None, 1), (2.0, 1.0 + late, 1), bf=bf)
    with open_source(str(path)) as source:
        assert (source.info.frames, source.info.duration) == (50, 2.0)
        shown = _shown(source)
        assert shown == [(25 + k, pytest.approx(k / 25, abs=1e-3)) for k in range(50)]
        assert source.warning is None
        assert _shown(source, 1.0) == shown[25:]


def test_a_last_part_that_is_longer_than_its_pictures_ends_with_them(tmp_path: Path) -> None:
    with open_source(str(_film(tmp_path / "a.mp4", (1.0, 0.0, 1), (9.0, 3.0, 1)))) as source:
        assert (source.info.fps, source.info.frames, source.info.duration) == (25, 50, 2.0)
        assert [number for number, _ in _shown(source)] == [*range(25), *range(75, 100)]


def test_pictures_are_counted_by_their_sizes_not_by_their_times(tmp_path: Path) -> None:
    path = _film(tmp_path / "a.mp4", (1.0, 2.0, 1), (40.0, 1.0, 1))
    data = bytearray(path.read_bytes())
    for many in (20_000_000, 60):
        place = data.rindex(b"stts") + 12
        data[place : place + 4] = many.to_bytes(4, "big")
        path.write_bytes(data)
        with open_source(str(path)) as source:
            assert (source.info.frames, source.info.duration) == (100, 4.0)
            assert [number for number, _ in _shown(source)] == [*range(50, 75), *range(25, 100)]


def test_damaged_lists_are_passed_over(tmp_path: Path) -> None:
    whole = _film(tmp_path / "a.mp4", (1.0, 2.0, 1), (1.0, 0.4, 2)).read_bytes()
    for kind in (b"elst", b"stts", b"mdhd", b"mvhd", b"stss"):
        for at in (4, 8, 11, 12, 16, 20):
            data = bytearray(whole)
            place = data.rindex(kind) + at
            data[place : place + 4] = b"\xff\xff\xff\xff"
            path = tmp_path / "b.mp4"
            path.write_bytes(data)
            with contextlib.suppress(StudioError), open_source(str(path)) as source:
                next(iter(source), None)


@pytest.mark.parametrize("entries", [[(0.0, 0.0, 1)], [(0.0, 1.0, 1)], [(0.52, None, 1), (0.0, 1.0, 1)]])
@pytest.mark.parametrize("bf", ["0", "2"])
def test_a_single_part_without_a_length_lasts_to_the_end(tmp_path: Path, entries: list[Entry], bf: str) -> None:
    """FFmpeg gives no picture of one."""
    late = 0.08 if bf == "2" else 0.0
    first = round((entries[-1][1] or 0.0) * 25)
    moved = [(long, None if at is None else at + late, speed) for long, at, speed in entries]
    with open_source(str(_film(tmp_path / "a.mp4", *moved, bf=bf))) as source:
        assert (source.info.frames, source.info.duration) == (100 - first, 4.0 - first / 25)
        shown = _shown(source)
        assert shown == [(first + k, pytest.approx(k / 25, abs=1e-3)) for k in range(100 - first)]
        assert source.warning is None
        assert _shown(source, 2.0) == shown[50:]


_HELD = (0.0, 0.04, 0.08, 2.0, 2.04, 2.08, 4.0)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([(2.0, 1.0, 1)], [(2, 0.0), (3, 1.0), (4, 1.04), (5, 1.08)]),
        ([(1.0, 0.5, 1)], [(2, 0.0)]),
        ([(1.0, 0.5, 1), (1.5, 3.0, 1)], [(2, 0.0), (5, 1.0), (6, 2.0)]),
        ([(0.5, None, 1), (2.0, 1.0, 1)], [(2, 0.0), (3, 1.0), (4, 1.04), (5, 1.08)]),
        ([(1.0, 1.0, 2)], [(2, 0.0), (3, 0.5), (4, 0.52), (5, 0.54)]),
    ],
)
@pytest.mark.parametrize("bf", ["0", "2"])
def test_a_part_that_begins_within_a_long_picture_begins_with_it(
    tmp_path: Path, entries: list[Entry], expected: list[tuple[int, float]], bf: str
) -> None:
    """As of a recorded screen that was trimmed: FFmpeg begins with the next, so that all of it is early."""
    path = make_film(
        tmp_path / "a.mp4", count=7, times=list(_HELD), options={"bf": bf, "b_strategy": "0"}, container={}
    )
    # With B frames the stamps stand two steps of decoding later.
    late = 0.08 if bf == "2" else 0.0
    moved = [(long, None if at is None else at + late, speed) for long, at, speed in entries]
    with open_source(str(edited(path, moved, scale=16000))) as source:
        shown = _shown(source)
        assert shown == [(number, pytest.approx(time, abs=2e-3)) for number, time in expected]
        assert source.warning is None
        assert _shown(source, 0.4) == [
            one for one, after in zip(shown, [*shown[1:], (0, 9.0)], strict=True) if after[1] > 0.4
        ]


@pytest.mark.parametrize("at", [-1, 1])
def test_a_moment_of_a_picture_is_none(tmp_path: Path, at: int) -> None:
    """A list that is a tick too early or too late, by rounding."""
    tick = at / 12800
    with open_source(str(_film(tmp_path / "a.mp4", (1.0, 1.0 + tick, 1), (1.0, 3.0 + tick, 1)))) as source:
        assert (source.info.fps, source.info.frames) == (25, 50)
        assert source.info.duration == pytest.approx(2.0, abs=1e-3)
        shown = [*range(25, 50), *range(75, 100)]
        assert _shown(source) == [(number, pytest.approx(k / 25, abs=1e-3)) for k, number in enumerate(shown)]


def test_a_single_part_that_is_longer_than_its_pictures_is_as_long_as_they_are(tmp_path: Path) -> None:
    with open_source(str(_film(tmp_path / "a.mp4", (9.0, 3.0, 1)))) as source:
        assert (source.info.frames, source.info.duration) == (25, 1.0)
        assert [number for number, _ in _shown(source)] == list(range(75, 100))
        assert source.warning is None


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turn_ends_where_key_frames_say_none_in_parts_too(tmp_path: Path, angle: int) -> None:
    """FFmpeg's decoder of HEVC keeps one for good."""
    turned = _part(tmp_path / "a.ts", angle, every=True, codec="hevc", bf=0)
    plain = _part(tmp_path / "b.ts", 0, every=True, codec="hevc", bf=0)
    path = tmp_path / "a.mp4"
    with av.open(str(_joined(tmp_path, turned, plain, at=(2.0, 2.8)))) as joined, av.open(str(path), "w") as film:
        stream = film.add_stream_from_template(joined.streams.video[0])
        for packet in joined.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                film.mux(packet)
    with open_source(str(edited(path, [(1.6, 0.0, 1), (0.4, 0.0, 1)], scale=90000))) as source:
        shown = [frame.picture for frame in source]
        assert len(shown) == 50
        for k, picture in enumerate(shown):
            held = -angle // 90 if k < 20 or k >= 40 else 0
            if angle == 180 or held:
                assert numbers([np.rot90(picture, held)]) == [k % 20]
            else:
                assert _inside(picture, 0) == k % 20
