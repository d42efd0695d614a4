"""Pictures that only their container says how to crop: fields put into films and pictures by hand, since nothing here
writes them."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import HEIGHT, WIDTH, make_film, numbers
from PIL import Image

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources._films.crop import crop_of_film, crop_of_picture
from studio.model.declared.size import Size

SEGMENT, TRACKS, TRACK, VIDEO, VOID = 0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0xEC
FIELDS = {"top": 0x54BB, "bottom": 0x54AA, "left": 0x54CC, "right": 0x54DD, "across": 0x54B0, "down": 0x54BA}
UNIT = 0x54B2


def detailed(index: int, width: int, height: int) -> np.ndarray:
    """No two rows or columns alike, so that one too many is seen."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), np.uint8)


def pictures(path: Path) -> list[np.ndarray]:
    with open_source(str(path)) as source:
        found = [frame.picture for frame in source]
        assert source.warning is None
        assert all(picture.shape[:2] == source.info.size for picture in found)
    return found


# Matroska


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        wide = 9 - data[place].bit_length()
        long = 9 - data[place + wide].bit_length()
        length = int.from_bytes(data[place + wide : place + wide + long], "big") & ((1 << 7 * long) - 1)
        if length == (1 << 7 * long) - 1:
            length = len(data)
        start = place + wide + long
        yield int.from_bytes(data[place : place + wide], "big"), data[start : start + length]
        place = start + length


def element(kind: int, content: bytes) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + (1 << 56 | len(content)).to_bytes(8, "big") + content


def cropped_matroska(data: bytes, wanted: int, **fields: int) -> bytes:
    """The same film with PixelCrop elements, or DisplayWidth and DisplayHeight, in one video track."""
    more = b"".join(element(FIELDS[name], pixels.to_bytes(2, "big")) for name, pixels in fields.items())
    more += element(UNIT, b"\0")
    seen = -1

    def remade(data: bytes, kinds: tuple[int, ...]) -> bytes:
        nonlocal seen
        out = b""
        for kind, content in elements(data):
            if kind == VIDEO and not kinds[1:]:
                seen += 1
                content += more if seen == wanted else b""
            elif kind == kinds[0]:
                content = remade(content, kinds[1:])
            # Places of what comes behind: they would be others.
            out += element(VOID if kind in (0x114D9B74, 0x1C53BB6B) else kind, content)
        return out

    return remade(data, (SEGMENT, TRACKS, TRACK, VIDEO))


@pytest.mark.parametrize("container", [{}, {"live": "1"}])
def test_matroska_crops_to_the_pixel(tmp_path: Path, container: dict[str, str]) -> None:
    film = make_film(tmp_path / "a.mkv", "ffv1", count=3, pixels="bgr0", draw=detailed, container=container)
    whole = pictures(film)
    film.write_bytes(cropped_matroska(film.read_bytes(), 0, top=5, bottom=16, left=7, right=20))
    assert all(np.array_equal(a, b[5:-16, 7:-20]) for a, b in zip(pictures(film), whole, strict=True))


