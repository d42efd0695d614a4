"""Animated PNG, WebP and AVIF: exact times, painted as their own definitions say, in their colours."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.io.sources import at_constant_rate, open_source
from studio.io.sources.base import Frame, SourceInfo

HEIGHT, WIDTH = 20, 30
KEEP, CLEAR, BACK = 0, 1, 2


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(values: np.ndarray) -> bytes:
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))


Part = tuple[np.ndarray, int, int, int, int]
"""Values, left, top, what is done with them afterwards, whether they are laid over."""


def whole(*pictures: np.ndarray) -> list[Part]:
    return [(picture, 0, 0, KEEP, 0) for picture in pictures]


def animated_png(
    parts: Sequence[Part],
    delay: tuple[int, int] = (1, 25),
    *,
    kind: int = 6,
    bits: int = 8,
    more: bytes = b"",
    apart: np.ndarray | None = None,
) -> bytes:
    """An APNG of values of a kind (6 is RGBA), chunks before its pictures, and one that others show."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"acTL", struct.pack(">II", len(parts), 0))
    out += b"" if apart is None else chunk(b"IDAT", packed(apart))
    number = 0
    for place, (values, left, top, after, over) in enumerate(parts):
        size = values.shape[1], values.shape[0]
        out += chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *size, left, top, *delay, after, over))
        number += 1
        if place == 0 and apart is None:
            out += chunk(b"IDAT", packed(values))
            continue
        out += chunk(b"fdAT", struct.pack(">I", number) + packed(values))
        number += 1
    return out + chunk(b"IEND", b"")


def played(path: Path) -> tuple[list[Frame], SourceInfo]:
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.warning is None
        return frames, source.info


def values_of(frame: Frame) -> np.ndarray:
    return frame.picture / (257 if frame.picture.dtype == np.uint16 else 1)


@pytest.mark.parametrize(
    "delay", [(1, 30), (1, 24), (1, 60), (1001, 30000), (3, 100), (1, 0), *((n, 1000) for n in (17, 41, 42, 67))]
)
def test_an_animated_png_has_the_times_that_it_says(tmp_path: Path, delay: tuple[int, int]) -> None:
    shades = [np.full((HEIGHT, WIDTH, 4), (shade, 0, 0, 255), np.uint8) for shade in range(90)]
    (tmp_path / "a.png").write_bytes(animated_png(whole(*shades), delay))
    frames, info = played(tmp_path / "a.png")
    step = Fraction(delay[0], delay[1] or 100)
    assert info.fps == pytest.approx(float(1 / step), rel=1e-4)
    assert info.duration == pytest.approx(float(90 * step))
    assert [round(frame.time / step) for frame in frames] == list(range(90))
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == list(range(90))
    with open_source(str(tmp_path / "a.png")) as source:
        once = [int(frame.picture[0, 0, 0]) for frame in at_constant_rate(source, info.fps or step)]
    assert once == list(range(90))


def drawn(parts: Sequence[Part]) -> Iterator[np.ndarray]:
    """By the definition of APNG, over black."""
    canvas = np.zeros((HEIGHT, WIDTH, 4))
    for number, (values, left, top, after, over) in enumerate(parts):
        before = canvas.copy()
        region = canvas[top : top + values.shape[0], left : left + values.shape[1]]
        new = values / 255
        if over:
            alpha = new[..., 3:] + region[..., 3:] * (1 - new[..., 3:])
            colour = new[..., :3] * new[..., 3:] + region[..., :3] * region[..., 3:] * (1 - new[..., 3:])
            new = np.concatenate([np.where(alpha > 0, colour / np.maximum(alpha, 1e-9), 0), alpha], -1)
        region[:] = new
        yield 255 * canvas[..., :3] * canvas[..., 3:]
        if after == CLEAR or (after == BACK and number == 0):
            region[:] = 0
        elif after == BACK:
            canvas = before


def test_an_animated_png_is_painted_over_what_stands(tmp_path: Path, fresh_seed: int) -> None:
    rng = np.random.default_rng(fresh_seed)
    parts: list[Part] = [(rng.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8), 0, 0, int(rng.integers(0, 3)), 0)]
    for _ in range(30):
        across, down = int(rng.integers(1, 15)), int(rng.integers(1, 15))
        left, top = int(rng.integers(0, WIDTH - across + 1)), int(rng.integers(0, HEIGHT - down + 1))
        values = rng.integers(0, 256, (down, across, 4), np.uint8)
        parts.append((values, left, top, int(rng.integers(0, 3)), int(rng.integers(0, 2))))
    (tmp_path / "a.png").write_bytes(animated_png(parts))
    frames, _ = played(tmp_path / "a.png")
    # Decoders keep 8 bits of what lies over each other.
    assert all(np.abs(values_of(a) - b).max() <= 6 for a, b in zip(frames, drawn(parts), strict=True))


def test_a_picture_for_those_who_know_no_animation_is_not_played(tmp_path: Path) -> None:
    pictures = [np.full((HEIGHT, WIDTH, 4), shade, np.uint8) for shade in (200, 220, 255)]
    (tmp_path / "a.png").write_bytes(animated_png(whole(*pictures), apart=np.zeros((HEIGHT, WIDTH, 4), np.uint8)))
    frames, info = played(tmp_path / "a.png")
    assert (info.fps, info.frames) == (25, 3)
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == [157, 190, 255]


