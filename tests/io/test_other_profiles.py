"""Colour profiles in kinds of files that no library here gives them of."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms
from profiles import matrix_profile

from studio.io.sources import open_source

H, W = 48, 64
_Y, _X = np.mgrid[0:H, 0:W]
RGB = np.stack([_X * 4, _Y * 5, (_X + _Y) * 2], axis=-1).astype(np.uint8)
P3 = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 2.2)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def jpeg_2000(profile: bytes) -> bytes:
    out = io.BytesIO()
    Image.fromarray(RGB).save(out, "JPEG2000", irreversible=False)
    data = out.getvalue()
    at, head = data.index(b"colr") - 4, data.index(b"jp2h") - 4
    (length,), (whole,) = struct.unpack_from(">I", data, at), struct.unpack_from(">I", data, head)
    new = box(b"colr", b"\2\0\0" + profile) if profile else data[at : at + length]
    size = struct.pack(">I", whole - length + len(new))
    return data[:head] + size + data[head + 4 : at] + new + data[at + length :]


def photoshop(profile: bytes, bits: int = 8) -> bytes:
    planes = RGB if bits == 8 else (RGB.astype(">u2") * 257).astype(">u2")
    other = b"8BIM" + struct.pack(">H", 1005) + b"\x05names" + struct.pack(">I", 3) + b"abc\0"
    own = b"8BIM" + struct.pack(">HH", 1039, 0) + struct.pack(">I", len(profile)) + profile + b"\0" * (len(profile) % 2)
    resources = other + (own if profile else b"")
    head = b"8BPS" + struct.pack(">H6xHIIHHI", 1, 3, H, W, bits, 3, 0)
    listed = struct.pack(">I", len(resources)) + resources + struct.pack(">IH", 0, 0)
    return head + listed + b"".join(planes[..., channel].tobytes() for channel in range(3))


def bitmap(profile: bytes) -> bytes:
    rows = RGB[::-1, :, ::-1].tobytes()
    head = struct.pack("<IiiHHIIiiII", 124, W, H, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + bytes(16)
    head += (b"DEBM" if profile else b"BGRs") + bytes(48)
    head += struct.pack("<IIII", 4, 124 + len(rows) if profile else 0, len(profile), 0)
    return b"BM" + struct.pack("<IHHI", 138 + len(rows) + len(profile), 0, 0, 138) + head + rows + profile


def gif(profile: bytes) -> bytes:
    out = io.BytesIO()
    colours = Image.fromarray(RGB // 64 * 64).quantize(64)
    colours.save(out, "GIF", save_all=True, append_images=[colours.rotate(180)], duration=40)
    data = out.getvalue()
    start = 13 + (3 << (data[10] & 7) + 1)
    blocks = b"".join(
        bytes([len(part)]) + part for part in (profile[at : at + 255] for at in range(0, len(profile), 255))
    )
    return data[:start] + (b"\x21\xff\x0bICCRGBG1012" + blocks + b"\0" if profile else b"") + data[start:]


def deep_avif(profile: bytes) -> bytes:
    """Of 10 bits, whose numbers of colours become a profile."""
    out = io.BytesIO()
    with av.open(out, "w", format="avif") as film:
        stream = film.add_stream("libsvtav1", rate=1, options={"crf": "1", "preset": "10"})
        stream.width, stream.height, stream.pix_fmt = W, H, "yuv420p10le"
        frame = av.VideoFrame.from_ndarray(RGB, format="rgb24").reformat(format="yuv420p10le")
        frame.pts, frame.time_base = 0, Fraction(1)
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    data = out.getvalue()
    at = data.index(b"colr") - 4
    (length,) = struct.unpack_from(">I", data, at)
    if not profile:
        return data
    new = box(b"colr", b"prof" + profile)
    more, values = len(new) - length, data.index(b"mdat") + 4
    changed = bytearray(data[:at] + new + data[at + length :])
    for kind in (b"meta", b"iprp", b"ipco"):
        place = data.index(kind) - 4
        struct.pack_into(">I", changed, place, struct.unpack_from(">I", data, place)[0] + more)
    lies = data.index(struct.pack(">I", values), data.index(b"iloc"))
    struct.pack_into(">I", changed, lies, values + more)
    return bytes(changed)


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "jp2": jpeg_2000,
    "psd": photoshop,
    "16.psd": lambda profile: photoshop(profile, 16),
    "bmp": bitmap,
    "gif": gif,
    "avif": deep_avif,
}


def seen(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        picture = next(iter(source)).picture
    return picture / (257 if picture.dtype == np.uint16 else 1)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_profile_is_followed(tmp_path: Path, kind: str) -> None:
    plain, path = tmp_path / f"plain.{kind}", tmp_path / f"own.{kind}"
    plain.write_bytes(KINDS[kind](b""))
    path.write_bytes(KINDS[kind](P3))
    own = ImageCms.ImageCmsProfile(io.BytesIO(P3))
    before = seen(plain)
    wanted = ImageCms.profileToProfile(
        Image.fromarray(np.rint(before).astype(np.uint8)), own, ImageCms.createProfile("sRGB")
    )
    assert wanted is not None
    found = seen(path)
    assert np.abs(found - np.array(wanted)).mean() < 0.8
    assert np.abs(found - before).mean() > 5


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_profile_that_is_none_changes_nothing(tmp_path: Path, kind: str) -> None:
    plain, path = tmp_path / f"plain.{kind}", tmp_path / f"own.{kind}"
    plain.write_bytes(KINDS[kind](b""))
    path.write_bytes(KINDS[kind](bytes(200)))
    assert np.array_equal(seen(path), seen(plain))
