"""Files that FFmpeg takes for films by accident: by their names, or for JPEGs that lie in them."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.errors import StudioError
from studio.io.sources import open_source


def jpegs(count: int = 6) -> list[bytes]:
    rng, made = np.random.default_rng(1), []
    for _ in range(count):
        out = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (32, 48, 3), np.uint8)).save(out, "JPEG")
        made.append(out.getvalue())
    return made


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        for number, data in enumerate(jpegs()):
            file.writestr(f"{number}.jpg", data)
    return out.getvalue()


def database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table pictures (data blob)")
        connection.executemany("insert into pictures values (?)", [(data,) for data in jpegs()])
    connection.close()


NOISE = np.random.default_rng(2).bytes(5000)
HOLDERS = {
    "program": b"MZ\x90\0" + bytes(60) + b"".join(bytes(90) + data for data in jpegs()),
    "library": b"\x7fELF\2\1\1" + bytes(60) + b"".join(jpegs()),
    "program ": b"MZ\x90\0" + bytes(60) + zipped(),
    "script": b"#!/bin/sh\nexit\n" + zipped(),
    "document": b"\n\n%PDF-1.4\n" + b"".join(b"stream\n" + data + b"\nendstream\n" for data in jpegs()),
    "something": NOISE[:40] + b"".join(bytes(20) + data for data in jpegs()),
}


@pytest.mark.parametrize("what", list(HOLDERS))
@pytest.mark.parametrize("suffix", [".exe", ".avi", ".mjpeg", ".dat", ".png", ""])
def test_what_holds_jpegs_is_no_film(tmp_path: Path, what: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(HOLDERS[what])
    with pytest.raises(StudioError) as refused:
        open_source(str(path))
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    if what != "something" and suffix != ".png":
        said = {"program": "a program", "library": "a program", "script": "a program", "document": "a PDF"}
        assert said[what.strip()] in str(refused.value)


def test_a_database_of_jpegs_is_no_film(tmp_path: Path) -> None:
    database(tmp_path / "catalogue.db")
    with pytest.raises(StudioError, match="is a database"):
        open_source(str(tmp_path / "catalogue.db"))


def shades(path: Path, codec: str, rate: int) -> None:
    """A film of five pictures."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        for number in range(5):
            shade = np.full((144, 176, 3), 40 * number, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        film.mux(stream.encode(None))


def test_what_holds_mpeg_4_is_no_film(tmp_path: Path) -> None:
    shades(tmp_path / "a.m4v", "mpeg4", 25)
    whole = (tmp_path / "a.m4v").read_bytes()
    with open_source(str(tmp_path / "a.m4v")) as source:
        assert len(list(source)) == 5
    (tmp_path / "b.m4v").write_bytes(b"rust" + bytes(300) + whole)
    with pytest.raises(StudioError, match="no film and no picture"):
        open_source(str(tmp_path / "b.m4v"))


@pytest.mark.parametrize("suffix", ["txt", "asc", "nfo", "ans", "diz", "art", "ice", "vt", "cdg", "idf", "h261"])
@pytest.mark.parametrize("what", ["text", "tabs", "noise", "zeros"])
def test_a_name_alone_makes_no_film(tmp_path: Path, suffix: str, what: str) -> None:
    lines = b"".join(b"line %d of a text\n" % number for number in range(900))
    content = {"text": lines, "tabs": lines.replace(b" ", b"\t"), "noise": NOISE * 9, "zeros": bytes(40_000)}[what]
    path = tmp_path / f"readme.{suffix}"
    path.write_bytes(content)
    with pytest.raises(StudioError) as refused:
        open_source(str(path))
    assert "is text" in str(refused.value) or what != "text" or suffix == "h261"


def test_streams_of_jpegs_and_drawings_of_terminals_are_films(tmp_path: Path) -> None:
    (tmp_path / "a.mjpeg").write_bytes(b"".join(jpegs()))
    drawn = b"\x1b[31mred\x1b[0m\r\n" * 40
    (tmp_path / "a.ans").write_bytes(drawn)
    # Behind most of them stands who drew them, padded with zeros.
    (tmp_path / "b.ans").write_bytes(drawn + b"\x1aSAUCE00" + b"A drawing".ljust(93) + b"\1\1" + bytes(25))
    shades(tmp_path / "a.h261", "h261", 30)
    for name in ("a.mjpeg", "a.ans", "b.ans", "a.h261"):
        with open_source(str(tmp_path / name)) as source:
            assert len(list(source)) >= 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"8BPS" + bytes([0, 1]) + bytes(7) + b"\x03\0\0\0\x08\0\0\0\x08\0\x08\0\x07" + bytes(14 + 192), "a Photoshop"),
        (b"\x80\x2a\x5f\xd7" + bytes(196) + struct.pack(">II", 8, 8) + bytes(2048), "a Cineon"),
    ],
    ids=["several inks", "Cineon"],
)
def test_a_picture_of_a_kind_that_is_not_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(StudioError, match=said):
        open_source(str(tmp_path / "a.bin"))
