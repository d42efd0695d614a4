"""Films as they come from elsewhere: bare streams, words for colours that no converter has, rates out of floats."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition
from films import make_film, numbered, numbers

from studio.io.sinks import open_sink
from studio.io.sources import at_constant_rate, open_source
from studio.io.sources._colours.matrices import rgb_by_matrix
from studio.io.sources._colours.screens import Colours, to_ordinary
from studio.io.sources._films.convert import RgbConverter, rgb_of
from studio.model.declared.size import Size

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


RGB_TO_CONES = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096
CONES_TO_ICTCP = {
    16: np.array([[2048, 2048, 0], [6610, -13613, 7003], [17933, -17390, -543]]) / 4096,
    18: np.array([[2048, 2048, 0], [3625, -7465, 3840], [9500, -9212, -288]]) / 4096,
}


def pq(light: np.ndarray) -> np.ndarray:
    power = light**0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light: np.ndarray) -> np.ndarray:
    bright = 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    return np.where(light <= 1 / 12, np.sqrt(3 * light), bright)


def planar(planes: np.ndarray, bits: int) -> av.VideoFrame:
    """A frame of (H, W, 3) numbers, without any conversion."""
    frame = av.VideoFrame(planes.shape[1], planes.shape[0], "yuv444p" if bits == 8 else f"yuv444p{bits}le")
    for plane, values in zip(frame.planes, np.moveaxis(planes, -1, 0), strict=True):
        kind = np.dtype(np.uint8 if bits == 8 else "<u2")
        strides = (plane.line_size, kind.itemsize)
        np.copyto(np.ndarray(values.shape, kind, memoryview(plane), strides=strides), values.astype(kind))
    return frame


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_ycgco_is_followed(bits: int, full: bool) -> None:
    """H.273, 8.3, number 8: of whole numbers, in the range in which they are."""
    rng = np.random.default_rng(bits)
    low, high = (0, (1 << bits) - 1) if full else (16 << (bits - 8), 235 << (bits - 8))
    red, green, blue = rng.integers(low, high + 1, (3, 24, 32))
    half = 1 << (bits - 1)
    luma = np.rint(0.5 * green + 0.25 * (red + blue))
    planes = np.stack([luma, np.rint(0.5 * green - 0.25 * (red + blue)) + half, np.rint(0.5 * (red - blue)) + half], -1)
    frame = planar(planes, bits)
    frame.colorspace, frame.color_range = 8, 2 if full else 1
    convert = RgbConverter(Size(24, 32))
    found = convert(frame)
    assert not convert.remark
    assert found.dtype == (np.uint8 if bits == 8 else np.uint16)
    wanted = (np.stack([red, green, blue], -1) - low) / (high - low)
    # Three roundings of whole numbers: two of them at most apart.
    assert np.abs(found / np.iinfo(found.dtype).max - wanted).max() <= 2.01 / (high - low)


@pytest.mark.parametrize(("number", "more"), [(16, 2), (17, 1)])
def test_reversible_ycgco_is_reversed(number: int, more: int) -> None:
    red, green, blue = np.random.default_rng(number).integers(0, 256 << (2 - more), (3, 24, 32))
    bits = 8 + (2 - more) + more
    orange = red - blue
    rest = blue + (orange >> 1)
    over = green - rest
    half = 1 << (bits - 1)
    frame = planar(np.stack([rest + (over >> 1), over + half, orange + half], -1), bits)
    frame.colorspace, frame.color_range = number, 2
    top = (256 << (2 - more)) - 1
    wanted = np.rint(np.stack([red, green, blue], -1) / top * 65535)
    assert np.array_equal(RgbConverter(Size(24, 32))(frame), wanted)


def light_of_709(light: np.ndarray) -> np.ndarray:
    return np.where(light < 0.018053968510807, 4.5 * light, 1.09929682680944 * light**0.45 - 0.09929682680944)


def test_ipt_c2_is_followed() -> None:
    """H.273, number 15, by what it is made of: cones of Hunt, Pointer and Estévez, mixed by 0.02, and Ebner's IPT."""
    light = np.random.default_rng(15).random((24, 32, 3)) ** 3 * 0.02
    to_xyz = np.array([[0.636958, 0.144617, 0.168881], [0.262700, 0.677998, 0.059302], [0.0, 0.028073, 1.060985]])
    to_cones = np.array([[0.40024, 0.7076, -0.08081], [-0.2263, 1.16532, 0.0457], [0.0, 0.0, 0.91822]])
    mixed = np.full((3, 3), 0.02) + np.eye(3) * 0.94
    cones = pq(np.maximum(light @ (mixed @ to_cones @ to_xyz).T, 0.0))
    stored = cones @ np.array([[0.4, 0.4, 0.2], [4.455, -4.851, 0.396], [0.8056, 0.3572, -1.1628]]).T
    found = by_own(stored, 15, transfer=16, primaries=9)
    assert np.abs(found - reference(light, 16)).max() < 0.013