def test_a_cropped_film_whose_pixels_are_not_square_is_as_wide_as_it_says(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", "ffv1", count=2, pixels="bgr0")
    # What is left of it, 160 by 64, is shown as 320 by 96: its pixels are 4/3 as wide as high.
    film.write_bytes(cropped_matroska(film.read_bytes(), 0, bottom=HEIGHT - 64, across=320, down=96))
    assert pictures(film)[0].shape == (64, 213, 3)


def test_each_track_has_a_crop_of_its_own(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mkv", "ffv1", count=2, pixels="bgr0", audio="flac")
    data = film.read_bytes()
    assert crop_of_film(film, 0, 0, Size(HEIGHT, WIDTH)) is None
    film.write_bytes(cropped_matroska(data, 0, left=40))
    assert pictures(film)[0].shape == (HEIGHT, WIDTH - 40, 3)
    film.write_bytes(cropped_matroska(data, 1, left=40))
    assert crop_of_film(film, 1, 0, Size(HEIGHT, WIDTH)) is None  # there is no second one


@pytest.mark.parametrize("sides", [{"top": HEIGHT}, {"left": 100, "right": 60}, {"bottom": 65535}])
def test_a_crop_of_more_than_there_is_is_refused_in_words(tmp_path: Path, sides: dict[str, int]) -> None:
    film = make_film(tmp_path / "a.mkv", "ffv1", count=2, pixels="bgr0")
    film.write_bytes(cropped_matroska(film.read_bytes(), 0, **sides))
    assert crop_of_film(film, 0, 0, Size(HEIGHT, WIDTH)) is None
    with pytest.raises(StudioError, match="damaged"):
        open_source(str(film))


# MOV and MP4, HEIF and AVIF


def clap(width: int, height: int, right: Fraction = Fraction(0), down: Fraction = Fraction(0)) -> bytes:
    """A clean aperture, and how far its centre lies from that of the picture."""
    offsets = (right.numerator, right.denominator, down.numerator, down.denominator)
    return struct.pack(">I4sIIIIiIiI", 40, b"clap", width, 1, height, 1, *offsets)


def boxes(data: bytes, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while place + 8 <= end:
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], place, length
        place += length


def put_in(data: bytes, kinds: list[bytes], box: bytes) -> bytes:
    """The film with a box at the end of the first entry of its first list of codecs; its index stands behind its
    pictures."""
    place, end, passed = 0, len(data), list[int]()
    for kind in kinds:
        place, length = next((start, length) for one, start, length in boxes(data, place, end) if one == kind)
        passed.append(place)
        end, place = place + length, place + (16 if kind == b"stsd" else 8)
    entry = place
    at = entry + int.from_bytes(data[entry : entry + 4], "big")
    out = bytearray(data)
    for start in (*passed, entry):
        out[start : start + 4] = (int.from_bytes(out[start : start + 4], "big") + len(box)).to_bytes(4, "big")
    out[at:at] = box
    return bytes(out)


INDEX = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"]


@pytest.mark.parametrize("turn", [0, 90])
def test_a_clean_aperture_is_what_is_shown(tmp_path: Path, turn: int) -> None:
    film = make_film(tmp_path / "a.mov", "png", count=3, pixels="rgb24", draw=detailed, turn=turn, container={})
    whole = pictures(film)
    film.write_bytes(put_in(film.read_bytes(), INDEX, clap(100, 61, Fraction(-9), Fraction(11, 2))))
    stored = [np.rot90(picture, -turn // 90) for picture in whole]
    cut = [np.rot90(picture[23:84, 21:121], turn // 90) for picture in stored]
    assert all(np.array_equal(a, b) for a, b in zip(pictures(film), cut, strict=True))


def test_a_track_as_large_as_its_clean_aperture_has_square_pixels(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mov", "png", count=2, pixels="rgb24", container={})
    data = bytearray(put_in(film.read_bytes(), INDEX, clap(WIDTH, HEIGHT - 8, Fraction(0), Fraction(-4))))
    head = data.index(b"tkhd") + 4 + 76
    assert struct.unpack(">II", data[head : head + 8]) == (WIDTH << 16, HEIGHT << 16)
    data[head : head + 8] = struct.pack(">II", WIDTH << 16, (HEIGHT - 8) << 16)
    # What FFmpeg writes of the shape of pixels is another word for none.
    film.write_bytes(bytes(data).replace(b"pasp", b"free"))
    assert pictures(film)[0].shape == (HEIGHT - 8, WIDTH, 3)


@pytest.mark.parametrize(
    "box", [clap(0, 0), clap(WIDTH + 2, HEIGHT), clap(WIDTH - 2, HEIGHT, Fraction(90)), clap(7, 3)[:20]]
)
def test_an_aperture_outside_the_picture_is_none(tmp_path: Path, box: bytes) -> None:
    film = make_film(tmp_path / "a.mov", "png", count=2, pixels="rgb24", container={})
    box = len(box).to_bytes(4, "big") + box[4:]
    film.write_bytes(put_in(film.read_bytes(), INDEX, box))
    assert numbers(pictures(film)) == [0, 1]


def avif(*frames: np.ndarray) -> bytes:
    out = io.BytesIO()
    first, *others = [Image.fromarray(frame) for frame in frames]
    moving = {"save_all": True, "append_images": others, "duration": 40} if others else {}
    first.save(out, "AVIF", quality=100, subsampling="4:4:4", **moving)
    return out.getvalue()


def cropped_avif(data: bytes, box: bytes) -> bytes:
    """The same with one property more of its picture, in place of a box that nobody needs."""
    # "pixi" says how many bits there are, once more; and its place is taken by "free" and the crop.
    out = bytearray(data)
    meta = next(place for kind, place, _ in boxes(data, 0, len(data)) if kind == b"meta")
    kept, ties = data.index(b"ipco", meta) - 4, data.index(b"ipma", meta) - 4
    added = len(box) + 1
    count = len(list(boxes(data, kept + 8, kept + int.from_bytes(data[kept : kept + 4], "big"))))
    many = ties + 18
    # Where the picture's own bytes begin, in the list of places and in those of a film's pictures.
    for kind in (b"iloc", b"stco"):
        for place in [at for at in range(len(data)) if data[at : at + 4] == kind]:
            first = place + (18 if kind == b"iloc" else 12)
            start = int.from_bytes(out[first : first + 4], "big")
            out[first : first + 4] = (start + added).to_bytes(4, "big")
    out[many] += 1
    end = many + out[many]
    out[end:end] = bytes([0x80 | (count + 1)])
    for place, more in ((ties, 1), (kept, len(box)), (data.index(b"iprp", meta) - 4, added), (meta, added)):
        out[place : place + 4] = (int.from_bytes(out[place : place + 4], "big") + more).to_bytes(4, "big")
    end = kept + int.from_bytes(data[kept : kept + 4], "big")
    out[end:end] = box
    return bytes(out)


def test_an_avif_is_cropped_before_it_is_turned(tmp_path: Path) -> None:
    ramp = np.zeros((64, 96, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(96) * 2, (np.arange(64) * 3)[:, None]
    data = cropped_avif(avif(ramp), clap(40, 30, Fraction(5), Fraction(-6)))
    assert crop_of_picture(data, Size(64, 96)) == (33, 11, (30, 40), None)
    (tmp_path / "a.avif").write_bytes(data)
    [shown] = pictures(tmp_path / "a.avif")
    assert shown.shape == (30, 40, 3)
    assert np.abs(shown.astype(int) - ramp[11:41, 33:73]).max() <= 3


def test_a_moving_avif_is_cropped(tmp_path: Path) -> None:
    frames = [np.full((64, 96, 3), shade, np.uint8) for shade in (40, 120, 200)]
    (tmp_path / "a.avif").write_bytes(cropped_avif(avif(*frames), clap(40, 30)))
    assert [picture.shape for picture in pictures(tmp_path / "a.avif")] == [(30, 40, 3)] * 3


@pytest.mark.parametrize("kind", ["mkv", "mov", "avif"])
def test_damaged_headers_crop_within_the_picture_or_not_at_all(tmp_path: Path, kind: str, fresh_seed: int) -> None:
    path, stored = tmp_path / f"a.{kind}", Size(HEIGHT, WIDTH)
    if kind == "avif":
        whole = cropped_avif(avif(detailed(0, WIDTH, HEIGHT)), clap(40, 30))
    else:
        codec, pixels = ("ffv1", "bgr0") if kind == "mkv" else ("png", "rgb24")
        whole = make_film(path, codec, count=2, pixels=pixels, container={}).read_bytes()
        cropped = kind == "mkv" and cropped_matroska(whole, 0, left=9, bottom=4)
        whole = cropped or put_in(whole, INDEX, clap(40, 30))
    rng, found = random.Random(fresh_seed), 0
    near = max(0, whole.find(b"moov")), whole.find(b"\x54\xaa") if kind == "mkv" else whole.find(b"clap")
    for number in range(300):
        data = bytearray(whole)
        for _ in range(rng.randrange(3)):
            data[rng.randrange(near[0], min(near[1] + 60, len(data)))] = rng.choice([0, 1, 255, rng.randrange(256)])
        path.write_bytes(data[: rng.randrange(len(data))] if number % 7 == 0 else data)
        crop = crop_of_film(path, 0, 1, stored)
        if crop is not None:
            found += 1
            assert min(crop.left, crop.top, *(side - 1 for side in crop.size)) >= 0
            assert crop.left + crop.size.width <= WIDTH
            assert crop.top + crop.size.height <= HEIGHT
    assert 50 < found < 300
