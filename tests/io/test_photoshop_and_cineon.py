"""Photoshop documents of every mode and depth, and Cineon scans, written by hand."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources._colours.icc import to_srgb
from studio.io.sources._colours.screens import DENSITY, Colours
from studio.io.sources._films.convert import rgb_of
from studio.io.sources.image import read_picture

H, W = 11, 19
RGB = np.random.default_rng(0).integers(0, 256, (H, W, 3)).astype(np.uint8)


def packed(rows: np.ndarray) -> tuple[list[int], bytes]:
    """PackBits of rows of bytes, in runs and copies as they come."""
    sizes, out = list[int](), b""
    for row in rows:
        line, at = b"", 0
        values = row.tobytes()
        while at < len(values):
            run = 1
            while at + run < len(values) and run < 128 and values[at + run] == values[at]:
                run += 1
            line += bytes([257 - run, values[at]]) if run > 1 else bytes([0, values[at]])
            at += run
        sizes.append(len(line))
        out += line
    return sizes, out


def document(
    planes: np.ndarray,
    mode: int,
    *,
    how: int = 0,
    large: bool = False,
    layers: bytes = b"",
    table: bytes = b"",
    resources: bytes = b"",
    depth: int | None = None,
) -> bytes:
    """A document of (H, W, C) uint8, big-endian uint16 or float32."""
    depth = depth or planes.dtype.itemsize * 8
    head = b"8BPS" + struct.pack(">H6xHIIHH", 2 if large else 1, planes.shape[2], H, W, depth, mode)
    listed = b"".join(struct.pack(">I", len(part)) + part for part in (table, resources))
    listed += struct.pack(">Q" if large else ">I", len(layers)) + layers
    rows = np.ascontiguousarray(np.moveaxis(planes, -1, 0)).reshape(planes.shape[2] * H, -1).view(np.uint8)
    if how == 1:
        sizes, body = packed(rows)
        body = struct.pack(f">{len(sizes)}{'I' if large else 'H'}", *sizes) + body
    else:
        body = rows.tobytes() if how == 0 else zlib.compress(rows.tobytes())
    return head + listed + struct.pack(">H", how) + body


def shown(tmp_path: Path, data: bytes, name: str = "a.psd") -> np.ndarray:
    (tmp_path / name).write_bytes(data)
    return read_picture(tmp_path / name)


@pytest.mark.parametrize("how", [0, 1, 2])
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_document_of_any_size_and_packing_is_read(tmp_path: Path, how: int, large: bool, depth: int) -> None:
    planes = RGB if depth == 8 else RGB.astype(">u2") * 257
    found = shown(tmp_path, document(planes.astype(">u2" if depth == 16 else "u1"), 3, how=how, large=large))
    assert found.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert np.array_equal(found, RGB if depth == 8 else RGB.astype(np.uint16) * 257)


def test_greys_palettes_and_lines_are_read(tmp_path: Path) -> None:
    grey, places = RGB[:, :, :1], RGB[:, :, :1] // 64
    for mode in (1, 8):
        assert np.array_equal(shown(tmp_path, document(grey, mode)), np.repeat(grey, 3, axis=2))
    table = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint8)
    assert np.array_equal(shown(tmp_path, document(places, 2, table=table.tobytes())), table.T[places[:, :, 0]])
    lines = np.packbits(grey[:, :, 0] < 128, axis=1)[:, :, None]
    found = shown(tmp_path, document(lines, 0, depth=1))
    assert np.array_equal(found[:, :, 0], np.where(grey[:, :, 0] < 128, 0, 255))


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_only_what_is_transparent_is_opacity(tmp_path: Path, depth: int) -> None:
    """A selection that is kept in a channel of its own made the picture black there."""
    opacity = np.linspace(0, 1, H * W).reshape(H, W, 1)
    straight = RGB / 255
    kind, top = {8: ("u1", 255), 16: (">u2", 65535), 32: (">f4", 1)}[depth]
    over_white = straight * opacity + 1 - opacity

    def stored(colours: np.ndarray) -> np.ndarray:
        values = np.dstack([colours, opacity]) * top
        return (values if depth == 32 else np.rint(values)).astype(kind)

    layer = struct.pack(">I", 6) + struct.pack(">h", -1) + bytes(4)
    mark = {16: b"Mt16", 32: b"Mt32"}.get(depth, b"Mtrn")
    marked = struct.pack(">II", 0, 0) + b"8BIM" + mark + bytes(4)
    for layers in (layer, marked):
        found = shown(tmp_path, document(stored(over_white), 3, layers=layers)) / (255 if depth == 8 else 65535)
        wanted = straight
        if depth == 32:
            # Numbers of 32 bits are light.
            wanted = np.where(straight <= 0.0031308, straight * 12.92, 1.055 * straight ** (1 / 2.4) - 0.055)
        assert np.abs(found - wanted * opacity).max() < (2.5 / 255 if depth == 8 else 0.001)
    selected = struct.pack(">I", 6) + struct.pack(">h", 1) + bytes(4)
    found = shown(tmp_path, document(stored(straight), 3, layers=selected)) / (255 if depth == 8 else 65535)
    wanted = straight
    if depth == 32:
        wanted = np.where(straight <= 0.0031308, straight * 12.92, 1.055 * straight ** (1 / 2.4) - 0.055)
    assert np.abs(found - wanted).max() < 0.002


def resource(profile: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", 1039, 0, len(profile)) + profile + bytes(len(profile) % 2)


def test_profiles_of_documents_count_in_rgb_and_inks(tmp_path: Path) -> None:
    own = matrix_profile(
        ((0.515102, 0.241182, -0.00105), (0.291965, 0.692236, 0.041882), (0.157153, 0.066582, 0.784378)), 1.8
    )
    found = shown(tmp_path, document(RGB, 3, resources=resource(own)))
    assert np.array_equal(found, to_srgb(RGB, own))
    inks = np.dstack([RGB, RGB[:, ::-1, :1] // 2])
    plain = shown(tmp_path, document(~inks, 4))
    paper = 255 - inks.astype(int)
    assert np.abs(plain - paper[:, :, :3] * paper[:, :, 3:] / 255).max() <= 0.5
    # Inks have tables, which no library here makes: that they are handed to LittleCMS shows where one is on the disk.
    path = Path("/usr/share/color/icc/ghostscript/default_cmyk.icc")
    if path.is_file():
        found = shown(tmp_path, document(~inks, 4, resources=resource(path.read_bytes())))
        wanted = ImageCms.profileToProfile(
            Image.fromarray(inks, "CMYK"), str(path), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        assert wanted is not None
        assert np.array_equal(found, np.array(wanted))


@pytest.mark.parametrize("depth", [8, 16])
def test_lab_of_documents_is_under_d50_with_its_middle_in_the_middle(tmp_path: Path, depth: int) -> None:
    grey = np.zeros((H, W, 3), np.uint8)
    grey[:, :, 0] = 128
    grey[:, :, 1:] = 128
    planes = grey if depth == 8 else (grey.astype(">u2") << 8).astype(">u2")
    found = shown(tmp_path, document(planes, 9)) / 257
    assert np.ptp(found) < 1.5
    assert abs(found.mean() - 119.5) < 1  # L* of 50


@pytest.mark.parametrize("cut", [20, 40, 200])
def test_a_document_that_is_cut_off_is_one_sentence(tmp_path: Path, cut: int) -> None:
    for how in (0, 1, 2):
        (tmp_path / "a.psd").write_bytes(document(RGB, 3, how=how)[:-cut])
        with pytest.raises(StudioError, match="damaged"):
            open_source(str(tmp_path / "a.psd"))


def test_a_large_document_whose_layers_never_end_is_one_sentence(tmp_path: Path) -> None:
    data = bytearray(document(RGB, 3, large=True))
    data[34:42] = b"\xff" * 8
    (tmp_path / "a.psb").write_bytes(bytes(data))
    with pytest.raises(StudioError, match="damaged"):
        open_source(str(tmp_path / "a.psb"))


UNLIKE = {
    "two channels of three": document(RGB[:, :, :2], 3),
    "three inks": document(RGB, 4),
    "a palette of 16 bits": document(RGB[:, :, :1].astype(">u2") * 257, 2, table=bytes(768)),
    "a palette by floats": document(RGB[:, :, :1].astype(">f4"), 2, table=bytes(768)),
    "a short palette": document(RGB[:, :, :1], 2, table=bytes(30)),
    "inks of floats": document(np.dstack([RGB, RGB[:, :, :1]]).astype(">f4"), 4),
    "lines of bytes": document(RGB[:, :, :1], 0),
    "no channel": document(RGB[:, :, :1], 1).replace(b"8BPS\0\1" + bytes(6) + b"\0\1", b"8BPS\0\1" + bytes(8)),
}


@pytest.mark.parametrize("data", UNLIKE.values(), ids=UNLIKE)
def test_a_document_whose_channels_are_not_those_of_its_mode_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(StudioError, match="damaged"):
        shown(tmp_path, data)


@pytest.mark.parametrize("how", [0, 1, 2])
def test_of_many_channels_only_those_of_the_picture_are_unpacked(tmp_path: Path, how: int) -> None:
    """A megabyte that claimed forty of them took 3 GB."""
    planes = np.dstack([RGB, *[np.zeros((H, W, 1), np.uint8)] * 53])
    assert np.array_equal(shown(tmp_path, document(planes, 3, how=how)), RGB)
    side, head = 1000, bytearray(document(RGB, 3, how=2)[:40])
    head[12:22] = struct.pack(">HII", 56, side, side)
    (tmp_path / "a.psd").write_bytes(bytes(head) + zlib.compress(bytes(56 * side * side)))
    tracemalloc.start()
    try:
        assert (read_picture(tmp_path / "a.psd") == 0).all()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * side * side


@pytest.mark.parametrize("depth", [8, 16])
def test_transparent_colours_that_lie_over_nothing_stay(tmp_path: Path, depth: int) -> None:
    """ImageMagick does not lay them over white."""
    opacity = np.linspace(0, 255, H * W).reshape(H, W, 1).astype(np.uint8)
    planes = np.dstack([RGB, opacity]).astype("u1" if depth == 8 else ">u2") * (1 if depth == 8 else 257)
    layer = struct.pack(">I", 6) + struct.pack(">h", -1) + bytes(4)
    found = shown(tmp_path, document(planes.astype("u1" if depth == 8 else ">u2"), 3, layers=layer))
    assert np.abs(found / (1 if depth == 8 else 257) - RGB * (opacity / 255)).max() < 1


@pytest.mark.parametrize("depth", [8, 16])
def test_what_is_transparent_in_lab_lies_over_its_own_white(tmp_path: Path, depth: int) -> None:
    """Its a and b are in the middle there, not at the top: greys became green."""
    top, middle = (255, 128) if depth == 8 else (65535, 32768)
    opacity = np.linspace(0.2, 1, H * W).reshape(H, W, 1)
    light = 0.5 * opacity + 1 - opacity
    planes = np.dstack([light * top, np.full((H, W, 2), middle), opacity * top])
    layer = struct.pack(">I", 6) + struct.pack(">h", -1) + bytes(4)
    found = shown(tmp_path, document(np.rint(planes).astype("u1" if depth == 8 else ">u2"), 9, layers=layer)) / 257
    assert np.abs(found - 118.9 * opacity).max() < 2


def cineon(values: np.ndarray, order: str = ">", held: int = 0, bits: int = 10, padding: int = 0) -> bytes:
    head = bytearray(2048)
    head[684:688] = struct.pack(f"{order}I", padding)
    head[0:4] = struct.pack(f"{order}I", 0x802A5FD7)
    head[4:8] = struct.pack(f"{order}I", 2048)
    head[192:194] = bytes([held, 3])
    for place in range(3):
        at = 196 + 28 * place
        head[at + 2] = bits
        head[at + 4 : at + 12] = struct.pack(f"{order}II", *values.shape[1::-1])
    head[681] = 5
    words = sum(values[:, :, place].astype(np.uint32) << shift for place, shift in enumerate((22, 12, 2)))
    behind = bytes(padding) if padding != 0xFFFFFFFF else b""
    return bytes(head) + b"".join(line.tobytes() + behind for line in words.astype(f"{order}u4"))


# How a picture lies in the file, by the number of its orientation: lines from the left, the bottom, as columns.
LAID = (
    lambda p: p,
    lambda p: p[::-1],
    lambda p: p[:, ::-1],
    lambda p: p[::-1, ::-1],
    lambda p: p.transpose(1, 0, 2),
    lambda p: p[:, ::-1].transpose(1, 0, 2),
    lambda p: p[::-1].transpose(1, 0, 2),
    lambda p: p[::-1, ::-1].transpose(1, 0, 2),
)


@pytest.mark.parametrize("held", range(8))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_cineon_is_brought_from_density_to_light_and_upright(tmp_path: Path, held: int, order: str) -> None:
    values = np.random.default_rng(0).integers(0, 1024, (H, W, 3))
    wanted = rgb_of(((values * 65535 + 511) // 1023).astype(np.uint16), Colours(transfer=DENSITY), "knee")
    found = shown(tmp_path, cineon(LAID[held](values), order, held), "a.cin")
    assert np.array_equal(found, wanted)
    grey = shown(tmp_path, cineon(np.full((H, W, 3), 489), order), "a.cin")
    # What ImageMagick writes for a grey of 128.
    assert abs(grey.mean() / 257 - 128) < 1


@pytest.mark.parametrize("padding", [3, 64, 0xFFFFFFFF])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_stands_behind_the_lines_of_a_cineon_is_left_out(tmp_path: Path, padding: int, order: str) -> None:
    """The picture was slanted."""
    values = np.random.default_rng(0).integers(0, 1024, (H, W, 3))
    plain = shown(tmp_path, cineon(values), "a.cin")
    data = cineon(values, order, padding=padding)
    assert np.array_equal(shown(tmp_path, data, "b.cin"), plain)
    with pytest.raises(StudioError, match="damaged"):
        shown(tmp_path, data[:-80], "b.cin")
