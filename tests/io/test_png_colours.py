"""PNGs that state their colours by numbers, gAMA and cHRM, against LittleCMS and the definition."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.io.sources import open_source

RGB = np.random.default_rng(1).integers(40, 200, (23, 37, 3), np.uint8)
# Adobe RGB (1998), and its colorants as ICC has them, adapted to D50.
ADOBE = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
COLORANTS = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def places(*numbers: int) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


def shown(path: Path, more: bytes, values: np.ndarray = RGB) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    # Behind the header.
    path.write_bytes(out.getvalue()[:33] + more + out.getvalue()[33:])
    with open_source(str(path)) as source:
        return next(iter(source)).picture


@pytest.mark.parametrize("value", [55556, 41667, 38462, 90000])
def test_an_exponent_is_followed(tmp_path: Path, value: int) -> None:
    light = (RGB / 255) ** (100000 / value)
    curved = 1.055 * light ** (1 / 2.4) - 0.055
    wanted = np.rint(255 * np.where(light <= 0.0031308, light * 12.92, curved))
    found = shown(tmp_path / "a.png", gamma(value))
    assert np.abs(found - wanted).max() <= 1
    assert np.abs(found.astype(int) - RGB).max() > 5


def test_primaries_are_those_of_littlecms(tmp_path: Path) -> None:
    own = ImageCms.ImageCmsProfile(io.BytesIO(matrix_profile(COLORANTS, 1 / 0.55556)))
    wanted = ImageCms.profileToProfile(Image.fromarray(RGB), own, ImageCms.createProfile("sRGB"))
    assert wanted is not None
    lit = np.array(wanted) >= 24
    found = shown(tmp_path / "a.png", gamma(55556) + places(*ADOBE))
    assert np.abs(found.astype(int) - np.array(wanted))[lit].max() <= 2


@pytest.mark.parametrize(
    "more",
    [
        gamma(45455),
        gamma(45455) + places(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
        gamma(0),
        places(*[0] * 8),
        places(*[31270, 32900] * 4),
        chunk(b"gAMA", b"\0"),
        gamma(55556) + chunk(b"sRGB", b"\0"),
    ],
    ids=["the usual", "sRGB's primaries", "nothing", "no place", "one place", "cut", "sRGB besides"],
)
def test_what_says_nothing_new_or_nonsense_changes_nothing(tmp_path: Path, more: bytes) -> None:
    assert np.array_equal(shown(tmp_path / "a.png", more), RGB)
