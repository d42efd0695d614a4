from __future__ import annotations

import gc
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from films import HEIGHT, WIDTH, make_film, number_of, numbered, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import paths
from studio.errors import StudioError
from studio.io.sources import Frame, SourceInfo, at_constant_rate, open_source
from studio.io.sources.base import BaseSource
from studio.model.declared.size import Size
from studio.model.networks.picture import shallow

NTSC = Fraction(30000, 1001)


def read(path: Path) -> list[Frame]:
    with open_source(str(path)) as source:
        return list(source)


def test_scanning_imports_nothing_heavy() -> None:
    code = (
        "import sys, pathlib, studio.io.sources as sources, studio.io.sinks as sinks\n"
        "sources.kinds(), sinks.codec_for(pathlib.Path('a.mp4'))\n"
        "sys.exit(bool({'av', 'cv2', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "codec", "fps", "audio"),
    [
        ("a.mp4", "libx264", Fraction(25), "aac"),
        ("a.mp4", "libx264", NTSC, None),
        ("a.mkv", "libx264", NTSC, "libmp3lame"),
        ("a.webm", "libvpx-vp9", NTSC, "libopus"),
        ("a.avi", "mpeg4", Fraction(24), None),
        ("a.ts", "libx264", Fraction(50), "aac"),
        ("a.mov", "prores_ks", Fraction(24000, 1001), "pcm_s16le"),
    ],
)
def test_a_constant_rate_film_comes_through_whole(
    tmp_path: Path, name: str, codec: str, fps: Fraction, audio: str | None
) -> None:
    pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx-vp9" else {}
    path = make_film(tmp_path / name, codec, count=60, fps=fps, audio=audio, pixels=pixels, options=options)
    with open_source(str(path)) as source:
        frames = list(source)
        constant = list(at_constant_rate(source, source.info.fps or fps))
        assert source.warning is None
    assert source.info.fps == fps
    assert source.info.size.wh == (WIDTH, HEIGHT)
    assert source.info.duration == pytest.approx(60 / fps, abs=0.06)
    assert source.info.has_audio == (audio is not None)
    assert source.audio_path == (path if audio else None)
    assert numbers(frame.picture for frame in frames) == list(range(60))
    assert numbers(frame.picture for frame in constant) == list(range(60))
    assert [frame.index for frame in frames] == list(range(60))
    assert [frame.time for frame in frames] == pytest.approx([float(n / fps) for n in range(60)], abs=0.0011)
    for frame in frames:
        assert frame.picture.shape == (HEIGHT, WIDTH, 3)
        assert frame.picture.dtype == (np.uint16 if codec == "prores_ks" else np.uint8)
        assert frame.picture.flags.c_contiguous


def test_frames_are_the_same_every_time(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4")
    with open_source(str(path)) as source:
        for first, second in zip(source, source, strict=True):
            assert np.array_equal(first.picture, second.picture)


def test_a_variable_rate_film_keeps_its_times_and_its_length(tmp_path: Path) -> None:
    gaps = [0.04, 0.04, 0.2, 0.01, 0.01, 0.5, 0.04] * 4
    times = [sum(gaps[:place]) for place in range(len(gaps))]
    path = make_film(tmp_path / "a.mp4", count=len(times), times=times)
    with open_source(str(path)) as source:
        assert [frame.time for frame in source] == pytest.approx(times, abs=0.001)
        constant = list(at_constant_rate(source, Fraction(25)))
        assert len(constant) == pytest.approx(sum(gaps) * 25, abs=2)
    for frame in constant:
        shown = number_of(frame.picture)
        until = (*times, 99.0)[shown + 1] + 0.02
        assert abs(times[shown] - frame.time) <= 0.02 + 1e-3 or times[shown] < frame.time < until


def test_a_variable_rate_film_is_shown_at_its_fine_rate_without_a_loss(tmp_path: Path) -> None:
    times = [n / 25 for n in range(100) if n % 7 == 0 or n % 3 == 0]
    path = make_film(tmp_path / "a.mp4", count=len(times), times=times)
    with open_source(str(path)) as source:
        assert source.info.fps == 25
        assert source.info.frames == 100
        constant = list(at_constant_rate(source, source.info.fps))
    assert len(constant) == 100
    shown = numbers(frame.picture for frame in constant)
    assert shown == [max(place for place, time in enumerate(times) if time * 25 <= n + 1e-6) for n in range(100)]


class Listed(BaseSource):
    """A source of given times."""

    def __init__(self, times: list[float], fps: Fraction, last: float | None = None) -> None:
        self.info = SourceInfo(Size(1, 1), fps, len(times), None, False, "")
        self._frames = [
            Frame(np.full((1, 1, 3), n % 256, np.uint8), time, n, last if n == len(times) - 1 else None)
            for n, time in enumerate(times)
        ]

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._frames)


