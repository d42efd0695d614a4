"""Raw pictures in films: colours as they were written, or a sentence where the container lost their format."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbered, numbers

from studio.errors import StudioError
from studio.io.sources import open_source

_COLOURS = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 0),
    (132, 66, 206),
    (0, 0, 0),
    (255, 255, 255),
    (66, 132, 33),
)


_THOUSANDS = [f"{order}{bits}{end}" for order in ("rgb", "bgr") for bits in (555, 565) for end in ("le", "be")]


def _words(name: str) -> np.ndarray:
    """(1, 8) of 16 bits, each of the colours as a format holds it."""
    bits = (5, 6, 5) if "565" in name else (5, 5, 5)
    held = []
    for colour in _COLOURS:
        parts = [value >> (8 - wide) for value, wide in zip(colour, bits, strict=True)]
        if name.startswith("bgr"):
            parts.reverse()
        held.append((parts[0] << bits[1] | parts[1]) << bits[2] | parts[2])
    return np.array([held], ">u2" if name.endswith("be") else "<u2")


@pytest.mark.parametrize("suffix", [".mov", ".nut"])
@pytest.mark.parametrize("name", _THOUSANDS)
def test_sixteen_bits_a_pixel_have_their_colours(tmp_path: Path, suffix: str, name: str) -> None:
    """QuickTime's "thousands of colours" have the high byte first."""
    if suffix == ".mov" and name not in ("rgb555be", "rgb565be", "rgb555le", "rgb565le"):
        pytest.skip("MOV has no name for it")
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("rawvideo", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 32, name
        for number in range(3):
            frame = av.VideoFrame(64, 32, name)
            frame.planes[0].update(np.repeat(np.repeat(_words(name), 8, axis=1), 32, axis=0).tobytes())
            frame.pts = number
            film.mux(stream.encode(frame))
    with open_source(str(path)) as source:
        shown = [frame.picture for frame in source]
    assert len(shown) == 3
    for picture in shown:
        assert np.abs(picture[16, 4::8].astype(int) - _COLOURS).max() <= 8


@pytest.mark.parametrize("name", ["x2rgb10le", "x2bgr10le", "ya16le", "ya16be", "p010le", "p016le", "p210le", "p416le"])
def test_a_format_that_the_container_has_no_name_for_is_said(tmp_path: Path, name: str) -> None:
    """FFmpeg writes them into NUT all the same, as another one; Matroska and FFV1 keep them."""
    path = make_film(tmp_path / "a.nut", "rawvideo", count=3, pixels=name)
    with pytest.raises(StudioError, match=r"a\.nut calls its raw pictures .* bytes each, not .* write it as FFV1"):
        open_source(str(path))


def test_a_format_of_as_many_bytes_is_doubted(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.nut", "rawvideo", count=3, pixels="nv16")
    with open_source(str(path)) as source:
        list(source)
        assert source.remark is not None
        assert "whatever NUT has no name for" in source.remark


_WIDE = [
    *((".nut", name) for name in ("rgb24", "bgra", "yuv420p", "yuv444p", "uyvy422", "gray", "rgb555le", "gbrp10le")),
    *((".avi", name) for name in ("bgr24", "bgra", "yuv420p", "uyvy422", "rgb555le")),
    *((".mov", name) for name in ("rgb24", "uyvy422", "rgb555be")),
]


@pytest.mark.parametrize("width", [160, 158, 150])
@pytest.mark.parametrize(("suffix", "name"), _WIDE)
def test_raw_pictures_of_any_width_open(tmp_path: Path, suffix: str, name: str, width: int) -> None:
    path = make_film(tmp_path / f"a{suffix}", "rawvideo", count=3, pixels=name, size=(width, 96))
    with open_source(str(path)) as source:
        assert numbers(frame.picture for frame in source) == [0, 1, 2]


def test_numbers_of_a_palette_that_is_not_there_are_greys(tmp_path: Path) -> None:
    """As of cameras that write 8 bits into an AVI without saying what they are; they were black."""
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 4, (32, 1))
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("rawvideo", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 32, "bgr8"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(ramp, format="bgr8")
            frame.pts = number
            film.mux(stream.encode(frame))
    with open_source(str(path)) as source:
        for shown in source:
            assert (shown.picture == ramp[:, :, None]).all()


@pytest.mark.parametrize("suffix", [".avi", ".nut"])
def test_a_film_that_is_cut_off_in_its_first_picture_is_called_so(tmp_path: Path, suffix: str) -> None:
    pixels = "bgr24" if suffix == ".avi" else "yuv420p"
    path = make_film(tmp_path / f"a{suffix}", "rawvideo", count=3, size=(64, 48), pixels=pixels)
    data = path.read_bytes()
    with av.open(str(path)) as film:
        begins = next(iter(film.demux(video=0))).pos or 0
    for kept in (100, 1000, 4000):
        path.write_bytes(data[: begins + kept])
        with pytest.raises(StudioError, match=r"no frame of .* can be decoded: it is damaged or cut off"):
            open_source(str(path))


@pytest.mark.parametrize(("codec", "pixels"), [("bmp", "bgr24"), ("pam", "rgb24"), ("xwd", "rgb24"), ("ppm", "rgb24")])
def test_whole_files_that_an_avi_calls_raw_are_told(tmp_path: Path, codec: str, pixels: str) -> None:
    """They have nearly as many bytes as raw pictures, and were shown moved by their heads."""
    path = tmp_path / "a.avi"
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 160, 96, pixels, Fraction(1, 25)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("rawvideo", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 160, 96, "bgr24"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24").reformat(format=pixels)
            frame.pts = number
            for packet in encoder.encode(frame):
                packet.stream = stream
                film.mux(packet)
    kind = {"ppm": "PNM"}.get(codec, codec.upper())
    with pytest.raises(StudioError, match=f"whole {kind} files and calls them raw .*`ffmpeg -c:v {codec} -i a.avi"):
        open_source(str(path))
