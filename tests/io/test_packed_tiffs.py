"""TIFFs of numbers and compressions that tifffile alone, or OpenCV, does not unpack: by libtiff, as rows of bytes."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from studio.errors import StudioError
from studio.io.sources.image import read_picture

H, W = 21, 34
GREY = np.linspace(0, 1, H * W).reshape(H, W, 1)
RGB = np.dstack([GREY, GREY[::-1], np.roll(GREY, 7, 1)])
LZW, DEFLATE, PACKBITS, ZSTD = 5, 8, 32773, 50000
_NAMES = {LZW: "tiff_lzw", DEFLATE: "tiff_adobe_deflate", PACKBITS: "packbits", ZSTD: "zstd"}


def squeezed(rows: np.ndarray, compression: int) -> bytes:
    """Rows of bytes as libtiff packs them."""
    if compression == 1:
        return rows.tobytes()
    out, whole = io.BytesIO(), TiffImagePlugin.ImageFileDirectory_v2()
    whole[278] = rows.shape[0]
    Image.fromarray(rows).save(out, "TIFF", compression=_NAMES[compression], tiffinfo=whole)
    with Image.open(out) as made:
        tags = made.tag_v2  # type: ignore[attr-defined]
        (at,), (count,) = tags[273], tags[279]
    return out.getvalue()[at : at + count]


def tiff(
    rows: np.ndarray, compression: int, *, bits: int, channels: int, kind: int = 1, predictor: int = 1,
    order: str = "<", strip: int = 1 << 20, extra: int | None = None, size: tuple[int, int] = (H, W),
) -> bytes:  # fmt: skip
    """A file of rows of bytes, in strips."""
    parts = [squeezed(rows[at : at + strip], compression) for at in range(0, size[0], strip)]
    begins = [8 + sum(map(len, parts[:place])) for place in range(len(parts))]
    body = b"".join(parts) + bytes(sum(map(len, parts)) % 2)
    entries = [
        (256, 4, [size[1]]), (257, 4, [size[0]]), (258, 3, [bits] * channels), (259, 3, [compression]),
        (262, 3, [2 if channels == 3 else 1]), (273, 4, begins), (277, 3, [channels]), (278, 4, [strip]),
        (279, 4, [len(part) for part in parts]), (317, 3, [predictor]),
        *([(338, 3, [extra])] if extra is not None else []), (339, 3, [kind] * channels),
    ]  # fmt: skip
    at = 8 + len(body) + 2 + 12 * len(entries) + 4
    listed, behind = struct.pack(f"{order}H", len(entries)), b""
    for tag, sort, values in entries:
        data = struct.pack(f"{order}{len(values)}{'H' if sort == 3 else 'I'}", *values)
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(f"{order}I", at + len(behind))
        listed += struct.pack(f"{order}HHI", tag, sort, len(values)) + place
        behind += data if len(data) > 4 else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(body))
    return head + body + listed + bytes(4) + behind


def shown(tmp_path: Path, data: bytes) -> np.ndarray:
    (tmp_path / "a.tif").write_bytes(data)
    found = read_picture(tmp_path / "a.tif")
    return found / np.iinfo(found.dtype).max


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compression", [1, LZW, DEFLATE, ZSTD])
def test_numbers_that_fill_no_bytes_are_read(tmp_path: Path, bits: int, channels: int, compression: int) -> None:
    """Scanners and microscopes write them; they were refused."""
    values = np.rint((RGB if channels == 3 else GREY) * ((1 << bits) - 1)).astype(np.uint16)
    ones = (values.reshape(H, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(ones.reshape(H, -1).astype(np.uint8), axis=1)
    for order in "<>":
        data = tiff(rows, compression, bits=bits, channels=channels, order=order, strip=8)
        found = shown(tmp_path, data)
        assert np.abs(found - (RGB if channels == 3 else np.repeat(GREY, 3, axis=2))).max() < 1 / (1 << bits)


@pytest.mark.parametrize("compression", [1, LZW, ZSTD])
@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_of_three_bytes_lie_in_the_order_of_the_file(tmp_path: Path, compression: int, order: str) -> None:
    """As libtiff has them; their lowest byte was taken for the highest."""
    whole = np.rint(GREY * 0xFFFFFF).astype("<u4").view(np.uint8).reshape(H, W, 4)[:, :, :3]
    rows = np.ascontiguousarray(whole if order == "<" else whole[:, :, ::-1]).reshape(H, -1)
    found = shown(tmp_path, tiff(rows, compression, bits=24, channels=1, order=order, strip=8))
    assert np.abs(found - GREY).max() < 1e-4


def test_bytes_that_begin_with_their_lowest_bit_are_turned_round(tmp_path: Path) -> None:
    values = np.rint(GREY * 4095).astype(np.uint16)
    ones = ((values.reshape(H, -1, 1) >> np.arange(11, -1, -1)) & 1).reshape(H, -1).astype(np.uint8)
    rows = np.packbits(np.unpackbits(np.packbits(ones, axis=1), axis=1), axis=1, bitorder="little")
    data = tiff(rows, 1, bits=12, channels=1)
    # In the place of the predictor, which says nothing without a compression.
    order = struct.pack("<HHI", 266, 3, 1) + struct.pack("<HH", 2, 0)
    data = data.replace(struct.pack("<HHI", 317, 3, 1) + struct.pack("<HH", 1, 0), order)
    assert np.abs(shown(tmp_path, data) - GREY).max() < 1 / 4096


@pytest.mark.parametrize("bits", [12, 24])
def test_numbers_that_fill_no_bytes_take_little_memory(tmp_path: Path, bits: int) -> None:
    """A picture of 24 megapixels in one strip took 4.6 GB, as each bit became a number."""
    side = 1200
    data = tiff(np.zeros((side, side * bits // 8), np.uint8), LZW, bits=bits, channels=1, size=(side, side))
    tracemalloc.start()
    try:
        assert (shown(tmp_path, data) == 0).all()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * side * side


@pytest.mark.parametrize("compression", [LZW, PACKBITS, ZSTD])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("predictor", [1, 2])
def test_greys_of_sixteen_bits_keep_their_opacity(tmp_path: Path, compression: int, order: str, predictor: int) -> None:
    values = np.rint(np.dstack([RGB[:, :, 1], GREY]) * 65535).astype(np.uint16)
    stored = np.diff(values, axis=1, prepend=np.zeros((H, 1, 2), np.uint16)) if predictor == 2 else values
    rows = np.ascontiguousarray(stored.astype(f"{order}u2")).reshape(H, -1).view(np.uint8)
    data = tiff(rows, compression, bits=16, channels=2, order=order, predictor=predictor, strip=5, extra=2)
    assert np.abs(shown(tmp_path, data)[:, :, 0] - RGB[:, :, 1] * GREY[:, :, 0]).max() < 0.001


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [LZW, DEFLATE, ZSTD])
def test_differences_of_floats_are_those_of_their_bits(tmp_path: Path, bits: int, order: str, compression: int) -> None:
    """As libtiff has them (predictor 2); in Zstandard they were added up as floats."""
    kind = np.dtype(f"u{bits // 8}")
    whole = RGB.astype(f"f{bits // 8}").view(kind)
    stored = np.diff(whole, axis=1, prepend=np.zeros((H, 1, 3), kind)).astype(kind.newbyteorder(order))
    rows = np.ascontiguousarray(stored).reshape(H, -1).view(np.uint8)
    data = tiff(rows, compression, bits=bits, channels=3, kind=3, predictor=2, order=order, strip=6)
    assert np.abs(shown(tmp_path, data) - RGB).max() < 0.001


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("compression", [LZW, DEFLATE, ZSTD])
def test_floats_are_put_together_of_their_bytes(tmp_path: Path, bits: int, compression: int) -> None:
    """As raw developers and maps have them (predictor 3)."""
    size = bits // 8
    planes = RGB.astype(f">f{size}").reshape(H, -1, 1).view(np.uint8).transpose(0, 2, 1).reshape(H, -1, 3)
    rows = np.diff(planes, axis=1, prepend=np.zeros((H, 1, 3), np.uint8)).reshape(H, -1)
    data = tiff(np.ascontiguousarray(rows), compression, bits=bits, channels=3, kind=3, predictor=3, strip=6)
    assert np.abs(shown(tmp_path, data) - RGB).max() < 0.001


def test_what_is_damaged_or_packed_otherwise_is_one_sentence(tmp_path: Path) -> None:
    values = np.rint(np.dstack([GREY, GREY]) * 65535).astype("<u2").reshape(H, -1).view(np.uint8)
    data = bytearray(tiff(values, LZW, bits=16, channels=2, extra=2))
    data[8:40] = bytes(32)
    (tmp_path / "a.tif").write_bytes(bytes(data))
    with pytest.raises(StudioError, match="is damaged or of a kind that is not read here"):
        read_picture(tmp_path / "a.tif")


def test_colours_of_too_few_channels_are_one_sentence(tmp_path: Path) -> None:
    values = np.rint(np.dstack([GREY, GREY]) * 65535).astype("<u2").reshape(H, -1).view(np.uint8)
    data = tiff(values, LZW, bits=16, channels=2)
    at = data.index(struct.pack("<HHIHH", 262, 3, 1, 1, 0))
    (tmp_path / "a.tif").write_bytes(data[:at] + struct.pack("<HHIHH", 262, 3, 1, 2, 0) + data[at + 12 :])
    with pytest.raises(StudioError, match="damaged"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("bits", "compression"), [(8, 1), (8, LZW), (16, LZW), (12, 1), (12, ZSTD), (10, DEFLATE), (4, LZW)]
)
def test_of_two_heights_the_one_that_counts_is_looked_at(tmp_path: Path, bits: int, compression: int) -> None:
    """The last was, and the first unpacked, however large that is."""
    data = tiff(np.zeros((20_000, 64), np.uint8), compression, bits=bits, channels=1, size=(20_000, 512 // bits))
    again = struct.pack("<HHIHH", 317, 3, 1, 1, 0)
    (tmp_path / "a.tif").write_bytes(data.replace(again, struct.pack("<HHII", 257, 4, 1, 3)))
    with pytest.raises(StudioError, match="more than the limit"):
        read_picture(tmp_path / "a.tif")
    data = tiff(np.zeros((20, 64), np.uint8), compression, bits=bits, channels=1, size=(20, 512 // bits))
    (tmp_path / "a.tif").write_bytes(data.replace(again, struct.pack("<HHII", 257, 4, 1, 20_000)))
    assert len(read_picture(tmp_path / "a.tif")) == 20