@given(
    st.sampled_from([Fraction(24), Fraction(25), NTSC, Fraction(50), Fraction(60000, 1001), Fraction(25, 2)]),
    st.integers(1, 200),
    st.integers(0, 2**31),
)
def test_jitter_of_a_millisecond_neither_loses_nor_doubles(fps: Fraction, count: int, seed: int) -> None:
    jitter = np.random.default_rng(seed).uniform(-0.001, 0.001, count)
    source = Listed([max(0.0, float(n / fps) + float(jitter[n])) for n in range(count)], fps)
    assert [int(f.picture[0, 0, 0]) for f in at_constant_rate(source, fps)] == [n % 256 for n in range(count)]


@given(st.lists(st.floats(0.001, 0.7), min_size=1, max_size=60), st.sampled_from([10, 25, 60]))
def test_resampling_keeps_the_duration_and_the_order(gaps: list[float], rate: int) -> None:
    times = [sum(gaps[:place]) for place in range(len(gaps))]
    frames = list(at_constant_rate(Listed(times, Fraction(25), gaps[-1]), Fraction(rate)))
    # Half a frame of rounding; one more at the source's own rate, where a last frame too short for a tick is shown; and
    # something is always shown.
    slack = 1.5 if rate == 25 else 0.5
    assert abs(len(frames) / rate - sum(gaps)) <= slack / rate + 1e-6 or len(frames) == 1
    shown = [int(frame.picture[0, 0, 0]) for frame in frames]
    assert shown == sorted(shown)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    for frame, number in zip(frames, shown, strict=True):
        off = [abs(time - frame.time) for time in times]
        assert (
            off[number] <= min(off) + 1e-5
            or (
                # Between two frames far apart the earlier one is held until half a tick before the later.
                times[number] <= frame.time
                and (number + 1 == len(times) or times[number + 1] >= frame.time + 0.5 / rate - 1e-5)
                # Of two at one tick the second has the tick behind.
            )
            or (max(off[number : number + 2]) <= 0.5 / rate + 1e-5 and shown[frame.index + 1] == number + 1)
        )


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_a_rotated_film_is_upright(tmp_path: Path, turn: int) -> None:
    # Stored turned so that the player's turn (counter-clockwise, in FFmpeg's convention) brings it upright.
    def draw(number: int, width: int, height: int) -> np.ndarray:
        upright = (height, width) if turn % 180 else (width, height)
        return np.ascontiguousarray(np.rot90(numbered(number, *upright), -turn // 90))

    path = make_film(tmp_path / "a.mp4", count=5, turn=turn, draw=draw)
    expected = (WIDTH, HEIGHT) if turn == 180 else (HEIGHT, WIDTH)
    with open_source(str(path)) as source:
        assert source.info.size.wh == expected
        frames = list(source)
    assert numbers(frame.picture for frame in frames) == list(range(5))
    assert np.abs(frames[3].picture.astype(int) - numbered(3, *expected)).mean() < 6


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_the_ffmpeg_command_agrees_on_which_way_is_up(tmp_path: Path, turn: int) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg command, to compare with, is not installed")
    make_film(tmp_path / "turned.mp4", count=3, turn=turn)
    command = ["ffmpeg", "-v", "error", "-i", "turned.mp4", "-frames:v", "1", "shown.png"]
    subprocess.run(command, cwd=tmp_path, check=True)
    shown = read(tmp_path / "shown.png")[0].picture
    ours = read(tmp_path / "turned.mp4")[0].picture
    assert shown.shape == ours.shape
    assert np.abs(shown.astype(int) - ours).mean() < 6


def test_odd_sizes(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", "ffv1", size=(161, 97), pixels="yuv444p", count=4)
    frames = read(path)
    assert frames[0].picture.shape == (97, 161, 3)
    assert numbers(frame.picture for frame in frames) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(4, 3), (round(WIDTH * 4 / 3), HEIGHT)), (Fraction(8, 9), (WIDTH, 108))]
)
def test_pixels_are_made_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    path = make_film(tmp_path / "a.mp4", aspect=aspect, count=3)
    with open_source(str(path)) as source:
        assert source.info.size.wh == size
        assert [frame.picture.shape[1::-1] for frame in source] == [size] * 3
        assert numbers(frame.picture for frame in source) == [0, 1, 2]


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv444p", "gray", "yuv422p"])
def test_pixel_formats(tmp_path: Path, pixels: str) -> None:
    frames = read(make_film(tmp_path / "a.mp4", pixels=pixels, count=3))
    assert numbers(frame.picture for frame in frames) == [0, 1, 2]
    if pixels != "gray":
        assert np.abs(shallow(frames[2].picture).astype(int) - numbered(2)).mean() < 4
    assert frames[0].picture.dtype == (np.uint16 if pixels == "yuv420p10le" else np.uint8)


