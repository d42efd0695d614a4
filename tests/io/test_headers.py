"""Files that lie about themselves in their first bytes: refused at once, whatever they claim."""

from __future__ import annotations

import resource
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.io.sources._files.header import directories_of_tiff, profile_of_tiff, read_header
from studio.io.sources.image import read_picture


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    claimed = len(data) if length is None else length
    return struct.pack(">I", claimed) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEAD = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"iCCP", b"eXIf"])
@pytest.mark.parametrize("length", [0xFA000000, 0xFFFFFFFF, 1 << 20])
def test_a_small_png_takes_no_gigabytes(tmp_path: Path, kind: bytes, length: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(HEAD + chunk(kind, b"x" * 20, length))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.thread_time()
    with pytest.raises(StudioError, match="damaged or cut off"):
        read_picture(path)
    assert time.thread_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"P6" + b" " * 4000 + b"x",
        b"P6" + b" #\n" * 1300 + b"x",
        b"P6 " + b"#" * 4000,
        HEAD + chunk(b"tEXt", b"") * 2_000_000,
        b"\xff\xd8" + b"\xff\xe0\0\0" * 4_000_000,
        b"\xff\xd8\xff" + b"x" * 20_000_000,
        b"RIFF\0\0\0\0WEBPVP8X" + bytes(18) + bytes(16_000_000),
    ],
    ids=["blanks", "comments", "comment", "png parts", "jpeg parts", "jpeg without parts", "webp parts"],
)
def test_no_header_takes_a_second(data: bytes) -> None:
    began = time.thread_time()
    read_header(data)
    assert time.thread_time() - began < 1


def test_lists_of_a_tiff_that_lie_in_each_other_are_not_walked_again_and_again() -> None:
    lists, entries = 200, 300
    data = bytearray(b"II*\0\x08\0\0\0" + b"\x2c\1" * (2 * lists + 6 * entries + 8))
    assert int.from_bytes(data[8:10], "little") == entries
    for number in range(lists):
        place = 8 + 4 * number
        struct.pack_into("<I", data, place + 2 + 12 * entries, place + 4)
    assert 0 < len(list(directories_of_tiff(bytes(data)))) < 4
    apart = b"II*\0\x08\0\0\0" + b"".join(
        struct.pack("<HHHIII", 1, 256, 3, 1, 7, 8 + 18 * (number + 1)) for number in range(lists)
    )
    assert len(list(directories_of_tiff(apart))) == lists


@pytest.mark.parametrize(("lists", "entries"), [(500, 1), (1, 500)])
def test_a_profile_that_many_entries_of_a_tiff_name_is_not_copied_for_each(lists: int, entries: int) -> None:
    """Of 3,000 pages with one profile of 2 MB all were in memory: 6 GB."""
    profile = bytes(range(256)) * 4000
    data = b"II*\0" + struct.pack("<I", 8 + len(profile)) + profile
    for place in range(lists):
        data += struct.pack("<H", entries) + struct.pack("<HHII", 34675, 7, len(profile), 8) * entries
        data += struct.pack("<I", len(data) + 4 if place < lists - 1 else 0)
    tracemalloc.start()
    try:
        assert len(list(directories_of_tiff(data))) == lists
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(profile)
    assert profile_of_tiff(data) == profile
