"""What containers, cameras and profiles say of colours, where decoders say nothing or less."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from profiles import grey_profile, matrix_profile

from studio.io.sources import open_source
from studio.io.sources._colours.adobe_rgb import is_adobe_rgb
from studio.io.sources._colours.icc import to_srgb
from studio.io.sources._colours.png_colours import widened
from studio.io.sources._colours.screens import Colours
from studio.io.sources._films.convert import rgb_of
from studio.io.sources.image import read_picture

GREEN = (60, 180, 90)
P3 = ((0.515102, 0.241182, -0.001050), (0.291965, 0.692236, 0.041882), (0.157153, 0.066582, 0.784378))
SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


def screen(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def light_of(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("matrix", [1, 9, 5])
def test_a_matrix_that_the_container_alone_states_counts(tmp_path: Path, matrix: int) -> None:
    """FFmpeg's ProRes says nothing of it in its pictures, which its decoder takes for the last word."""
    film = tmp_path / "a.mov"
    with av.open(str(film), "w") as made:
        stream = made.add_stream("prores_ks", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p10le"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc = matrix, 1, 1
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), GREEN, np.uint8), format="rgb24")
        made.mux(stream.encode(frame.reformat(format="yuv444p10le", dst_colorspace=matrix)))
        made.mux(stream.encode(None))
    data = film.read_bytes()
    # The bytes of the picture's own header for primaries, curve and matrix.
    place = data.index(b"icpf") + 4 + 14
    film.write_bytes(data[:place] + b"\2\2\2" + data[place + 3 :])
    with av.open(str(film)) as made:
        assert next(made.decode(video=0)).colorspace == 2
    with open_source(str(film)) as source:
        shown = next(iter(source)).picture[10, 10] / 257
    assert np.abs(shown - GREEN).max() < 2


@pytest.mark.parametrize("deep", [False, True])
def test_the_curve_of_srgb_is_followed_where_it_is_stated(deep: bool) -> None:
    """Dark colours of P3 differ by seventeen levels between sRGB's curve and a power."""
    stored = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    values = stored.astype(np.uint16) * 257 if deep else stored
    to_xyz = np.array([[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0, 0.0451134, 1.0439444]])
    of_xyz = np.array(
        [[3.2409699, -1.5373832, -0.4986108], [-0.9692436, 1.8759675, 0.0415551], [0.0556301, -0.2039770, 1.0569715]]
    )
    wanted = 255 * screen(light_of(stored / 255) @ to_xyz.T @ of_xyz.T)
    found = rgb_of(values, Colours(12, 13), "knee") / (257 if deep else 1)
    assert np.abs(found - wanted).max() <= 1


def test_a_png_of_the_range_of_video_is_widened(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.array([[[16] * 3, [126] * 3, [235] * 3, [250] * 3]], np.uint8))
    data = path.read_bytes()
    at = data.index(b"IDAT") - 4

    def stated(full: int) -> bytes:
        chunk = b"cICP" + bytes([1, 13, 0, full])
        return data[:at] + b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[at:]

    path.write_bytes(stated(0))
    assert read_picture(path)[0, :, 0].tolist() == [0, 128, 255, 255]
    path.write_bytes(stated(1))
    assert read_picture(path)[0, :, 0].tolist() == [16, 126, 235, 250]
    with_opacity = np.array([[[16 << 8, 126 << 8, 235 << 8, 40000]]], np.uint16)
    assert widened(with_opacity)[0, 0].tolist() == [0, 32917, 65535, 40000]


