"""DPX: density of film, light, values for screens, and eight ways to hold it; written here by SMPTE ST 268-1."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import Reading, open_source

H, W = 9, 14
HEAD = 2048


def dpx(codes: np.ndarray, bits: int, transfer: int, held: int = 0, order: str = ">", creator: bytes = b"") -> bytes:
    """(H, W, 3) codes as they are stored."""
    height, width, _ = codes.shape
    head = bytearray(HEAD)
    head[:4] = b"SDPX" if order == ">" else b"XPDS"
    struct.pack_into(f"{order}I", head, 4, HEAD)
    head[8:12] = b"V1.0"
    head[160 : 160 + len(creator)] = creator
    struct.pack_into(f"{order}HHII", head, 768, held, 1, width, height)
    head[800:804] = bytes([50, transfer, 2, bits])
    struct.pack_into(f"{order}HHI", head, 804, int(bits in (10, 12)), 0, HEAD)
    struct.pack_into(f"{order}II", head, 1628, 1, 1)
    if bits == 10:
        words = codes.astype(np.uint32)
        body = ((words[..., 0] << 22) | (words[..., 1] << 12) | (words[..., 2] << 2)).astype(f"{order}u4").tobytes()
    elif bits == 8:
        body = np.pad(codes.astype(np.uint8).reshape(height, -1), ((0, 0), (0, -3 * width % 4))).tobytes()
    else:
        body = (codes << (16 - bits)).astype(f"{order}u2").tobytes()
    struct.pack_into(f"{order}I", head, 16, HEAD + len(body))
    return bytes(head) + body


def seen(path: Path, reading: Reading | None = None) -> tuple[np.ndarray, str]:
    with open_source(str(path), reading=reading) as source:
        assert source.info.fps is None
        (frame,) = source
        assert source.info.size == frame.picture.shape[:2]
        return frame.picture / np.iinfo(frame.picture.dtype).max, source.remark or ""


def screen(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def codes(bits: int) -> np.ndarray:
    return np.random.default_rng(bits).integers(0, 1 << bits, (H, W, 3))


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("transfer", [1, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_density_of_film_becomes_light(tmp_path: Path, bits: int, transfer: int, order: str) -> None:
    stored = codes(bits)
    (tmp_path / "a.dpx").write_bytes(dpx(stored, bits, transfer, order=order))
    found, said = seen(tmp_path / "a.dpx", Reading(tone_map="clip"))
    assert "density of film" in said
    code = stored / ((1 << bits) - 1) * 1023
    black = 10 ** ((95 - 685) * 0.002 / 0.6)
    light = (10 ** ((code - 685) * 0.002 / 0.6) - black) / (1 - black)
    assert np.abs(found - screen(np.clip(light, 0, 1))).max() < 1e-3
    # Black and white of a scan are black and white, and what is brighter keeps its differences by default.
    for code_of, wanted in ((95, 0.0), (685, 1.0)):
        flat = np.full((H, W, 3), round(code_of / 1023 * ((1 << bits) - 1)))
        (tmp_path / "b.dpx").write_bytes(dpx(flat, bits, transfer, order=order))
        assert abs(seen(tmp_path / "b.dpx", Reading(tone_map="clip"))[0].mean() - wanted) < 0.02
    bright = [np.full((H, W, 3), round(code_of / 1023 * ((1 << bits) - 1))) for code_of in (700, 760, 800)]
    levels = []
    for flat in bright:
        (tmp_path / "c.dpx").write_bytes(dpx(flat, bits, transfer, order=order))
        levels.append(seen(tmp_path / "c.dpx")[0].mean())
    assert levels[0] + 0.01 < levels[1] < levels[2] - 0.002


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("transfer", [0, 2, 4, 5, 6])
@pytest.mark.parametrize("creator", [b"", b"Lavc59.37.100"])
def test_values_for_screens_are_as_they_are_and_light_is_deep(
    tmp_path: Path, bits: int, transfer: int, creator: bytes
) -> None:
    stored = codes(bits)
    (tmp_path / "a.dpx").write_bytes(dpx(stored, bits, transfer, creator=creator))
    found, said = seen(tmp_path / "a.dpx")
    values = stored / ((1 << bits) - 1)
    is_light = transfer == 2 and bits == 16 and not creator
    assert ("linear light" in said) == is_light
    assert np.abs(found - (screen(values) if is_light else values)).max() < 1e-3


@pytest.mark.parametrize("held", range(8))
def test_it_is_upright_however_it_is_held(tmp_path: Path, held: int) -> None:
    upright = codes(10)
    # Lines go down or up from the left or right; from 4 on they are columns.
    stored = upright[:, ::-1] if held in (1, 3, 5, 7) else upright
    stored = stored[::-1] if held in (2, 3, 6, 7) else stored
    stored = stored.transpose(1, 0, 2) if held > 3 else stored
    (tmp_path / "a.dpx").write_bytes(dpx(stored, 10, 0, held))
    assert np.abs(seen(tmp_path / "a.dpx")[0] - upright / 1023).max() < 1e-3


@pytest.mark.parametrize("length", [300, 900, 2040, 2100])
def test_what_is_cut_off_is_said(tmp_path: Path, length: int) -> None:
    (tmp_path / "a.dpx").write_bytes(dpx(codes(10), 10, 0)[:length])
    with pytest.raises(StudioError):
        open_source(str(tmp_path / "a.dpx"))