def test_luminance_that_is_constant_is_followed() -> None:
    """BT.2020, table 4: green is what the luminance of light leaves of it."""
    light = np.random.default_rng(10).random((24, 32, 3))
    luma = light_of_709(light @ np.array([0.2627, 0.678, 0.0593]))
    red, blue = (light_of_709(light[..., channel]) - luma for channel in (0, 2))
    stored = np.stack(
        [
            luma,
            blue / np.where(blue <= 0, 1.9404, 1.5816),
            red / np.where(red <= 0, 1.7184, 0.9936),
        ],
        -1,
    )
    found = by_own(stored, 10, transfer=14, primaries=1)
    assert np.abs(found - light_of_709(light)).max() < 0.003


@pytest.mark.parametrize(("primaries", "red", "blue"), [(9, 0.2627, 0.0593), (1, 0.2126, 0.0722), (12, 0.2290, 0.0793)])
@pytest.mark.parametrize("number", [12, 13])
def test_matrices_are_derived_from_primaries(number: int, primaries: int, red: float, blue: float) -> None:
    light = np.random.default_rng(primaries).random((24, 32, 3))
    values = light_of_709(light)
    shares = np.array([red, 1 - red - blue, blue])
    constant = number == 13
    luma = light_of_709(light @ shares) if constant else values @ shares
    over = [values[..., channel] - luma for channel in (2, 0)]
    reach = [
        np.where(each <= 0, 2 * light_of_709(np.array(1 - share)), 2 * (1 - light_of_709(np.array(share))))
        if constant
        else 2 * (1 - share)
        for each, share in zip(over, (blue, red), strict=True)
    ]
    stored = np.stack([luma, *(each / most for each, most in zip(over, reach, strict=True))], -1)
    found = rgb_by_matrix(coded(stored), 12, number, full=False, transfer=1, primaries=primaries)
    assert np.abs(found / 65535 - values).max() < 0.006


