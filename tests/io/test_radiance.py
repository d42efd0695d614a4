"""Radiance pictures: eight orders of pixels, run lengths, CIE XYZ, and what is none of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources._colours.primaries import to_bt709

XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def stored(light: np.ndarray) -> np.ndarray:
    """(H, W, 4) mantissas and the exponent of all three, as Radiance keeps light."""
    largest = light.max(2)
    mantissa, exponent = np.frexp(largest)
    scaled = light * (mantissa * 256 / largest)[:, :, None]
    return np.dstack([scaled, exponent + 128]).astype(np.uint8)


def radiance(values: np.ndarray, order: str, said: str = "", kind: str = "rgbe") -> bytes:
    return f"#?RADIANCE\n{said}FORMAT=32-bit_rle_{kind}\n\n{order}\n".encode() + np.ascontiguousarray(values).tobytes()


def seen(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        assert source.info.fps is None
        (frame,) = source
        assert "linear light" in str(source.remark)
        assert source.info.size == frame.picture.shape[:2]
    return frame.picture / 65535


def screen(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("order", ["-Y +X", "-Y -X", "+Y +X", "+Y -X", "+X -Y", "-X -Y", "+X +Y", "-X +Y"])
@pytest.mark.parametrize("width", [5, 40])
def test_each_order_of_pixels(tmp_path: Path, order: str, width: int) -> None:
    upright = stored(np.random.default_rng(0).uniform(0.001, 1, (6, width, 3)))
    wanted = screen(upright[:, :, :3] * 2.0 ** (upright[:, :, 3:].astype(int) - 136))
    first, second = order.split()
    # As it is meant: Y counts from below, X from the left; the first axis is that of scanlines.
    rows = upright if "-Y" in order else upright[::-1]
    rows = rows if "+X" in order else rows[:, ::-1]
    rows = rows if first[1] == "Y" else rows.transpose(1, 0, 2)
    said = f"{first} {rows.shape[0]} {second} {rows.shape[1]}"
    (tmp_path / "a.hdr").write_bytes(radiance(rows, said, "EXPOSURE=1\nSOFTWARE=-Y 7 +X 9\n"))
    assert np.abs(seen(tmp_path / "a.hdr") - wanted).max() < 1e-4


def test_run_lengths_stand_in_any_order(tmp_path: Path) -> None:
    light = np.full((12, 60, 3), 0.25, np.float32)
    light[3:, 10:] = (0.5, 0.125, 0.75)
    assert cv2.imwrite(str(tmp_path / "a.hdr"), light[:, :, ::-1])
    data = (tmp_path / "a.hdr").read_bytes()
    assert len(data) < 12 * 60 * 4
    assert np.abs(seen(tmp_path / "a.hdr") - screen(light)).max() < 1e-3
    (tmp_path / "b.hdr").write_bytes(data.replace(b"-Y 12 +X 60", b"+X 12 +Y 60"))
    turned = light.transpose(1, 0, 2)[::-1]
    assert np.abs(seen(tmp_path / "b.hdr") - screen(turned)).max() < 1e-3


def test_xyz_is_brought_to_rgb(tmp_path: Path) -> None:
    light = np.random.default_rng(1).uniform(0.2, 0.9, (6, 9, 3))
    (tmp_path / "a.hdr").write_bytes(radiance(stored(light @ XYZ.T), "-Y 6 +X 9", kind="xyze"))
    assert np.abs(seen(tmp_path / "a.hdr") - screen(light)).mean() < 0.006


@pytest.mark.parametrize("order", ["-Z 6 +X 9", "-Y 6 +Y 9", "-Y 6", "-Y 0 +X 9", "-Y six +X 9", "-Y 99999 +X 99999"])
def test_what_has_no_such_order_is_refused(tmp_path: Path, order: str) -> None:
    values = stored(np.random.default_rng(1).uniform(0.2, 0.9, (6, 9, 3)))
    (tmp_path / "a.hdr").write_bytes(radiance(values, order))
    with pytest.raises(StudioError):
        open_source(str(tmp_path / "a.hdr"))
    (tmp_path / "b.hdr").write_bytes(radiance(values, "+Y 6 +X 9")[:90])
    with pytest.raises(StudioError, match="damaged or cut off"):
        open_source(str(tmp_path / "b.hdr"))


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("0.708 0.292 0.170 0.797 0.131 0.046 0.3127 0.3290", 9),
        ("0.680 0.320 0.265 0.690 0.150 0.060 0.3127 0.3290", 12),
        # Radiance's own are taken for BT.709's, as everywhere; so are those that make no sense.
        ("0.640 0.330 0.290 0.600 0.150 0.060 0.3333 0.3333", None),
        ("0 0 0 0 0 0 0 0", None),
        ("0.3 0.3 0.3 0.3 0.3 0.3 0.3 0.3", None),
        ("a b c d e f g h", None),
    ],
)
def test_primaries_that_are_stated_are_brought_to_bt709(tmp_path: Path, said: str, number: int | None) -> None:
    light = np.random.default_rng(0).uniform(0.2, 0.7, (6, 9, 3))
    values = stored(light)
    (tmp_path / "a.hdr").write_bytes(radiance(values, "-Y 6 +X 9", f"PRIMARIES= {said}\n"))
    kept = values[:, :, :3] * np.exp2(values[:, :, 3:].astype(float) - 136)
    wanted = kept if number is None else kept @ to_bt709(number).T
    assert np.abs(seen(tmp_path / "a.hdr") - screen(np.clip(wanted, 0, 1))).max() < 0.004
