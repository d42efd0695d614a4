"""Recordings of more than 8 bits a value, dithering, and the order of an MP4's parts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbered, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from studio.errors import StudioError
from studio.io.sinks import depth, open_sink
from studio.io.sinks._faststart import put_index_in_front
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.model.networks.picture import deepened, dithered, shallow, to_deep_picture, to_picture

SIZE = Size(32, 48)


def ramp(count: int = 3) -> list[np.ndarray]:
    """Pictures of 16 bits that 8 cannot hold: every value is another."""
    values = np.arange(SIZE.pixels * 3, dtype=np.uint32).reshape(*SIZE, 3)
    return [((values * 14 + 5 * k) % 65536).astype(np.uint16) for k in range(count)]


def written(path: Path, codec: str, pictures: list[np.ndarray], bits: int | None = None) -> Path:
    with open_sink(path, codec=codec, size=SIZE, fps=Fraction(25), bits=bits) as sink:
        for picture in pictures:
            sink.write(picture)
    return path


def read(path: Path) -> list[np.ndarray]:
    with open_source(str(path)) as source:
        return [frame.picture for frame in source]


@pytest.mark.parametrize(("codec", "name", "bits"), [("ffv1", "a.mkv", 16), ("png", "a", 16), ("png", "%03d.png", 16)])
def test_sixteen_bits_come_back_bit_by_bit(tmp_path: Path, codec: str, name: str, bits: int) -> None:
    path = written(tmp_path / name, codec, ramp(), bits)
    found = read(tmp_path / "*.png" if "%" in name else path)
    assert [picture.dtype for picture in found] == [np.uint16] * 3
    for one, other in zip(found, ramp(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("bits", [10, 12])
def test_ffv1_rounds_to_the_bits_that_are_asked_for(tmp_path: Path, bits: int) -> None:
    found = read(written(tmp_path / "a.mkv", "ffv1", ramp(), bits))
    for one, other in zip(found, ramp(), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 65536 >> bits


def test_prores_keeps_more_than_eight_bits(tmp_path: Path) -> None:
    smooth = np.broadcast_to(np.linspace(20000, 22000, SIZE.width)[None, :, None], (*SIZE, 3)).astype(np.uint16)
    (found, *_) = read(written(tmp_path / "a.mov", "prores", [smooth] * 3))
    levels = len(np.unique(found[16, :, 1]))
    assert levels > 2 * len(np.unique(shallow(smooth)[16, :, 1]))
    assert np.abs(found.astype(int) - smooth).max() < 400


@pytest.mark.parametrize("name", ["a.exr", "%03d.exr"])
def test_exr_holds_linear_light(tmp_path: Path, name: str) -> None:
    light = np.full((*SIZE, 3), 30234, np.uint16)  # sRGB's value of 0.18
    light[0, 0], light[0, 1], light[0, 2] = 65535, 0, (65535, 0, 0)
    written(tmp_path / name, "exr", [light])
    path = next(tmp_path.glob("*.exr"))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert "f" in frame.format.name
        green = np.frombuffer(bytes(frame.planes[0]), "<f2" if "16" in frame.format.name else "<f4")
    assert green[10] == pytest.approx(0.18, rel=1e-3)
    (found,) = read(path)
    assert np.abs(found.astype(int) - light).max() <= 80
    assert found[0, 2].tolist() == pytest.approx([65535, 0, 0], abs=80)


def test_a_codec_says_which_bits_it_has(tmp_path: Path) -> None:
    assert [depth(codec) for codec in ("h264", "prores", "ffv1", "png", "exr", "gif")] == [8, 10, 8, 8, 16, 8]
    with pytest.raises(StudioError, match="h264 records 8 bits a value, not 10"):
        open_sink(tmp_path / "a.mp4", codec="h264", size=SIZE, fps=Fraction(25), bits=10)
    assert not any(tmp_path.iterdir())


def test_h264_shows_no_bands() -> None:
    """The mean of what is shown follows a slow ramp, where rounding would give steps."""
    line = np.linspace(25700, 25700 + 2 * 257, 480)
    smooth = np.broadcast_to(line[None, :, None], (64, 480, 3)).astype(np.uint16)
    error = np.abs(dithered(smooth).astype(float).mean(0)[:, 0] - line / 257)
    assert np.convolve(error, np.ones(8) / 8, "valid").max() < 0.3
    blocks = dithered(smooth).astype(float).reshape(64, 60, 8, 3).mean(axis=(0, 2))[:, 0]
    np.testing.assert_allclose(blocks, line.reshape(60, 8).mean(1) / 257, atol=0.05)


@given(hnp.arrays(np.uint8, (9, 11, 3)))
@settings(max_examples=20)
def test_eight_bits_stay_what_they_are(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(dithered(deepened(picture)), picture)
    np.testing.assert_array_equal(shallow(deepened(picture)), picture)


@given(hnp.arrays(np.float32, (3, 4, 5), elements=st.floats(-2, 3, width=32)), st.sampled_from(["rgb", "bgr"]))
@settings(max_examples=20)
def test_a_deep_picture_is_the_picture_with_more_bits(values: np.ndarray, order: str) -> None:
    deep = to_deep_picture(values, (-1.0, 1.0), order)  # type: ignore[arg-type]
    plain = to_picture(values, (-1.0, 1.0), order)  # type: ignore[arg-type]
    assert np.abs(deep / 257.0 - plain).max() <= 0.51


def boxes(path: Path) -> list[str]:
    data, place, found = path.read_bytes(), 0, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        found.append(data[place + 4 : place + 8].decode())
        place += length if length > 1 else int.from_bytes(data[place + 8 : place + 16], "big")
    assert place == len(data)
    return found


@pytest.mark.parametrize("count", [1, 100])
def test_the_index_of_an_mp4_stands_in_front(tmp_path: Path, count: int) -> None:
    sound = make_film(tmp_path / "s.mp4", count=count + 25, audio="aac", size=(32, 32))
    path = tmp_path / "a.mp4"
    with open_sink(path, codec="h264", size=Size(96, 160), fps=Fraction(25), audio=sound) as sink:
        for number in range(count):
            sink.write(numbered(number))
    found = boxes(path)
    assert found[:2] == ["ftyp", "moov"]
    assert found.count("mdat") == 1
    assert numbers(read(path)) == list(range(count))
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(audio=0)) > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mp4", "s.mp4"]


def test_an_index_that_is_not_understood_is_left_alone(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", count=30)  # its index stands in front already
    assert not put_index_in_front(path, tmp_path / "b.mp4")
    for data in (b"", b"\0\0\0\x08ftyp", b"\0\0\0\x08ftyp\xff\xff\xff\xffmoov", path.read_bytes()[:-3]):
        path.write_bytes(data)
        assert not put_index_in_front(path, tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()