def test_xyz_of_a_cinema_is_followed() -> None:
    """SMPTE ST 2085 and 428-1: differences of XYZ with the curve of cinemas."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    light = np.random.default_rng(11).random((24, 32, 3))
    x, y, z = np.moveaxis((light @ to_xyz.T * 48 / 52.37) ** (1 / 2.6), -1, 0)
    found = by_own(np.stack([y, (0.986566 * z - y) / 2, (x - 0.991902 * y) / 2], -1), 11, transfer=17, primaries=10)
    assert np.abs(found - reference(light, 8)).max() < 0.013


@pytest.mark.parametrize("number", [8, 12, 14])
@pytest.mark.parametrize("bits", [8, 10])
def test_opacity_beside_such_a_matrix_counts(number: int, bits: int) -> None:
    kind = np.dtype(np.uint8 if bits == 8 else "<u2")
    name = "yuva444p" if bits == 8 else "yuva444p10le"
    planes = [np.full((24, 32), level << (bits - 8), kind) for level in (128, 128, 128)]
    opacity = np.tile(np.linspace(0, (1 << bits) - 1, 32).astype(kind), (24, 1))
    frame = av.VideoFrame(32, 24, name)
    for plane, values in zip(frame.planes, (*planes, opacity), strict=True):
        np.copyto(np.ndarray(values.shape, kind, memoryview(plane), strides=(plane.line_size, kind.itemsize)), values)
    frame.colorspace, frame.color_range = number, 1
    if number == 14:
        frame.color_trc, frame.color_primaries = 16, 9
    found = RgbConverter(Size(24, 32))(frame).astype(float)
    solid = found[0, -1]
    assert solid.min() > 0
    assert np.abs(found - solid * (opacity / ((1 << bits) - 1))[..., None]).max() <= np.iinfo(kind).max / 255


def coded(stored: np.ndarray) -> np.ndarray:
    """Whole numbers of 12 bits from 16 to 235 of 8, of values from 0 to 1 and -0.5 to 0.5."""
    return np.rint(np.concatenate([stored[..., :1] * 219 * 16 + 256, stored[..., 1:] * 224 * 16 + 2048], axis=-1))


def by_own(stored: np.ndarray, number: int, *, transfer: int, primaries: int) -> np.ndarray:
    """What the converter makes of a frame that says a matrix by its number, from 0 to 1."""
    frame = planar(np.clip(coded(stored), 0, 4095), 12)
    frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = number, 1, transfer, primaries
    return RgbConverter(Size(24, 32))(frame) / 65535


def reference(light: np.ndarray, transfer: int) -> np.ndarray:
    """Light as the studio shows it where it comes as RGB: of BT.2020 by PQ, or of BT.709."""
    values, colours = (pq(light), Colours(9, 16)) if transfer == 16 else (light, Colours(1, 8))
    return to_ordinary(values.astype(np.float32), colours)


@pytest.mark.parametrize("curve", [16, 18])
@pytest.mark.parametrize("full", [False, True])
def test_ictcp_is_followed(curve: int, full: bool) -> None:
    """The same light, stored as ICtCp and as RGB of the same curve, is the same picture."""
    light = np.random.default_rng(curve).random((24, 32, 3)) ** 3 * (0.02 if curve == 16 else 1.0)
    code = pq if curve == 16 else hlg
    stored = code(light @ RGB_TO_CONES.T) @ CONES_TO_ICTCP[curve].T
    steps = (4095.0, 4095.0, 0.0) if full else (219.0 * 16, 224.0 * 16, 256.0)
    planes = np.concatenate([stored[..., :1] * steps[0] + steps[2], stored[..., 1:] * steps[1] + 2048], axis=-1)
    frame = planar(np.clip(np.rint(planes), 0, 4095), 12)
    frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = 14, 2 if full else 1, curve, 9
    convert = RgbConverter(Size(24, 32))
    found = convert(frame)
    assert "matrix" not in convert.remark
    wanted = rgb_of(np.rint(code(light) * 65535).astype(np.uint16), Colours(9, curve), "knee")
    apart = np.abs(found.astype(float) - wanted) / 65535
    assert apart.mean() < 0.002
    assert np.quantile(apart, 0.99) < 0.02


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


@pytest.mark.parametrize("angle", [90, 180])
@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_a_turn_that_the_coded_pictures_say_once_holds_for_all(tmp_path: Path, suffix: str, angle: int) -> None:
    """H.264 may say it with its first picture alone; others were left out, or upside down."""
    plain, film = make_film(tmp_path / "a.mp4", count=20, options={"g": "10"}), tmp_path / f"b{suffix}"
    with av.open(str(plain)) as source, av.open(str(film), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        before = "h264_mp4toannexb," if suffix == ".ts" else ""
        said = BitStreamFilterContext(f"{before}h264_metadata=display_orientation=insert:rotate={angle}", stream)
        for packet in source.demux(stream):
            for turned in said.filter(packet if packet.dts is not None else None):
                turned.stream = copy
                sink.mux(turned)
    with open_source(str(plain)) as source:
        stored = [frame.picture for frame in source]
    with open_source(str(film)) as source:
        shown = [frame.picture for frame in source]
        assert source.warning is None
    assert len(shown) == len(stored) == 20
    for one, other in zip(stored, shown, strict=True):
        assert np.array_equal(np.rot90(one, angle // 90), other)


@pytest.mark.parametrize("first", [True, False])
def test_a_single_picture_is_not_taken_for_the_film_beside_it(tmp_path: Path, first: bool) -> None:
    """Though it is the larger one, and the one that the file marks as default."""
    film, path = make_film(tmp_path / "a.mp4", count=12), tmp_path / "b.mp4"
    still = make_film(tmp_path / "c.mp4", count=1, size=(320, 192))
    with av.open(str(film)) as one, av.open(str(still)) as other, av.open(str(path), "w") as sink:
        order = [other, one] if first else [one, other]
        copies = [(source, sink.add_stream_from_template(source.streams.video[0])) for source in order]
        for source, copy in copies:
            copy.disposition = Disposition.default if source is other else Disposition(0)
        for source, copy in copies:
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = copy
                    sink.mux(packet)
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == list(range(12))


@pytest.mark.parametrize("fps", [1, 5, 25])
def test_two_pictures_under_a_sound_keep_their_rate(tmp_path: Path, fps: int) -> None:
    """Of so few FFmpeg takes fields, or ticks of the clock, for pictures: 90,000 a second."""
    path = tmp_path / "a.ts"
    with av.open(str(path), "w") as film:
        stream, sound = film.add_stream("libx264", rate=fps, options={"bf": "0"}), film.add_stream("mp2", rate=48000)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(2):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        for start in range(0, 10 * 48000, 1152):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 1152), np.int16), format="s16", layout="stereo")
            silence.sample_rate, silence.pts, silence.time_base = 48000, start, Fraction(1, 48000)
            film.mux(sound.encode(silence))
    with open_source(str(path)) as source:
        assert source.info.fps == fps
        assert [frame.time for frame in source] == [pytest.approx(k / fps, abs=0.011) for k in range(2)]
        recorded = list(at_constant_rate(source, source.info.fps))
        assert numbers(frame.picture for frame in recorded[:2]) == [0, 1]