@pytest.mark.parametrize("matrix", [1, 5])
def test_the_matrix_that_the_film_names_is_obeyed(tmp_path: Path, matrix: int) -> None:
    frames = read(make_film(tmp_path / "a.mp4", matrix=matrix, count=2, pixels="yuv444p", options={"crf": "4"}))
    corner = frames[0].picture[HEIGHT * 3 // 4, [WIDTH // 6, WIDTH // 2, WIDTH * 5 // 6]].astype(int)
    assert np.abs(corner - 200 * np.eye(3)).max() <= 6


def test_transparency_lies_over_black(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "rgba"
        pixels = np.full((32, 32, 4), 200, np.uint8)
        pixels[:, :16, 3] = 0
        pixels[:, 16:, 3] = 128
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        container.mux(stream.encode(None))
    picture = read(path)[0].picture
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[0, 31].tolist() == [100, 100, 100]


def test_bad_films(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="there is nothing at"):
        open_source(str(tmp_path / "missing.mp4"))
    with pytest.raises(StudioError, match="there is nothing at"):
        open_source("x" * 5000)
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(StudioError, match="is empty"):
        open_source(str(tmp_path / "empty.mp4"))
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(StudioError, match=r"noise.mp4 cannot be read"):
        open_source(str(tmp_path / "noise.mp4"))
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(StudioError):
        open_source(str(tmp_path / "list.m3u8"))
    with pytest.raises(StudioError, match="frame rate of 0"):
        open_source(str(tmp_path), fps=Fraction(0))


def test_only_sound_is_no_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        piece.sample_rate = 8000
        container.mux(stream.encode(piece))
    with pytest.raises(StudioError, match="holds only sound"):
        open_source(str(tmp_path / "a.wav"))


def test_no_frame_is_no_film(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "a.mkv", count=10).read_bytes()
    (tmp_path / "b.mkv").write_bytes(whole[:1200])
    with pytest.raises(StudioError, match=r"b\.mkv"):
        open_source(str(tmp_path / "b.mkv"))


@pytest.fixture(scope="module")
def whole_films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("whole")
    return [
        make_film(folder / "a.mp4", count=50, audio="aac", options={"g": "10"}),
        make_film(folder / "b.avi", "mpeg4", count=50),
        make_film(folder / "c.mkv", count=50, audio="libopus"),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 2), part=st.floats(0.0, 0.99), flips=st.lists(st.floats(0, 1), max_size=3))
def test_a_cut_or_damaged_film_gives_what_it_can(
    tmp_path: Path, whole_films: list[Path], which: int, part: float, flips: list[float]
) -> None:
    data = bytearray(whole_films[which].read_bytes())
    data = data[: int(part * len(data))]
    for flip in flips:
        if data:
            data[int(flip * (len(data) - 1))] ^= 0xFF
    path = tmp_path / f"cut{whole_films[which].suffix}"
    path.write_bytes(bytes(data))
    try:
        with open_source(str(path)) as source:
            frames = list(source)
    except StudioError as error:
        assert str(path) in str(error)  # noqa: PT017 - either ending is right
        return
    assert all(f.picture.shape == (*source.info.size, 3) for f in frames)
    if not flips:
        assert 0 < len(frames) <= 50
        assert numbers(f.picture for f in frames)[:-2] == list(range(len(frames)))[:-2]


def test_a_cut_film_warns(tmp_path: Path) -> None:
    data = make_film(tmp_path / "a.mp4", count=100, options={"g": "10"}).read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: len(data) * 6 // 10])
    with open_source(str(tmp_path / "b.mp4")) as source:
        count = len(list(source))
    assert 0 < count < 100
    assert source.warning is not None
    assert "damaged" in source.warning


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def exif(orientation: int) -> bytes:
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 274, 3, 1, orientation, 0, 0)


