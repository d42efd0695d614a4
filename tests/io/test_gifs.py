"""GIFs as browsers show them, painted here by GIF89a's own rules over black."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import base, open_source

HEIGHT, WIDTH = 17, 23
KEEP, CLEAR, BACK = 1, 2, 3


class Part(NamedTuple):
    """One picture: places in the palette, where it lies, what becomes of it, hundredths, its transparent colour."""

    places: np.ndarray
    left: int = 0
    top: int = 0
    after: int = KEEP
    delay: int | None = 10
    clear: int | None = None


def packed(places: Sequence[int]) -> bytes:
    """LZW of nine bits all along: the table is cleared before it grows."""
    codes = [256]
    for number, place in enumerate(places):
        codes += [256, place] if number and number % 250 == 0 else [place]
    bits = sum(code << 9 * at for at, code in enumerate([*codes, 257]))
    data = bits.to_bytes((9 * len(codes) + 16) // 8, "little")
    blocks = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"\x08" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def gif(parts: Sequence[Part], palette: np.ndarray, background: int = 0, *, own: bool = False) -> bytes:
    """A GIF of those parts; `own` gives each the palette, and the file none."""
    out = b"GIF89a" + struct.pack("<HHBBB", WIDTH, HEIGHT, 0x70 if own else 0xF7, background, 0)
    out += b"" if own else palette.tobytes()
    out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    for places, left, top, after, delay, clear in parts:
        if delay is not None:
            flags = after << 2 | (clear is not None)
            out += b"\x21\xf9\x04" + struct.pack("<BHB", flags, delay, clear or 0) + b"\0"
        out += b"\x21\xfe\x05hello\0"
        out += b"\x2c" + struct.pack("<HHHHB", left, top, *places.shape[::-1], 0x87 if own else 0)
        out += (palette.tobytes() if own else b"") + packed(places.ravel().tolist())
    return out + b";"


def painted(parts: Sequence[Part], palette: np.ndarray) -> Iterator[np.ndarray]:
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for places, left, top, after, _, clear in parts:
        before = canvas.copy()
        region = canvas[top : top + places.shape[0], left : left + places.shape[1]]
        shown = np.ones(places.shape, bool) if clear is None else places != clear
        region[shown] = palette[places[shown]]
        yield canvas.copy()
        if after == CLEAR:
            region[:] = 0
        canvas = before if after == BACK else canvas


@pytest.mark.parametrize("background", [0, 9])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("sort", ["none", "one", "some"])
def test_what_is_cleared_or_not_painted_is_transparent(
    tmp_path: Path, fresh_seed: int, background: int, sort: str, *, own: bool
) -> None:
    rng = np.random.default_rng(fresh_seed)
    palette = rng.integers(40, 256, (256, 3), np.uint8)
    parts = []
    for _ in range(40):
        down, across = int(rng.integers(1, HEIGHT + 1)), int(rng.integers(1, WIDTH + 1))
        left, top = int(rng.integers(0, WIDTH - across + 1)), int(rng.integers(0, HEIGHT - down + 1))
        clear = 3 if sort == "one" or (sort == "some" and rng.random() < 0.5) else None
        places = rng.integers(0, 5 if clear else 256, (down, across), np.uint8)
        parts.append(Part(places, left, top, int(rng.integers(0, 4)), 10, clear))
    (tmp_path / "a.gif").write_bytes(gif(parts, palette, background, own=own))
    with open_source(str(tmp_path / "a.gif")) as source:
        frames = [frame.picture for frame in source]
        assert (source.warning, source.remark) == (None, None)
    assert all(np.array_equal(a, b) for a, b in zip(frames, painted(parts, palette), strict=True))
    (tmp_path / "b.gif").write_bytes(gif(parts[:1], palette, background, own=own))
    with open_source(str(tmp_path / "b.gif")) as source:
        assert source.info.fps is None
        assert np.array_equal(next(iter(source)).picture, frames[0])


@pytest.mark.parametrize("delays", [(1,), (0,), (2,), (1, 7), (3, 1, 1, 4), (0, 1, 2, 50), (None,)])
def test_what_is_shown_for_a_hundredth_stays_for_a_tenth(tmp_path: Path, delays: tuple[int | None, ...]) -> None:
    shades = [np.full((HEIGHT, WIDTH), shade, np.uint8) for shade in range(24)]
    parts = [Part(shade, delay=delays[number % len(delays)]) for number, shade in enumerate(shades)]
    (tmp_path / "a.gif").write_bytes(gif(parts, np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)))
    lengths = [Fraction(part.delay if part.delay and part.delay > 1 else 10, 100) for part in parts]
    with open_source(str(tmp_path / "a.gif")) as source:
        frames = list(source)
        assert source.info.duration == pytest.approx(float(sum(lengths)))
        assert source.info.fps is not None
        assert source.info.fps >= 1 / max(lengths)
        late = list(source.frames(float(lengths[0] + lengths[1])))
    assert [frame.time for frame in frames] == pytest.approx([float(sum(lengths[:n])) for n in range(24)])
    assert [frame.duration for frame in frames] == pytest.approx(list(map(float, lengths)))
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == list(range(24))
    assert [int(frame.picture[0, 0, 0]) for frame in late] == list(range(2, 24))


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("delays", [(None,), (None, 7), (7, None, None)])
def test_no_picture_is_lost_in_front_of_which_nothing_is_said(
    tmp_path: Path, delays: tuple[int | None, ...], *, own: bool
) -> None:
    rng = np.random.default_rng(2)
    palette = rng.integers(40, 256, (256, 3), np.uint8)
    parts = [
        Part(rng.integers(0, 256, (9, 8), np.uint8), 2 * number, number, delay=delays[number % len(delays)])
        for number in range(7)
    ]
    (tmp_path / "a.gif").write_bytes(gif(parts, palette, own=own).replace(b"\x21\xfe\x05hello\0", b""))
    lengths = [(part.delay or 10) / 100 for part in parts]
    with open_source(str(tmp_path / "a.gif")) as source:
        assert source.info.duration == pytest.approx(sum(lengths))
        frames, late = list(source), list(source.frames(sum(lengths[:3])))
    assert [frame.time for frame in frames] == pytest.approx([sum(lengths[:number]) for number in range(7)])
    wanted = list(painted(parts, palette))
    assert all(np.array_equal(frame.picture, each) for frame, each in zip(frames, wanted, strict=True))
    assert all(np.array_equal(frame.picture, each) for frame, each in zip(late, wanted[3:], strict=True))


@pytest.mark.parametrize("suffix", ["webp", "avif", "png"])
def test_an_animated_picture_that_is_too_large_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    first, *others = [Image.new("RGB", (64, 48), (50 * number, 0, 0)) for number in range(4)]
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=others, duration=40)
    with open_source(str(path)) as source:
        assert len(list(source)) == 4
    monkeypatch.setattr(base, "MAX_BYTES", path.stat().st_size - 1)
    monkeypatch.setattr("studio.io.sources.animation.MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(StudioError, match="is larger than"):
        open_source(str(path))


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("count", [1, 3])
def test_a_picture_that_is_cut_off_is_said(tmp_path: Path, kept: float, count: int) -> None:
    random = np.random.default_rng(8)
    palette = random.integers(0, 256, (256, 3), np.uint8)
    parts = [Part(random.integers(0, 256, (HEIGHT, WIDTH), np.uint8)) for _ in range(count)]
    whole, before = gif(parts, palette), gif(parts[:-1], palette)
    for data, is_cut in (
        (whole, False),
        (whole[:-1], False),
        (whole[:-2], False),
        (whole[: len(before) + 60 + int(kept * (len(whole) - len(before) - 63))], True),
    ):
        (tmp_path / "a.gif").write_bytes(data)
        with open_source(str(tmp_path / "a.gif")) as source:
            assert len(list(source)) == count
            assert (source.warning is not None) == is_cut