def exif_of(tag: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + tag + b"\0\0\0\0"


@pytest.mark.parametrize(
    ("entry", "is_so"),
    [
        (b"\x01\0\x02\0\x04\0\0\0R03\0", True),
        (b"\x01\xa0\x03\0\x01\0\0\0\x02\0\0\0", True),
        (b"\x01\0\x02\0\x04\0\0\0R98\0", False),
        (b"\x01\xa0\x03\0\x01\0\0\0\x01\0\0\0", False),
    ],
)
def test_a_camera_s_adobe_rgb_is_followed_without_a_profile(tmp_path: Path, entry: bytes, is_so: bool) -> None:
    picture = Image.new("RGB", (32, 32), GREEN)
    picture.save(tmp_path / "plain.jpg", quality=100, subsampling=0)
    picture.save(tmp_path / "a.jpg", quality=100, subsampling=0, exif=exif_of(entry))
    assert is_adobe_rgb((tmp_path / "a.jpg").read_bytes()) is is_so
    stored = read_picture(tmp_path / "plain.jpg")
    found = read_picture(tmp_path / "a.jpg")
    to_xyz = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
    of_adobe = 255 * screen((stored / 255) ** (563 / 256) @ to_xyz.T @ np.linalg.inv(SRGB).T)
    assert np.abs(found - (of_adobe if is_so else stored)).max() <= 1.5
    assert np.array_equal(found, stored) is not is_so
    # A profile says more.
    profile = matrix_profile(P3, 2.2)
    picture.save(tmp_path / "b.jpg", quality=100, subsampling=0, exif=exif_of(entry), icc_profile=profile)
    assert np.abs(read_picture(tmp_path / "b.jpg") - to_srgb(stored, profile).astype(int)).max() <= 1


@pytest.mark.parametrize("kind", ["f4", "f2", "u2"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_the_profile_of_a_tiff_counts_whatever_its_numbers_are(tmp_path: Path, kind: str, byteorder: str) -> None:
    """Those of 32 bits, as raw developers write them in light of wide primaries, Pillow does not open."""
    stored = np.full((16, 16, 3), np.array(GREEN) / 255)
    numbers = np.rint(stored * 65535).astype(np.uint16) if kind == "u2" else stored.astype(kind)
    profile = matrix_profile(P3, 1.0)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="rgb", iccprofile=profile, byteorder=byteorder)
    wanted = 255 * screen(stored @ np.array(P3) @ np.linalg.inv(SRGB).T)
    found = read_picture(tmp_path / "a.tif")
    assert found.dtype == np.uint16
    assert np.abs(found / 257 - wanted).max() < 0.3


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_sixteen_bits_are_sixteen_behind_a_profile(gamma: float) -> None:
    """Dark light had steps of several levels, as profiles were followed in eight bits."""
    stored = (np.random.default_rng(0).random((64, 64, 3)) ** 4 * 65535).astype(np.uint16)
    exponent = round(gamma * 256) / 256
    wanted = 255 * screen((stored / 65535) ** exponent @ np.array(P3) @ np.linalg.inv(SRGB).T)
    assert np.abs(to_srgb(stored, matrix_profile(P3, gamma)) / 257 - wanted).max() < 0.1


def parametric(kind: int, *numbers: float) -> bytes:
    curve = b"para\0\0\0\0" + kind.to_bytes(2, "big") + b"\0\0"
    return curve + b"".join(round(number * 65536).to_bytes(4, "big", signed=True) for number in numbers)


@pytest.mark.parametrize(
    "curve",
    [
        parametric(0, 1.8),
        parametric(1, 2.0, 1.1, -0.1),
        parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
        parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
        b"curv\0\0\0\0\0\0\0\0",
        b"curv\0\0\0\0\0\0\0\5" + np.array([0, 9000, 20000, 42000, 65535], ">u2").tobytes(),
    ],
)
def test_curves_of_profiles_are_those_of_littlecms(curve: bytes) -> None:
    """The same curve, in eight bits through LittleCMS and in sixteen by ourselves."""
    profile = with_curve(curve)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    of_eight = to_srgb(ramp, profile).astype(float)
    of_sixteen = to_srgb(ramp.astype(np.uint16) * 257, profile) / 257
    # LittleCMS works in sixteen bits of light, of which dark colours have few.
    assert np.abs(of_eight - of_sixteen).max() < 1.6


@pytest.mark.parametrize(
    ("curve", "meant"),
    [
        (parametric(2, 2.0, 0.9, -0.1, 0.05), lambda x: np.where(x >= 1 / 9, (0.9 * x - 0.1) ** 2 + 0.05, 0.05)),
        (
            parametric(4, 2.4, 0.9, 0.05, 0.08, 0.05, 0.01, 0.002),
            lambda x: np.where(x >= 0.05, (0.9 * x + 0.05) ** 2.4 + 0.01, 0.08 * x + 0.002),
        ),
    ],
)
def test_curves_of_profiles_that_end_within_are_followed(
    curve: bytes, meant: Callable[[np.ndarray], np.ndarray]
) -> None:
    ramp = np.repeat(np.arange(0, 65536, 97, dtype=np.uint16)[None, :, None], 3, axis=2)
    wanted = 255 * screen(meant(ramp / 65535) @ np.array(P3) @ np.linalg.inv(SRGB).T)
    assert np.abs(to_srgb(ramp, with_curve(curve)) / 257 - wanted).max() < 0.1


@pytest.mark.parametrize("lab", [False, True])
def test_greys_have_the_profile_s_curve_in_sixteen_bits_too(lab: bool) -> None:
    """Where that is one to L* it was taken for one to light."""
    profile = grey_profile(1.8, lab=lab)
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    of_eight = to_srgb(ramp, profile).astype(float)
    assert np.abs(of_eight - ramp).max() > 3
    assert np.abs(of_eight - to_srgb(ramp.astype(np.uint16) * 257, profile) / 257).max() < 1.6


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("curve", [parametric(0, -1.0), parametric(1, -2.0, 1.0, 0.0), parametric(3, -1.0, 1, 0, 1, 0)])
def test_a_curve_that_divides_by_zero_says_nothing_on_standard_error(curve: bytes) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    profile = with_curve(curve)
    assert np.array_equal(
        to_srgb(ramp.astype(np.uint16) * 257, profile), to_srgb(ramp, profile).astype(np.uint16) * 257
    )


def with_curve(curve: bytes) -> bytes:
    """The profile of `matrix_profile`, with another curve behind it."""
    profile = bytearray(matrix_profile(P3, 2.2))
    for place in range(132, 132 + 12 * 9, 12):
        if profile[place : place + 4].endswith(b"TRC"):
            profile[place + 4 : place + 12] = len(profile).to_bytes(4, "big") + len(curve).to_bytes(4, "big")
    profile += curve + bytes(-len(curve) % 4)
    profile[0:4] = len(profile).to_bytes(4, "big")
    return bytes(profile)