def test_palettes_and_deep_values_of_an_animated_png(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    colours, opacity = rng.integers(0, 256, (256, 3), np.uint8), rng.integers(0, 256, 256, np.uint8)
    places = [rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8) for _ in range(3)]
    more = chunk(b"PLTE", colours.tobytes()) + chunk(b"tRNS", opacity.tobytes())
    (tmp_path / "a.png").write_bytes(animated_png(whole(*places), kind=3, more=more))
    shown = colours * (opacity[:, None] / 255)
    frames, _ = played(tmp_path / "a.png")
    assert all(np.abs(values_of(a) - shown[b]).max() <= 1 for a, b in zip(frames, places, strict=True))
    deep = [rng.integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(">u2") for _ in range(2)]
    (tmp_path / "a.png").write_bytes(animated_png(whole(*deep), kind=2, bits=16))
    assert all(np.array_equal(a.picture, b) for a, b in zip(played(tmp_path / "a.png")[0], deep, strict=True))


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_an_animated_avif_does_not_drift(tmp_path: Path, rate: int) -> None:
    first, *others = [Image.new("L", (64, 48), 6 * number) for number in range(40)]
    out = io.BytesIO()
    first.save(out, "AVIF", save_all=True, append_images=others, duration=1)
    # Pillow counts milliseconds; here they are made what one picture is shown for.
    head, index = out.getvalue().split(b"moov", 1)
    (tmp_path / "a.avif").write_bytes(head + b"moov" + index.replace(struct.pack(">I", 1000), struct.pack(">I", rate)))
    frames, info = played(tmp_path / "a.avif")
    assert (info.fps, len(frames)) == (rate, 40)
    assert [round(frame.time * rate, 1) for frame in frames] == pytest.approx(range(40), abs=0.1)


@pytest.mark.parametrize("suffix", ["webp", "avif"])
def test_an_animation_has_the_colours_of_its_profile(tmp_path: Path, suffix: str) -> None:
    profile = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2)
    first, second = (Image.new("RGB", (64, 48), colour) for colour in ((128, 180, 128), (60, 180, 90)))
    options = {"lossless": True} if suffix == "webp" else {"quality": 100, "subsampling": "4:4:4"}
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=[second], duration=40, icc_profile=profile, **options)
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = [ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB")) for image in (first, second)]
    for frame, image in zip(played(path)[0], wanted, strict=True):
        assert image is not None
        assert np.abs(frame.picture.astype(int) - np.array(image)).max() <= 3


ADOBE = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
P3 = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2)
WITH_PROFILE = chunk(b"iCCP", b"P3\0\0" + zlib.compress(P3))


@pytest.mark.parametrize(
    "more",
    [
        WITH_PROFILE,
        chunk(b"gAMA", struct.pack(">I", 100000)),
        chunk(b"gAMA", struct.pack(">I", 55556)) + chunk(b"cHRM", ADOBE),
        chunk(b"cICP", bytes([12, 13, 0, 1])),
        chunk(b"cICP", bytes([12, 13, 0, 1])) + WITH_PROFILE,
    ],
    ids=["profile", "exponent", "primaries", "H.273", "H.273 before a profile"],
)
@pytest.mark.parametrize("bits", [8, 16])
def test_pictures_of_an_animated_png_have_the_colours_of_a_still_one(tmp_path: Path, more: bytes, bits: int) -> None:
    values = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    values = values if bits == 8 else (values.astype(">u2") * 257).astype(">u2")
    shown = []
    for count in (1, 2):
        (tmp_path / f"{count}.png").write_bytes(animated_png(whole(*[values] * count), bits=bits, more=more))
        shown.append(values_of(played(tmp_path / f"{count}.png")[0][-1]))
    assert np.abs(shown[0] - shown[1]).max() <= 1
    plain = values[..., :3] * (values[..., 3:] / values.max()) / (1 if bits == 8 else 257)
    assert np.abs(shown[0] - plain).max() > 20


@pytest.mark.long
@pytest.mark.parametrize("name", ["a.png", "a.mov"])
def test_a_named_profile_of_a_png_ends_no_process(tmp_path: Path, name: str) -> None:
    opaque = np.full((HEIGHT, WIDTH, 4), 200, np.uint8)
    if name == "a.png":
        (tmp_path / name).write_bytes(animated_png(whole(opaque, opaque), more=WITH_PROFILE))
    else:
        with av.open(str(tmp_path / name), "w") as film:
            stream = film.add_stream("png", rate=25)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "rgba"
            for number in range(3):
                packet = av.Packet(animated_png(whole(opaque), more=WITH_PROFILE))
                packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), True
                packet.pts = packet.dts = number
                film.mux(packet)
    # PyAV's side data goes when Python's collector comes by.
    read = "import gc, sys; from studio.io.sources import open_source; list(open_source(sys.argv[1])); gc.collect()"
    assert subprocess.run([sys.executable, "-c", read, str(tmp_path / name)], check=False, timeout=120).returncode == 0
