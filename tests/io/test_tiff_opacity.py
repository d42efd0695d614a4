"""TIFFs with opacity of every kind, alone and with a profile; of few bits, with palettes and without."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.io.sources import open_source
from studio.io.sources.base import orient

H, W = 24, 40
RNG = np.random.default_rng(7)
RGB, INKS = RNG.integers(0, 256, (H, W, 3), np.uint8), RNG.integers(0, 256, (H, W, 4), np.uint8)
OPACITY = RNG.integers(0, 256, (H, W, 1), np.uint8)
P3 = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2)
TURNS = {
    1: (False, False, False), 2: (False, True, False), 3: (False, True, True), 4: (False, False, True),
    5: (True, False, False), 6: (True, True, False), 7: (True, True, True), 8: (True, False, True),
}  # fmt: skip


def eight(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        (frame,) = source
        assert source.warning is None
    return frame.picture / (257 if frame.picture.dtype == np.uint16 else 1)


def in_p3(values: np.ndarray) -> np.ndarray:
    own = ImageCms.ImageCmsProfile(io.BytesIO(P3))
    made = ImageCms.profileToProfile(Image.fromarray(values), own, ImageCms.createProfile("sRGB"))
    assert made is not None
    return np.array(made).astype(float)


def deep(values: np.ndarray, bits: int) -> np.ndarray:
    return values if bits == 8 else values.astype(np.uint16) * 257


KINDS: dict[str, tuple[np.ndarray, np.ndarray, dict[str, Any]]] = {
    "colours": (RGB, RGB, {"photometric": "rgb"}),
    "greys": (RGB[..., :1], RGB[..., :1].repeat(3, 2), {"photometric": "minisblack", "planarconfig": "contig"}),
    "inks": (INKS, (255 - INKS[..., :3]) * ((255 - INKS[..., 3:]) / 255), {"photometric": "separated"}),
}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_opacity_counts_once_in_every_kind(tmp_path: Path, kind: str, bits: int, compression: str | None) -> None:
    stored, shown, how = KINDS[kind]
    values = deep(np.dstack([stored, OPACITY]), bits)
    how = {**how, "compression": compression}
    tifffile.imwrite(tmp_path / "a.tif", values, extrasamples=["unassalpha"], **how)
    assert np.abs(eight(tmp_path / "a.tif") - shown * (OPACITY / 255)).max() <= 1.01


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("more", ["unassalpha", "assocalpha", "unspecified"])
@pytest.mark.parametrize("colours", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_greys_with_opacity_keep_their_bits_and_it(
    tmp_path: Path, bits: int, more: str, colours: str, planes: str, compression: str | None
) -> None:
    greys, opacity = (RNG.integers(0, 1 << bits, (H, W), f"u{bits // 8}") for _ in range(2))
    stored = np.stack([greys, opacity], axis=0 if planes == "separate" else 2)
    how: dict[str, Any] = {"photometric": colours, "planarconfig": planes, "compression": compression}
    tifffile.imwrite(tmp_path / "a.tif", stored, extrasamples=[more], **how)
    top = (1 << bits) - 1
    shown = (top - greys if colours == "miniswhite" else greys) * (opacity / top if more == "unassalpha" else 1.0)
    with open_source(str(tmp_path / "a.tif")) as source:
        (frame,) = source
    assert frame.picture.dtype == stored.dtype
    assert np.abs(frame.picture.astype(float) - shown[..., None]).max() <= 1.01


def lzw(data: bytes) -> bytes:
    """Packed with codes of nine bits alone: the table is cleared before it grows."""
    codes = [code for at in range(0, len(data), 200) for code in (256, *data[at : at + 200])]
    bits = "".join(format(code, "09b") for code in [*codes, 257])
    return int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")


@pytest.mark.parametrize("more", [0, 1])
def test_of_greys_whose_compression_is_not_unpacked_here_some_bits_are_shown(tmp_path: Path, more: int) -> None:
    greys, opacity = (RNG.integers(0, 1 << 16, (H, W), np.uint16) for _ in range(2))
    packed = lzw(np.dstack([greys, opacity]).astype("<u2").tobytes())
    entries = [
        (256, 4, 1, W), (257, 4, 1, H), (258, 3, 2, 16 | 16 << 16), (259, 3, 1, 5), (262, 3, 1, 1), (273, 4, 1, 146),
        (277, 3, 1, 2), (278, 4, 1, H), (279, 4, 1, len(packed)), (284, 3, 1, 1), (338, 3, 1, more),
    ]  # fmt: skip
    listed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + listed + bytes(4)
    (tmp_path / "a.tif").write_bytes(data + packed + bytes(2))
    assert np.abs(eight(tmp_path / "a.tif") - (greys / 257)[..., None]).max() <= 1.01


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("more", ["unspecified", "assocalpha"])
def test_a_channel_that_is_no_opacity_or_counted_already_changes_nothing(tmp_path: Path, bits: int, more: str) -> None:
    values = deep(np.dstack([RGB, OPACITY]), bits)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=[more])
    assert np.abs(eight(tmp_path / "a.tif") - RGB).max() <= 1.01


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("packed", [False, True])
def test_a_profile_is_followed_before_opacity(tmp_path: Path, bits: int, *, packed: bool) -> None:
    wanted = in_p3(RGB) * (OPACITY / 255)
    values = np.dstack([RGB, OPACITY])
    if packed and bits == 8:
        Image.fromarray(values).save(tmp_path / "a.tif", icc_profile=P3, compression="tiff_lzw")
    else:
        how: dict[str, Any] = {"compression": "zlib"} if packed else {}
        tifffile.imwrite(
            tmp_path / "a.tif", deep(values, bits), photometric="rgb", extrasamples=["unassalpha"], iccprofile=P3, **how
        )
    assert np.abs(eight(tmp_path / "a.tif") - wanted).max() <= 2
    # Of colours that are multiplied already those before are made anew, as far as their numbers tell.
    opacity = np.maximum(OPACITY, 128)
    multiplied = np.rint(deep(RGB, bits) * (opacity / 255)).astype(deep(RGB, bits).dtype)
    values = np.dstack([multiplied, deep(opacity, bits)])
    tifffile.imwrite(tmp_path / "b.tif", values, photometric="rgb", extrasamples=["assocalpha"], iccprofile=P3)
    assert np.abs(eight(tmp_path / "b.tif") - in_p3(RGB) * (opacity / 255)).max() <= (6 if bits == 8 else 3)


def of_few_bits(places: np.ndarray, bits: int, colours: int, turned: int, palette: np.ndarray) -> bytes:
    """A TIFF of rows of 1, 2 or 4 bits a pixel."""
    packed = np.packbits((places[..., None] >> np.arange(bits - 1, -1, -1) & 1).astype(np.uint8).reshape(H, -1), axis=1)
    entries: list[tuple[int, int, list[int]]] = [
        (256, 4, [W]), (257, 4, [H]), (258, 3, [bits]), (259, 3, [1]), (262, 3, [colours]), (273, 4, [0]),
        (274, 3, [turned]), (277, 3, [1]), (278, 4, [H]), (279, 4, [packed.size]),
    ]  # fmt: skip
    entries += [(320, 3, palette.T.ravel().tolist())] if colours == 3 else []
    end, beyond, listed = 8 + 2 + 12 * len(entries) + 4, b"", b""
    long = 6 * len(palette) if colours == 3 else 0
    for tag, kind, numbers in entries:
        value = struct.pack(f"<{len(numbers)}{'H' if kind == 3 else 'I'}", *([end + long] if tag == 273 else numbers))
        if len(value) > 4:
            value, beyond = struct.pack("<I", end), value
        listed += struct.pack("<HHI", tag, kind, len(numbers)) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + listed + bytes(4) + beyond + packed.tobytes()


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("colours", [0, 1, 3], ids=["white is 0", "black is 0", "palette"])
@pytest.mark.parametrize("turned", list(TURNS))
def test_few_bits_of_every_orientation(tmp_path: Path, bits: int, colours: int, turned: int) -> None:
    most = (1 << bits) - 1
    places, palette = RNG.integers(0, most + 1, (H, W)), RNG.integers(0, 65536, (most + 1, 3))
    greys = (most - places if colours == 0 else places)[..., None].repeat(3, 2) * (255 / most)
    shown = palette[places] / 257 if colours == 3 else greys
    (tmp_path / "a.tif").write_bytes(of_few_bits(places, bits, colours, turned, palette))
    wanted = orient(np.rint(shown).astype(np.uint8), *TURNS[turned])
    found = eight(tmp_path / "a.tif")
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1.01


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("extra", ["unassalpha", "unspecified"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_greys_with_opacity_in_tiles_are_themselves(
    tmp_path: Path, compression: str | None, extra: str, photometric: str
) -> None:
    """OpenCV makes something else of them, without a word."""
    stored = np.random.default_rng(0).integers(0, 256, (37, 53, 2)).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric=photometric, planarconfig="contig", tile=(16, 16),
        compression=compression, extrasamples=[extra],
    )  # fmt: skip
    greys = stored[:, :, 0].astype(int) if photometric == "minisblack" else 255 - stored[:, :, 0].astype(int)
    wanted = np.rint(greys * stored[:, :, 1] / 255) if extra == "unassalpha" else greys
    with open_source(str(tmp_path / "a.tif")) as source:
        assert np.array_equal(next(iter(source)).picture, np.repeat(wanted[:, :, None], 3, axis=2))
