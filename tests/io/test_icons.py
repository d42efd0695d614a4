"""Icons and cursors: the largest picture in them, without what their masks hide."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import StudioError
from studio.io.sources import open_source

SIDE = 20
_RANDOM = np.random.default_rng(3)
RGB = _RANDOM.integers(1, 256, (SIDE, SIDE, 3), np.uint8)
OPACITY = _RANDOM.integers(1, 256, (SIDE, SIDE), np.uint8)
HIDDEN = _RANDOM.random((SIDE, SIDE)) < 0.4
PALETTE = _RANDOM.integers(1, 256, (256, 3), np.uint8)


def icon(*pictures: tuple[int, bytes], cursor: bool = False) -> bytes:
    place = 6 + 16 * len(pictures)
    head = struct.pack("<HHH", 0, 2 if cursor else 1, len(pictures))
    for side, data in pictures:
        head += struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 0, 0, len(data), place)
        place += len(data)
    return head + b"".join(data for _, data in pictures)


def rows(values: np.ndarray) -> bytes:
    """From the bottom up, each filled up to four bytes."""
    return b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in values[::-1])


def bitmap(bits: int, pixels: np.ndarray, palette: bytes = b"", hidden: np.ndarray = HIDDEN) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, bits, 0, 0, 0, 0, 0, 0)
    return head + palette + rows(pixels) + rows(np.packbits(hidden, axis=1))


def png(rgb: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(rgb).save(held, "PNG")
    return held.getvalue()


def seen(path: Path, data: bytes) -> np.ndarray:
    path.write_bytes(data)
    with open_source(str(path)) as source:
        (frame,) = source
        assert (source.info.fps, source.info.size) == (None, frame.picture.shape[:2])
        assert source.warning is None
    return frame.picture.astype(int)


@pytest.mark.parametrize("cursor", [False, True])
@pytest.mark.parametrize("bits", [1, 4, 8, 24])
def test_what_a_mask_hides_is_black(tmp_path: Path, bits: int, cursor: bool) -> None:
    if bits == 24:
        data, colours = bitmap(24, RGB[..., ::-1].reshape(SIDE, -1)), RGB
    else:
        numbers = OPACITY & ((1 << bits) - 1)
        single = np.unpackbits(numbers[..., None], axis=2)[..., 8 - bits :].reshape(SIDE, -1)
        palette = np.pad(PALETTE[: 1 << bits, ::-1], ((0, 0), (0, 1)))
        data, colours = bitmap(bits, np.packbits(single, axis=1), palette.tobytes()), PALETTE[numbers]
    found = seen(tmp_path / ("a.cur" if cursor else "a.ico"), icon((SIDE, data), cursor=cursor))
    assert np.array_equal(found, colours * ~HIDDEN[..., None])


def test_of_32_bits_the_fourth_channel_counts_where_it_holds_anything(tmp_path: Path) -> None:
    deep = bitmap(32, np.dstack([RGB[..., ::-1], OPACITY]).reshape(SIDE, -1))
    assert np.abs(seen(tmp_path / "a.ico", icon((SIDE, deep))) - RGB * (OPACITY / 255)[..., None]).max() <= 1
    empty = bitmap(32, np.dstack([RGB[..., ::-1], 0 * OPACITY]).reshape(SIDE, -1))
    assert np.array_equal(seen(tmp_path / "a.ico", icon((SIDE, empty))), RGB * ~HIDDEN[..., None])


@pytest.mark.parametrize("order", [1, -1])
def test_the_largest_is_shown_and_of_those_as_large_the_one_of_most_bits(tmp_path: Path, order: int) -> None:
    large = np.repeat(np.repeat(RGB, 4, 0), 4, 1)
    plain = bitmap(24, RGB[..., ::-1].reshape(SIDE, -1))
    few = bitmap(1, np.packbits(HIDDEN, axis=1), PALETTE[:2].tobytes() + b"\0\0")
    assert np.array_equal(seen(tmp_path / "a.ico", icon(*[(SIDE, plain), (80, png(large))][::order])), large)
    found = seen(tmp_path / "a.ico", icon(*[(SIDE, plain), (SIDE, few)][::order]))
    assert np.array_equal(found, RGB * ~HIDDEN[..., None])


def test_an_icon_of_macos(tmp_path: Path) -> None:
    held = np.repeat(np.repeat(RGB[:16, :16], 8, 0), 8, 1)
    part = png(held)
    data = b"icns" + struct.pack(">I4sI", 16 + len(part), b"ic07", 8 + len(part)) + part
    assert np.array_equal(seen(tmp_path / "a.icns", data), held)


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_mask_that_is_too_short_hides_nothing(tmp_path: Path, mode: str) -> None:
    """Pillow does not fill up the rows of those that it writes."""
    held, image = io.BytesIO(), Image.fromarray(RGB).convert(mode)
    image.save(held, "ICO", sizes=[(SIDE, SIDE)], bitmap_format="bmp")
    assert np.array_equal(seen(tmp_path / "a.ico", held.getvalue()), np.array(image.convert("RGB")))


def test_an_icon_of_many_pictures_takes_no_more_memory_than_they(tmp_path: Path) -> None:
    """Each may claim to be as long as the file."""
    count, path = 900, tmp_path / "a.ico"
    entry = struct.pack("<BBBBHHII", SIDE, SIDE, 0, 0, 0, 0, 1 << 20, 6 + 16 * count)
    path.write_bytes(struct.pack("<HHH", 0, 1, count) + entry * count + bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(StudioError, match=r"a\.ico"):
            open_source(str(path))
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


def test_an_icon_of_macos_of_more_parts_than_one_has_is_refused(tmp_path: Path) -> None:
    held = png(np.repeat(np.repeat(RGB[:16, :16], 8, 0), 8, 1))
    parts = struct.pack(">4sI", b"ic07", 8 + len(held)) + held + struct.pack(">4sI", b"info", 8) * 2000
    (tmp_path / "a.icns").write_bytes(b"icns" + struct.pack(">I", 8 + len(parts)) + parts)
    with pytest.raises(StudioError, match=r"a\.icns"):
        open_source(str(tmp_path / "a.icns"))


def test_a_damaged_icon_is_a_sentence(tmp_path: Path) -> None:
    whole = icon((SIDE, bitmap(24, RGB[..., ::-1].reshape(SIDE, -1))))
    for data in (whole[:20], whole[:30], whole[:-200], whole[:26] + b"\xff" * 8 + whole[34:], b"icns" + bytes(40)):
        (tmp_path / "a.ico").write_bytes(data)
        with pytest.raises(StudioError, match=r"a\.ico"):
            open_source(str(tmp_path / "a.ico"))