def write_jpeg(path: Path, picture: np.ndarray, orientation: int) -> None:
    data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    block = b"Exif\0\0" + exif(orientation)
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:])


# What a camera stores, for each orientation, of a scene that is `numbered`.
STORED = {
    1: lambda p: p,
    2: np.fliplr,
    3: lambda p: np.rot90(p, 2),
    4: np.flipud,
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright(tmp_path: Path, orientation: int) -> None:
    write_jpeg(tmp_path / "a.jpg", np.ascontiguousarray(STORED[orientation](numbered(37))), orientation)
    ours = read(tmp_path / "a.jpg")[0].picture
    assert ours.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(ours.astype(int) - numbered(37)).mean() < 6
    theirs = cv2.imread(str(tmp_path / "a.jpg"))[:, :, ::-1]
    assert np.array_equal(ours, theirs)


def test_png_with_orientation_and_alpha(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 255)  # blue, BGRA
    data = cv2.imencode(".png", pixels)[1].tobytes()
    chunk = b"eXIf" + exif(6)
    place = 33  # after IHDR
    extra = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(data[:place] + extra + data[place:])
    picture = read(tmp_path / "a.png")[0].picture
    assert picture.shape == (6, 4, 3)
    assert picture[0, 3].tolist() == [0, 0, 255]
    assert int(picture.sum()) == 255


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".webp", ".bmp", ".ppm", ".jpg"])
def test_kinds_of_picture(tmp_path: Path, suffix: str) -> None:
    cv2.imwrite(str(tmp_path / f"a{suffix}"), numbered(77)[:, :, ::-1])
    with open_source(str(tmp_path / f"a{suffix}")) as source:
        frames = list(source)
    assert source.info.frames == len(frames) == 1
    assert source.info.fps is None
    assert np.abs(frames[0].picture.astype(int) - numbered(77)).mean() < (6 if suffix == ".jpg" else 1e-9 + 1)
    (tmp_path / f"a{suffix}").rename(tmp_path / "bare")
    assert number_of(read(tmp_path / "bare")[0].picture) == 77


def test_depths_of_picture(tmp_path: Path) -> None:
    deep = np.array([[[0, 32768, 65535]]], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert read(tmp_path / "deep.png")[0].picture[0, 0].tolist() == [65535, 32768, 0]
    assert shallow(read(tmp_path / "deep.png")[0].picture)[0, 0].tolist() == [255, 128, 0]
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((1, 1), 77, np.uint8))
    assert read(tmp_path / "grey.png")[0].picture.tolist() == [[[77, 77, 77]]]
    cv2.imwrite(str(tmp_path / "clear.png"), np.array([[[10, 20, 200, 128]]], np.uint8))
    assert read(tmp_path / "clear.png")[0].picture[0, 0].tolist() == [100, 10, 5]
    cv2.imwrite(str(tmp_path / "float.tiff"), np.array([[[0.0, 0.5, 2.0]]], np.float32))
    assert read(tmp_path / "float.tiff")[0].picture[0, 0].tolist() == [65535, 32768, 0]


