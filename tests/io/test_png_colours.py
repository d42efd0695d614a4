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


def test_primaries_of_light_itself_are_followed(tmp_path: Path) -> None:
    light = shown(tmp_path / "a.png", gamma(100000))
    found = shown(tmp_path / "c.png", gamma(99900) + places(*ADOBE))
    exact = shown(tmp_path / "d.png", gamma(100000) + places(*ADOBE))
    assert np.abs(exact.astype(int) - found).max() <= 2
    assert np.abs(exact.astype(int) - light).max() > 20


@pytest.mark.parametrize("of", ["exponent", "profile"])
@pytest.mark.parametrize("suffix", ["png", "webp", "avif"])
def test_colours_are_laid_over_black_when_they_are_known(tmp_path: Path, of: str, suffix: str) -> None:
    profile = matrix_profile(COLORANTS, 1.0)
    if of == "exponent" and suffix != "png":
        pytest.skip("a PNG alone states it")
    found = []
    for opacity in (255, 128):
        image = Image.fromarray(np.dstack([RGB, np.full(RGB.shape[:2], opacity, np.uint8)]))
        if of == "exponent":
            found.append(shown(tmp_path / "a.png", gamma(100000), np.array(image)))
            continue
        more = {"png": {}, "webp": {"lossless": True}, "avif": {"quality": 100, "subsampling": "4:4:4"}}[suffix]
        image.save(tmp_path / f"a.{suffix}", icc_profile=profile, **more)
        with open_source(str(tmp_path / f"a.{suffix}")) as source:
            found.append(next(iter(source)).picture)
    whole, half = found
    assert np.abs(whole.astype(int) - RGB).max() > 20
    assert np.abs(half - whole * (128 / 255)).max() <= (1 if suffix != "avif" else 4)


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
