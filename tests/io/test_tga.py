"""TGA: what its fourth channel is, and is not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from studio.io.sources import open_source

H, W = 13, 18
_RANDOM = np.random.default_rng(5)
RGB = _RANDOM.integers(0, 256, (H, W, 3), np.uint8)
OPACITY = _RANDOM.integers(0, 256, (H, W), np.uint8)
SEEN = RGB * (OPACITY / 255)[..., None]
# Of the descriptor: rows from the top, columns from the right.
TOP, RIGHT = 0x20, 0x10


def tga(kind: int, pixels: np.ndarray, bits: int, said: int, palette: bytes = b"", first: int = 0) -> bytes:
    count = len(palette) // 4
    head = struct.pack(
        "<BBBHHBHHHHBB", 0, bool(palette), kind, first, count, 32 * bool(palette), 0, 0, W, H, bits, said
    )
    return head + palette + pixels.tobytes()


def with_attributes(data: bytes, kind: int) -> bytes:
    extension = struct.pack("<H", 495) + bytes(492) + bytes([kind])
    return data + extension + struct.pack("<II", len(data), 0) + b"TRUEVISION-XFILE.\0"


def only(path: Path, data: bytes) -> np.ndarray:
    path.write_bytes(data)
    with open_source(str(path)) as source:
        (frame,) = source
    return frame.picture


def held(values: np.ndarray, said: int) -> np.ndarray:
    values = values if said & TOP else values[::-1]
    return np.ascontiguousarray(values[:, ::-1] if said & RIGHT else values)


@pytest.mark.parametrize("corner", [0, TOP, RIGHT, TOP | RIGHT])
def test_opacity_counts_from_every_corner(tmp_path: Path, corner: int) -> None:
    stored = held(np.dstack([RGB[..., ::-1], OPACITY]), corner)
    for said in (0, 8):
        assert np.abs(only(tmp_path / "a.tga", tga(2, stored, 32, corner | said)) - SEEN).max() <= 1


def test_a_fourth_channel_that_says_to_be_none_hides_nothing(tmp_path: Path) -> None:
    empty = np.dstack([RGB[..., ::-1], 0 * OPACITY])
    assert np.array_equal(only(tmp_path / "a.tga", tga(2, empty, 32, TOP)), RGB)
    full = np.dstack([RGB[..., ::-1], OPACITY])
    for kind in (0, 1, 2):
        assert np.array_equal(only(tmp_path / "a.tga", with_attributes(tga(2, full, 32, TOP | 8), kind)), RGB)
    assert np.abs(only(tmp_path / "a.tga", with_attributes(tga(2, full, 32, TOP | 8), 3)) - SEEN).max() <= 1


def test_colours_that_are_multiplied_by_their_opacity_are_so_once(tmp_path: Path) -> None:
    stored = np.dstack([np.rint(SEEN).astype(np.uint8)[..., ::-1], OPACITY])
    assert np.abs(only(tmp_path / "a.tga", with_attributes(tga(2, stored, 32, TOP | 8), 4)) - SEEN).max() <= 2


@pytest.mark.parametrize("first", [0, 9])
def test_opacity_of_a_palette_counts(tmp_path: Path, first: int) -> None:
    colours, opacity = _RANDOM.integers(0, 256, (64, 3), np.uint8), _RANDOM.integers(0, 256, (64, 1), np.uint8)
    numbers = OPACITY % 64
    palette = np.hstack([colours[:, ::-1], opacity]).tobytes()
    data = tga(1, (numbers + first).astype(np.uint8), 8, TOP | 8, palette, first)
    assert np.abs(only(tmp_path / "a.tga", data) - (colours * (opacity / 255))[numbers]).max() <= 1


@pytest.mark.parametrize("kind", [9, 10])
def test_runs_may_go_on_in_the_next_row(tmp_path: Path, kind: int) -> None:
    """As old writers let them."""
    colours = _RANDOM.integers(0, 256, (3, 4), np.uint8)
    numbers = np.repeat([1, 0, 2], [100, 20, H * W - 120])
    pixels = np.arange(3, dtype=np.uint8)[:, None] if kind == 9 else colours
    runs = [(100, 1), (20, 0), (H * W - 120, 2)]
    packed = b"".join(bytes([127 + count]) + pixels[number].tobytes() for count, number in runs)
    palette = colours.tobytes() if kind == 9 else b""
    data = tga(kind, np.frombuffer(packed, np.uint8), 8 if kind == 9 else 32, TOP | 8, palette)
    wanted = (colours[:, 2::-1] * (colours[:, 3:] / 255))[numbers].reshape(H, W, 3)
    assert np.abs(only(tmp_path / "a.tga", data) - wanted).max() <= 1