def test_bad_pictures(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png_header(40000, 40000))
    with pytest.raises(StudioError, match=r"huge.png is 40000x40000 pixels, more than the limit of 16384"):
        open_source(str(tmp_path / "huge.png"))
    (tmp_path / "big.png").write_bytes(png_header(16000, 16000))
    with pytest.raises(StudioError, match="100 megapixels"):
        open_source(str(tmp_path / "big.png"))
    (tmp_path / "none.png").write_bytes(png_header(0, 5))
    with pytest.raises(StudioError, match="damaged"):
        open_source(str(tmp_path / "none.png"))
    (tmp_path / "cut.png").write_bytes(png_header(50, 50))
    with pytest.raises(StudioError, match=r"cut.png cannot be decoded"):
        open_source(str(tmp_path / "cut.png"))
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(StudioError, match="not a picture"):
        open_source(str(tmp_path / "text.jpg"))
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(StudioError, match="not a picture"):
        open_source(str(tmp_path / "empty.jpg"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([".png", ".jpg", ".webp", ".tiff", ".bmp", ".ppm"]), part=st.floats(0, 1), flip=st.floats(0, 1)
)
def test_a_damaged_picture_opens_or_says_why(tmp_path: Path, kind: str, part: float, flip: float) -> None:
    data = bytearray(cv2.imencode(kind, numbered(5, 40, 30))[1].tobytes())
    data[int(flip * (len(data) - 1))] ^= 0xFF
    path = tmp_path / f"a{kind}"
    path.write_bytes(bytes(data[: int(part * len(data))]))
    try:
        frames = read(path)
    except StudioError as error:
        assert str(path) in str(error)  # noqa: PT017 - either ending is right
    else:
        assert frames[0].picture.dtype == np.uint8


def test_a_folder_is_in_natural_order_at_one_size(tmp_path: Path) -> None:
    for number in (1, 2, 10, 9, 100):
        size = (WIDTH, HEIGHT) if number == 1 else (WIDTH * 2, HEIGHT * 2)
        cv2.imwrite(str(tmp_path / f"img{number}.png"), numbered(number, *size)[:, :, ::-1])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    with open_source(str(tmp_path), fps=Fraction(10)) as source:
        frames = list(source)
    assert numbers(frame.picture for frame in frames) == [1, 2, 9, 10, 100]
    assert {frame.picture.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert (source.info.frames, source.info.fps, source.info.duration) == (5, 10, 0.5)
    with open_source(str(tmp_path)) as source:
        assert source.info.fps == 25


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"holds no pictures.*\.png, \.jpg"):
        open_source(str(tmp_path))
    cv2.imwrite(str(tmp_path / "a.png"), numbered(1))
    (tmp_path / "b.png").write_bytes(b"x")
    cv2.imwrite(str(tmp_path / "c.png"), numbered(3))
    with open_source(str(tmp_path)) as source:
        assert numbers(frame.picture for frame in source) == [1, 1, 3]
        assert source.warning is not None
        assert "b.png" in source.warning
        assert numbers(frame.picture for frame in source.frames(1 / 25)) == [1, 3]
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "c.png").write_bytes(b"x")
    with pytest.raises(StudioError, match=r"a\.png"):
        open_source(str(tmp_path))


def test_frames_are_gone_without_the_collector(tmp_path: Path) -> None:
    """A window's runs seldom: what only it frees holds hundreds of megabytes by then."""
    path = make_film(tmp_path / "a.mp4", count=40)

    def held() -> int:
        return sum(type(each) is av.VideoFrame for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = held()
        with open_source(str(path)) as source:
            assert len(list(source)) == 40
        assert held() - before <= 4
    finally:
        gc.enable()


def test_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "DEMO_CLIP", tmp_path / "demo.mp4")
    with pytest.raises(StudioError, match=r"the demo film .* is missing"):
        open_source("demo")
    make_film(tmp_path / "demo.mp4", count=3)
    with open_source("demo") as source:
        assert numbers(frame.picture for frame in source) == [0, 1, 2]
