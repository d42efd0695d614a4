"""Films as people bring them: clocks that are wrong, colours of other screens, fields, opacity, several streams."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition
from films import HEIGHT, WIDTH, make_film, numbered, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.errors import StudioError
from studio.io.sources import Reading, at_constant_rate, open_source
from studio.io.sources._colours.screens import HLG, PQ, TONE_MAPS, Colours, to_ordinary
from studio.io.sources._films import turns
from studio.io.sources._films.clock import Clock, fine_rate, in_order
from studio.model.declared.size import Size
from studio.model.networks.picture import shallow


def shown(path: Path, reading: Reading | None = None) -> list[int]:
    with open_source(str(path), reading=reading) as source:
        assert source.info.fps is not None
        return numbers(frame.picture for frame in at_constant_rate(source, source.info.fps))


def test_a_bare_stream_of_jpegs_is_a_film(tmp_path: Path) -> None:
    pictures = [Image.fromarray(numbered(number)) for number in range(12)]
    for picture in pictures:
        picture.save(tmp_path / "one.jpg", quality=95)
        with (tmp_path / "camera.mjpeg").open("ab") as stream:
            stream.write((tmp_path / "one.jpg").read_bytes())
    assert shown(tmp_path / "camera.mjpeg") == list(range(12))
    with open_source(str(tmp_path / "one.jpg")) as still:
        assert still.info.fps is None


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_jpegs_in_a_film_that_is_turned_are_upright(tmp_path: Path, turn: int) -> None:
    size = []
    for codec, pixels in (("mjpeg", "yuvj420p"), ("mpeg4", "yuv420p")):
        path = make_film(tmp_path / f"{codec}.mov", codec, count=2, pixels=pixels, turn=turn)
        with open_source(str(path)) as source:
            size.append((source.info.size, next(iter(source)).picture))
    (_, jpeg), (_, usual) = size
    assert size[0][0] == size[1][0] == Size.of(jpeg)
    assert np.abs(jpeg.astype(int) - usual).mean() < 12


# -- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_an_avi_with_b_frames_gives_each_frame_once_and_in_order(tmp_path: Path, codec: str) -> None:
    options = {"bf": "3"} if codec == "libx264" else {"bf": "2"}
    path = make_film(tmp_path / "a.avi", codec, count=50, options=options)
    assert shown(path) == list(range(50))


@given(
    steps=st.lists(st.sampled_from([1, 1, 1, 2, 3]), min_size=12, max_size=40), rate=st.sampled_from([24, 25, 30, 50])
)
@settings(max_examples=10)
def test_a_variable_rate_loses_no_frame(tmp_path_factory: pytest.TempPathFactory, steps: list[int], rate: int) -> None:
    times = [sum(steps[:place]) / rate for place in range(len(steps))]
    path = make_film(tmp_path_factory.mktemp("vfr") / "a.mkv", count=len(times), times=times)
    found = shown(path)
    assert sorted(set(found)) == list(range(len(times)))
    assert found == sorted(found)


def test_a_rate_whose_stamps_are_rounded_is_constant() -> None:
    for rate, tick in ((Fraction(30000, 1001), Fraction(1, 1000)), (Fraction(200, 7), Fraction(1, 100))):
        stamps = [round(n / rate / tick) * tick for n in range(200)]
        assert fine_rate(stamps, tick, rate) is None


@given(
    jitter=st.lists(st.floats(-0.1, 0.1), min_size=60, max_size=60),
    gap=st.integers(2, 5),
    rate=st.sampled_from([25, 30]),
)
def test_a_camera_that_jitters_and_skips_has_its_own_rate(jitter: list[float], gap: int, rate: int) -> None:
    places = [n + (gap if n > 30 else 0) + (gap if n > 45 else 0) for n in range(60)]
    stamps = [Fraction(round((n + 1 + j) / rate * 90000), 90000) for n, j in zip(places, jitter, strict=True)]
    found = fine_rate(stamps, Fraction(1, 90000), None)
    assert found is None or abs(found / rate - 1) < 0.1


@given(
    skips=st.sets(st.integers(1, 400), max_size=30),
    rate=st.sampled_from([Fraction(whole * 1000, over) for whole in (24, 30, 60) for over in (1000, 1001)]),
    tick=st.sampled_from([Fraction(1, 90000), Fraction(1, 30000), Fraction(1, 1000)]),
)
def test_a_variable_rate_of_television_is_exact_where_its_stamps_say_so(
    skips: set[int], rate: Fraction, tick: Fraction
) -> None:
    stamps = [round(n / rate / tick) * tick for n in range(420) if n not in skips]
    found = fine_rate(stamps, tick, rate)
    assert found in (None, rate)
    # Milliseconds of a second do not tell it from the whole number that is meant more often.
    short = fine_rate(stamps[: round(rate)], tick, rate)
    assert short in (None, rate, *([round(rate)] if tick == Fraction(1, 1000) else []))


@pytest.mark.parametrize("seed", range(4))
def test_the_last_frame_of_a_transport_stream_of_variable_rate_is_shown(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(19) < 0.15, rng.uniform(0.2, 2, 19), 1 / 12)
    times = [0.0, *(float(time) for time in np.cumsum(steps))]
    film = make_film(tmp_path / "a.ts", count=20, fps=Fraction(12), times=times, options={"bf": "0", "g": "5"})
    found = shown(film)
    assert sorted(set(found)) == list(range(20))


@given(order=st.permutations(range(6)))
def test_times_out_of_order_are_put_in_order(order: list[int]) -> None:
    items = [(float(time), place) for place, time in enumerate([*order, 6, 7])]
    assert list(in_order(iter(items), 6)) == [(float(n), n) for n in range(8)]


def test_a_clock_closes_jumps_and_goes_on_after_a_restart() -> None:
    clock = Clock(jumps=True)
    stamps = [5.0, 5.04, 5.08, 65.0, 65.04, 0.2, 0.24]
    assert [clock.place(stamp, 0.04) for stamp in stamps] == pytest.approx([n * 0.04 for n in range(7)])
    assert clock.jumped == 2
    still = Clock(jumps=False)
    assert [still.place(stamp, 0.04) for stamp in (0.0, 0.04, 90.0)] == pytest.approx([0.0, 0.04, 90.0])


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_a_transport_stream_whose_clock_jumps_is_recorded_whole(tmp_path: Path, order: str) -> None:
    first = make_film(tmp_path / "a.ts", count=30, options={"bf": "0"})
    second = _later(make_film(tmp_path / "b.mp4", count=30, options={"bf": "0"}), tmp_path / "c.ts", 40.0)
    parts = (first, second) if order == "forwards" else (second, first)
    (tmp_path / "joined.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_source(str(tmp_path / "joined.ts")) as source:
        frames = list(source)
        assert source.remark is not None
        assert "clock jumps" in source.remark
        assert numbers(frame.picture for frame in source.frames(1.8))[1:] == list(range(16, 30))
    assert numbers(frame.picture for frame in frames) == [*range(30), *range(30)]
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(60)], abs=0.05)


def _later(film: Path, to: Path, seconds: float) -> Path:
    """The same film as a transport stream whose clock begins so many seconds later."""
    with av.open(str(film)) as source, av.open(str(to), "w", format="mpegts") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.pts is None:
                continue
            shift = round(seconds / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, (packet.dts or 0) + shift
            packet.stream = stream
            sink.mux(packet)
    return to


def test_a_late_place_is_the_same_as_without_seeking(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", count=300, options={"g": "25"})
    with open_source(str(path)) as source:
        for fps in (Fraction(25), Fraction(30000, 1001), Fraction(12)):
            whole = list(at_constant_rate(source, fps))
            late = list(at_constant_rate(source, fps, 100))
            assert [frame.index for frame in late] == [frame.index for frame in whole[100:]]
            assert numbers(frame.picture for frame in late) == numbers(frame.picture for frame in whole[100:])


def test_a_trimmed_clip_is_not_called_damaged(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("edit lists are written by ffmpeg's program")
    make_film(tmp_path / "a.mp4", count=120, options={"g": "60"})
    command = ["ffmpeg", "-v", "error", "-ss", "1.3", "-i", tmp_path / "a.mp4", "-c", "copy", tmp_path / "b.mp4"]
    subprocess.run([str(part) for part in command], check=True)
    with open_source(str(tmp_path / "b.mp4")) as source:
        found = list(source)
        assert source.warning is None
        assert source.info.frames == pytest.approx(len(found), abs=2)


# -- colours ----------------------------------------------------------------------------------------------------------


def _hdr_value(colour: tuple[int, int, int], transfer: int) -> np.ndarray:
    """An sRGB colour, its white at 203 cd/m², in BT.2020 and PQ or HLG; (3,) from 0 to 1."""
    coded = np.array(colour) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    nits = to_2020 @ light * 203
    if transfer == PQ:
        y = (nits / 10000) ** 0.1593017578125
        return np.asarray(((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375)
    display = nits / 1000
    luminance = display @ np.array([0.2627, 0.6780, 0.0593])
    scene = display * max(luminance, 1e-9) ** ((1 - 1.2) / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c))


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("colour", [(200, 40, 40), (128, 128, 128), (30, 120, 220), (0, 0, 0), (235, 235, 235)])
def test_high_dynamic_range_is_shown_as_ordinary_pictures_are(transfer: int, colour: tuple[int, int, int]) -> None:
    values = _hdr_value(colour, transfer).astype(np.float32)[None, None]
    plain = to_ordinary(values, Colours(9, transfer), "clip")
    assert np.abs(plain[0, 0] * 255 - colour).max() < 1.0
    knee = to_ordinary(values, Colours(9, transfer), "knee")
    assert np.abs(knee[0, 0] * 255 - colour).max() < 6.0


@pytest.mark.parametrize("tone_map", TONE_MAPS)
def test_what_is_brighter_stays_brighter_and_inside(tone_map: str) -> None:
    ramp = np.repeat(np.linspace(0, 0.75, 200, dtype=np.float32)[None, :, None], 3, axis=2)
    found = to_ordinary(ramp, Colours(9, PQ), tone_map)[0, :, 0]  # type: ignore[arg-type]
    assert (np.diff(found) >= -1e-6).all()
    assert found.min() >= 0
    assert found.max() <= 1.0001


def test_a_film_of_high_dynamic_range_is_mapped_and_said(tmp_path: Path) -> None:
    value = _hdr_value((200, 40, 40), PQ)

    def draw(_: int, width: int, height: int) -> np.ndarray:
        return np.broadcast_to(np.rint(value * 65535).astype(np.uint16), (height, width, 3)).copy()

    path = tmp_path / "hdr.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "gbrp16le"
        stream.codec_context.color_primaries, stream.codec_context.color_trc = 9, 16
        frame = av.VideoFrame.from_ndarray(draw(0, 64, 48), format="rgb48le").reformat(format="gbrp16le")
        frame.color_primaries, frame.color_trc = 9, 16
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_source(str(path)) as source:
        picture = next(iter(source)).picture
        assert source.remark is not None
        assert "PQ" in source.remark
    assert np.abs(shallow(picture)[20, 30].astype(int) - (200, 40, 40)).max() <= 2
    assert picture.dtype == np.uint16


def test_webm_with_opacity_lies_over_black(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuva420p"
        pixels = np.full((64, 64, 4), 200, np.uint8)
        pixels[:, :32, 3] = 0
        pixels[:, 32:, 3] = 255
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="yuva420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with open_source(str(path)) as source:
        frames = list(source)
    assert len(frames) == 3
    assert frames[0].picture[:, :28].max() <= 8
    assert abs(int(frames[0].picture[32, 50, 0]) - 200) <= 4


# -- fields, sizes, streams ------------------------------------------------------------------------------------------


def _woven(index: int, width: int, height: int) -> np.ndarray:
    """Rows of two moments: a bar that moves, in every second row further on."""
    picture = np.zeros((height, width, 3), np.uint8)
    for field in (0, 1):
        left = (8 * index + 4 * field) % (width - 16)
        picture[field::2, left : left + 16] = 220
    return picture


def test_combs_are_said_and_taken_out_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.mpg"
    make_film(path, "mpeg2video", count=12, draw=_woven, options={"flags": "+ilme+ildct", "q": "2", "bf": "0"})
    with open_source(str(path)) as source:
        combed = list(source)
        said = source.remark
    with open_source(str(path), reading=Reading(deinterlace=True)) as source:
        whole = list(source)
        assert source.remark is None
    assert len(whole) == len(combed) == 12
    if said is None:
        pytest.skip("this FFmpeg does not mark what it encodes as interlaced")
    # The window, which says it too, has no such option.
    assert "studio render --deinterlace" in said

    def combs(picture: np.ndarray) -> float:
        rows = picture[:, :, 0].astype(int)
        return float(np.abs(rows[1:] - rows[:-1]).mean())

    assert combs(whole[6].picture) < combs(combed[6].picture) / 2


def test_a_film_that_changes_its_shape_is_shown_between_bars(tmp_path: Path) -> None:
    wide = make_film(tmp_path / "a.ts", count=5, options={"bf": "0"})
    tall = make_film(tmp_path / "b.ts", count=5, size=(HEIGHT, WIDTH), options={"bf": "0"}, draw=_white)
    (tmp_path / "c.ts").write_bytes(wide.read_bytes() + tall.read_bytes())
    with open_source(str(tmp_path / "c.ts")) as source:
        last = list(source)[-1].picture
    assert last.shape == (HEIGHT, WIDTH, 3)
    assert last[:, :20].max() < 20
    assert last[:, WIDTH // 2 - 10 : WIDTH // 2 + 10].min() > 230


def _white(_: int, width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def test_of_two_films_in_one_file_the_one_marked_as_usual_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        sizes = ((32, 32), (WIDTH, HEIGHT))
        streams = []
        for width, height in sizes:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        streams[0].disposition = Disposition.timed_thumbnails
        streams[1].disposition = Disposition.default
        for index in range(5):
            for stream, (width, height) in zip(streams, sizes, strict=True):
                frame = av.VideoFrame.from_ndarray(numbered(index, width, height), format="rgb24")
                frame.pts = index
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    with open_source(str(path)) as source:
        assert source.info.size == Size(HEIGHT, WIDTH)
        assert numbers(frame.picture for frame in source) == list(range(5))


def test_an_exception_of_the_reader_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", count=5)

    def broken(_: av.VideoFrame) -> np.ndarray:
        raise ValueError("31 is not a valid Type")

    monkeypatch.setattr(turns, "_matrix", broken)
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == list(range(5))


def test_files_of_other_kinds_are_told_for_what_they_are(tmp_path: Path) -> None:
    for name, data, said in (
        ("a.pdf", b"%PDF-1.7\n%abc\n" + bytes(200), "PDF"),
        ("a.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI" + bytes(100), "CgBI"),
        ("a.jxl", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a" + bytes(100), "JPEG XL"),
        ("a.png", b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ("a.mp4", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n", "Git LFS"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StudioError, match=said):
            open_source(str(tmp_path / name))


# -- what is broken ---------------------------------------------------------------------------------------------------


def _singly(path: Path) -> list[int]:
    """The numbers of all frames that FFmpeg gives, one packet after the other in one thread."""
    found: list[int] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            try:
                found += numbers(frame.to_ndarray(format="rgb24") for frame in stream.codec_context.decode(packet))
            except av.FFmpegError:
                continue
    return found


_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


@pytest.mark.parametrize("bframes", ["0", "3"])
def test_of_a_cut_film_every_whole_frame_is_shown(tmp_path: Path, bframes: str) -> None:
    for name, container in (("a.mp4", _FRAGMENTS), ("a.mkv", {}), ("a.ts", {})):
        whole = make_film(
            tmp_path / name, count=40, options={"bf": bframes, "g": "10"}, container=container
        ).read_bytes()
        for share in (0.44, 0.57, 0.7, 0.83, 0.96):
            cut = tmp_path / f"cut{name}"
            cut.write_bytes(whole[: int(len(whole) * share)])
            wanted = _singly(cut)
            assert len(wanted) > 3
            with open_source(str(cut)) as source:
                assert numbers(frame.picture for frame in source) == wanted, (name, share)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("broken", [5, 37, 38, 39])
def test_a_broken_frame_takes_no_other_with_it(tmp_path: Path, codec: str, broken: int) -> None:
    path = make_film(tmp_path / "a.mp4", codec, count=40, options={"bf": "2", "g": "12"})
    with av.open(str(path)) as container:
        place, size = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size][broken]
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(size)
    path.write_bytes(data)
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == _singly(path)
        assert source.warning is not None
        assert "damaged" in source.warning


def test_empty_packets_in_the_midst_are_no_damage(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", "mpeg4", count=20, options={"g": "5"})
    with av.open(str(film)) as source, av.open(str(tmp_path / "b.nut"), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if not packet.size:
                continue
            if number == 8:
                empty = av.Packet(0)
                empty.stream, empty.time_base = stream, packet.time_base
                empty.pts = empty.dts = (packet.pts or 0) - 10
                sink.mux(empty)
            packet.stream = stream
            sink.mux(packet)
    with open_source(str(tmp_path / "b.nut")) as source:
        assert numbers(frame.picture for frame in source) == list(range(20))
        assert source.warning is None


def _moved(film: Path, to: Path, seconds: float) -> Path:
    """The same film with a clock that begins so many seconds later, or before zero."""
    with av.open(str(film)) as source, av.open(str(to), "w", options={"avoid_negative_ts": "disabled"}) as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                shift = round(seconds / packet.time_base)
                packet.pts, packet.dts, packet.stream = (packet.pts or 0) + shift, (packet.dts or 0) + shift, stream
                sink.mux(packet)
    return to


@pytest.mark.parametrize(("kind", "codec"), [("mkv", "libx264"), ("nut", "libx264"), ("asf", "mpeg4")])
def test_a_film_that_begins_late_is_as_long_as_it_is(tmp_path: Path, kind: str, codec: str) -> None:
    plain = make_film(tmp_path / f"a.{kind}", codec, count=20, options={"bf": "0"})
    film = _moved(plain, tmp_path / f"b.{kind}", 100.0)
    with open_source(str(film)) as source:
        assert source.info.duration == pytest.approx(0.8, abs=0.05)
        # NUT says when its last picture begins.
        assert source.info.frames in (20, 19 if kind == "nut" else 20)
        assert [frame.time for frame in source] == pytest.approx([n / 25 for n in range(20)])
        assert source.warning is None


def test_frames_before_the_zero_of_a_matroska_film_are_none_too_many(tmp_path: Path) -> None:
    film = _moved(make_film(tmp_path / "a.mkv", count=20, options={"bf": "0"}), tmp_path / "b.mkv", -0.2)
    assert shown(film) == list(range(20))
    with open_source(str(film)) as source:
        assert [frame.time for frame in source] == pytest.approx([n / 25 for n in range(20)])
        assert source.remark is None


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_a_film_or_a_gif_under_a_pictures_name_is_what_it_is(tmp_path: Path, name: str) -> None:
    for made in (make_film(tmp_path / "a.mp4", count=6), make_film(tmp_path / "a.mkv", count=6)):
        (tmp_path / name).write_bytes(made.read_bytes())
        assert shown(tmp_path / name) == list(range(6))
    pictures = [Image.fromarray(numbered(number)) for number in range(6)]
    pictures[0].save(tmp_path / name, format="GIF", save_all=True, append_images=pictures[1:], duration=40)
    assert shown(tmp_path / name) == list(range(6))
    (tmp_path / name).write_bytes(bytes(range(256)) * 9)
    with pytest.raises(StudioError, match="not a picture"):
        open_source(str(tmp_path / name))


def test_a_film_is_cropped_to_the_pixel_on_every_side(tmp_path: Path) -> None:
    film, cut = make_film(tmp_path / "a.ts", count=5, pixels="yuv444p"), tmp_path / "cut.ts"
    with av.open(str(film)) as source, av.open(str(cut), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        crop = BitStreamFilterContext("h264_metadata=crop_left=6:crop_top=4:crop_right=10", stream)
        # The last packet is empty: it ends the filter.
        for packet in source.demux(stream):
            for filtered in crop.filter(packet if packet.size else None):
                filtered.stream = copy
                sink.mux(filtered)
    with open_source(str(cut)) as source:
        assert source.info.size == Size(HEIGHT - 4, WIDTH - 16)
        frames = [frame.picture for frame in source]
    with open_source(str(film)) as source:
        whole = [frame.picture for frame in source]
    assert all(np.array_equal(a, b[4:, 6:-10]) for a, b in zip(frames, whole, strict=True))
