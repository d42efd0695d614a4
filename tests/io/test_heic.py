"""HEIC, as phones write it: a container made by hand around a picture of HEVC, which nothing here writes otherwise."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from films import HEIGHT, WIDTH, number_of, numbered

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.model.networks.picture import DeepPicture, shallow


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, version: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24), *parts)


NUMBER = 693
# `numbered(NUMBER)` by x265, as it lies in an MP4: its parameters, and itself. x265 makes one film a process at most.
HVCC = zlib.decompress(
    base64.b64decode(
        "eNpjZExgYGCYwAACch8Y/vz98YOBgZ9ZgYGRQcKBkYfx/3+QAmaQCmYQkps6g1MRKKnhxMiIJrNARCExdeosT6OdCxRAAiCCWVEJ"
        "qJjdhfFg0ZYkBwB1OxR0"
    )
)
PICTURE = base64.b64decode(
    "AAAA0igBrxdCLyDDWc6ctv/nfPH/+3hWkX2/E902aT/wd3eRHyfIIhRmH9Mxh+ypV//zN7eq33rAGIUtHO27p88EmA8Tv/9GHpbp"
    "vCHuVc287kcA+XhggxRHzql7nS/t63CgQUmlzfTfK5JE+CiWl+7AZSsfdlfYx6ZfRSkCeZvmmlFbBMxCZPD9UxAImXigFn/5bN5O"
    "JV9lvqSqeTDXQ7qUgAkd4JjYiBcQfUbf+/ySPB6PKA31nG/ritA69FRS+lfTJ4+JhQjvjdqYE1XGHEAW4UMjgA=="
)


def heic(*properties: bytes, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """A HEIC file of that picture, with properties (a turn, colours) behind its own two."""
    head = box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
    own = box(b"hvcC", HVCC), full(b"ispe", 0, struct.pack(">II", *size))
    ties = bytes(0x80 | place for place in range(1, 3 + len(properties)))

    def meta(start: int) -> bytes:
        return full(
            b"meta",
            0,
            full(b"hdlr", 0, bytes(4), b"pict", bytes(12), b"\0"),
            full(b"pitm", 0, struct.pack(">H", 1)),
            full(b"iloc", 0, b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, start, len(PICTURE))),
            full(b"iinf", 0, struct.pack(">H", 1), full(b"infe", 2, struct.pack(">HH", 1, 0), b"hvc1\0")),
            box(
                b"iprp",
                box(b"ipco", *own, *properties),
                full(b"ipma", 0, struct.pack(">IHB", 1, 1, len(ties)), ties),
            ),
        )

    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", PICTURE)


def shown(path: Path) -> DeepPicture:
    with open_source(str(path)) as source:
        assert source.info.fps is None
        [frame] = source
        assert source.info.size == frame.picture.shape[:2]
    return frame.picture


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [None, 0, 1])
def test_a_heic_is_shown_upright(tmp_path: Path, quarters: int, mirrored: int | None) -> None:
    turns = [box(b"irot", bytes([quarters]))] if quarters else []
    turns += [] if mirrored is None else [box(b"imir", bytes([mirrored]))]
    (tmp_path / "a.heic").write_bytes(heic(*turns))
    found = shown(tmp_path / "a.heic")
    # Back again, in the other order.
    found = found if mirrored is None else found[:, ::-1] if mirrored else found[::-1]
    found = np.rot90(found, -quarters)
    assert found.shape == (HEIGHT, WIDTH, 3)
    assert number_of(found) == NUMBER
    assert np.abs(shallow(found).astype(int) - numbered(NUMBER)).mean() < 8


def test_a_heic_is_cropped_as_it_says(tmp_path: Path) -> None:
    # The width and the height that are left, and where their middle lies from the picture's, as fractions.
    crop = box(b"clap", struct.pack(">IIIIiIiI", WIDTH - 32, 1, HEIGHT - 16, 1, 0, 1, 0, 1))
    (tmp_path / "a.heic").write_bytes(heic(crop))
    found = shown(tmp_path / "a.heic")
    assert found.shape == (HEIGHT - 16, WIDTH - 32, 3)
    assert np.abs(shallow(found).astype(int) - numbered(NUMBER)[8:-8, 16:-16]).mean() < 8


def test_colours_of_other_screens_in_a_heic_are_said(tmp_path: Path) -> None:
    wide = box(b"colr", b"nclx", struct.pack(">HHHB", 12, 13, 6, 0x80))
    (tmp_path / "a.heic").write_bytes(heic(wide))
    with open_source(str(tmp_path / "a.heic")) as source:
        assert number_of(next(iter(source)).picture) == NUMBER
        assert "Display P3" in (source.remark or "")


def test_a_heic_that_is_damaged_or_too_large_is_a_sentence(tmp_path: Path) -> None:
    whole = heic()
    path = tmp_path / "a.heic"
    for content in (whole[: len(whole) // 2], whole[:300], whole[:24], whole.replace(b"hvcC", b"none")):
        path.write_bytes(content)
        with pytest.raises(StudioError, match="damaged or cut off"):
            open_source(str(path))
    path.write_bytes(heic(size=(30_000, 20_000)))
    with pytest.raises(StudioError, match=r"30000x20000 pixels, more than|damaged"):
        open_source(str(path))
