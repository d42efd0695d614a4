"""TIFFs of kinds that cameras do not write: other numbers, planes, inks, L*a*b*, BigTIFF; raw photographs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from studio.errors import StudioError
from studio.io.places import refuse_overlap
from studio.io.resize import resized
from studio.io.sources import open_source
from studio.io.sources._files.header import Header, read_header
from studio.io.sources._stills.tiff_pages import Pages
from studio.io.sources.image import read_picture, read_still
from studio.model.declared.size import Size

_Y, _X = np.mgrid[0:40, 0:56]
RGB = np.stack([_X * 4, _Y * 6, (_X + _Y) * 2], axis=-1).astype(np.uint8)
DEEP = (RGB.astype(np.uint16) << 8) + 77
GREY = DEEP[:, :, 0]


def written(path: Path, values: np.ndarray, **how: Any) -> Path:
    tifffile.imwrite(path, values, **how)
    return path


def packed(path: Path, parts: Iterator[bytes], values: np.ndarray, compression: int, **how: Any) -> Path:
    """A TIFF of strips or tiles that are packed already, in a way that tifffile does not write."""
    tifffile.imwrite(path, parts, shape=values.shape, dtype=values.dtype, compression="deflate", **how)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[259].overwrite(compression)
    return path


KINDS = {
    "planes of 16 bits": (np.moveaxis(DEEP, 2, 0), {"photometric": "rgb", "planarconfig": "separate"}, DEEP),
    "planes of 8 bits": (np.moveaxis(RGB, 2, 0), {"photometric": "rgb", "planarconfig": "separate"}, RGB),
    "white is zero": (~GREY, {"photometric": "miniswhite"}, np.dstack([GREY] * 3)),
    "BigTIFF": (DEEP, {"photometric": "rgb", "bigtiff": True}, DEEP),
    "BigTIFF, big-endian": (RGB, {"photometric": "rgb", "bigtiff": True, "byteorder": ">"}, RGB),
    "32 bits": (DEEP.astype(np.uint32) * 65537, {"photometric": "rgb"}, DEEP),
    "halves": ((DEEP / 65535).astype(np.float16), {"photometric": "rgb"}, DEEP),
    "small tiles": (RGB, {"photometric": "rgb", "tile": (16, 16)}, RGB),
    "five channels": (np.dstack([RGB, RGB[:, :, :2]]), {"photometric": "rgb", "extrasamples": [0, 0]}, RGB),
    "LZMA": (RGB, {"photometric": "rgb", "compression": "lzma"}, RGB),
    "several pages": (np.stack([DEEP, ~DEEP]), {"photometric": "rgb"}, DEEP),
}


@pytest.mark.parametrize("kind", KINDS)
def test_its_values_are_those_that_were_written(tmp_path: Path, kind: str) -> None:
    values, how, meant = KINDS[kind]
    found = read_picture(written(tmp_path / "a.tif", values, **how))
    assert found.dtype == meant.dtype
    # Halves have eleven bits.
    assert np.abs(found.astype(int) - meant).max() <= (32 if kind == "halves" else 0)


@pytest.mark.parametrize("value", range(1, 9))
def test_it_is_upright_whoever_reads_it(tmp_path: Path, value: int) -> None:
    Image.fromarray(RGB).save(tmp_path / "plain.tif", tiffinfo={274: value})
    orientation = (274, "H", 1, value, True)
    planes = np.moveaxis(DEEP, 2, 0)
    path = written(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate", extratags=[orientation])
    assert np.array_equal(read_picture(path) >> 8, read_picture(tmp_path / "plain.tif"))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_lab_is_the_picture_that_littlecms_made_it_of(tmp_path: Path, compression: str | None) -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    # Away from the edges of what a screen shows, where eight bits of L*a*b* are coarse.
    picture = 60 + RGB // 2
    stored = ImageCms.profileToProfile(Image.fromarray(picture), srgb, lab, outputMode="LAB")
    assert stored is not None
    stored.save(tmp_path / "a.tif", compression=compression)
    error = np.abs(read_picture(tmp_path / "a.tif") / 257 - picture)
    assert error.max() < 4
    assert error.mean() < 0.6


def test_lab_of_16_bits(tmp_path: Path) -> None:
    lab = np.zeros((4, 4, 3), np.uint16)
    lab[:, :, 0] = 53.24 / 100 * 65535
    lab[:, :, 1], lab[:, :, 2] = round(80.09 * 256), round(67.2 * 256)
    found = read_picture(written(tmp_path / "a.tif", lab, photometric="cielab"))
    # The red of BT.709, whose L*a*b* this is under D65, within what the white matters.
    assert found[0, 0, 0] > 63000
    assert found[0, 0, 1:].max() < 9000


def test_inks_of_16_bits_are_as_those_of_8(tmp_path: Path) -> None:
    inks = np.dstack([RGB, RGB[:, :, 0] // 3])
    eight = read_picture(written(tmp_path / "8.tif", inks, photometric="separated"))
    deep = read_picture(written(tmp_path / "16.tif", inks.astype(np.uint16) * 257, photometric="separated"))
    assert np.abs(deep.astype(int) - eight).max() <= 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"extratags": [(50706, "B", 4, b"\1\4\0\0", True)]}, "raw photograph"),
        ({}, "JPEG2000"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, how: dict[str, Any], words: str) -> None:
    path = tmp_path / "a.tif"
    data = written(path, RGB, photometric="rgb", **how).read_bytes()
    if words == "JPEG2000":
        # As if the pixels were packed so: the file's own tag 259 says it.
        path.write_bytes(data.replace(b"\x03\1\x03\0\1\0\0\0\1\0\0\0", b"\x03\1\x03\0\1\0\0\0\x98\x87\0\0"))
    with pytest.raises(StudioError, match=words):
        read_picture(path)


def test_signed_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="int16; save it with 8 or 16 bits"):
        read_picture(written(tmp_path / "a.tif", DEEP.astype(np.int16), photometric="rgb"))


@pytest.mark.parametrize("how", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"bigtiff": True, "byteorder": ">"}])
def test_of_several_pages_the_first_is_shown_and_said(how: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "stack.tif", np.stack([RGB, RGB[::-1], RGB // 2]), photometric="rgb", **how)
    still = read_still(path)
    assert np.array_equal(still.picture, RGB)
    assert still.remark is not None
    assert "it holds 3 pictures, of which the first is shown" in still.remark
    data = path.read_bytes()
    # Of a file that is cut short or damaged it is not said, and nothing ends by it.
    assert all(1 <= len(Pages(data[:length])) <= 3 for length in range(0, len(data), 7))
    assert len(Pages(b"II*\0\xff\xff\xff\xff" + bytes(99))) == 1


@pytest.mark.parametrize("how", [{}, {"bigtiff": True}, {"byteorder": ">", "compression": "deflate"}])
def test_pages_are_a_film_and_each_is_a_picture(how: dict[str, Any], tmp_path: Path) -> None:
    pages = np.stack([RGB, RGB[::-1], RGB // 2])
    path = written(tmp_path / "a stack.tif", pages, photometric="rgb", **how)
    with open_source(f"pages:{path}", fps=Fraction(10)) as film:
        assert (film.info.fps, film.info.frames) == (10, 3)
        for wanted, frame in zip(pages, film, strict=True):
            assert np.array_equal(frame.picture, wanted)
        assert np.array_equal(next(film.frames(0.2)).picture, pages[2])  # type: ignore[attr-defined]
    for number, wanted in enumerate(pages, start=1):
        with open_source(f"page:{number}:{path}") as still:
            assert np.array_equal(next(iter(still)).picture, wanted)
            assert still.remark is None
    with pytest.raises(StudioError, match="holds 3 pictures, and none of number 4"):
        open_source(f"page:4:{path}")
    with pytest.raises(StudioError, match="counted from 1"):
        open_source(f"page:0:{path}")
    with pytest.raises(StudioError, match="own source"):
        refuse_overlap(f"pages:{path}", path)


def test_pages_of_other_kinds_and_damaged_ones(tmp_path: Path) -> None:
    """Each page is read as a file of it alone would be; one that is damaged is passed over, and named."""
    path = tmp_path / "mixed.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(RGB, photometric="rgb")
        file.write(np.moveaxis(DEEP, 2, 0), photometric="rgb", planarconfig="separate")
        file.write(RGB[:, :, 0], photometric="minisblack", compression="deflate")
    data = bytearray(path.read_bytes())
    with open_source(f"pages:{path}") as film:
        first, second, third = (frame.picture for frame in film)
    assert np.array_equal(first, RGB)
    assert np.array_equal(second, DEEP)
    assert np.array_equal(third, np.repeat(RGB[:, :, :1], 3, axis=2))
    with tifffile.TiffFile(path) as file:
        at = file.pages[2].dataoffsets[0]
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(data)
    with open_source(f"pages:{path}") as film:
        assert len(list(film)) == 3
        assert film.warning is not None
        assert "damaged" in film.warning


def codestream(part: np.ndarray) -> bytes:
    """JPEG 2000 without a loss."""
    if part.dtype == np.uint16 and part.ndim == 3:  # which Pillow does not write, and OpenCV from 32 pixels a side on
        _, data = cv2.imencode(".jp2", part[:, :, ::-1], [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
        return data.tobytes()[data.tobytes().index(b"\xff\x4f\xff\x51") :]
    with BytesIO() as file:
        Image.fromarray(part).save(file, "JPEG2000", no_jp2=True, irreversible=False, num_resolutions=1)
        return file.getvalue()


@pytest.mark.parametrize("tile", [None, (16, 16), (32, 48)])
@pytest.mark.parametrize("picture", [RGB, DEEP, RGB[:, :, 0], DEEP[:, :, 1]], ids=["rgb8", "rgb16", "grey8", "grey16"])
def test_strips_and_tiles_of_jpeg_2000_are_read(
    picture: np.ndarray, tile: tuple[int, int] | None, tmp_path: Path
) -> None:
    height, width = picture.shape[:2]
    tall, wide = tile or (7, width)
    if picture is DEEP and min(tall, wide) < 32:
        tall, wide = tile = (48, 64)
    wanted = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)

    def coded() -> Iterator[bytes]:
        for top in range(0, height, tall):
            for left in range(0, width, wide):
                part = picture[top : top + tall, left : left + wide]
                room = (tall - part.shape[0] if tile else 0, wide - part.shape[1])
                part = np.pad(part, ((0, room[0]), (0, room[1]), *[(0, 0)] * (picture.ndim - 2)), mode="edge")
                yield codestream(part)

    how: dict[str, Any] = {"tile": tile} if tile else {"rowsperstrip": tall}
    how["photometric"] = "rgb" if picture.ndim == 3 else "minisblack"
    path = packed(tmp_path / "a.tif", coded(), picture, 34712, **how)
    assert np.array_equal(read_picture(path), wanted)
    data = path.read_bytes()
    at = data.rindex(b"\xff\x4f\xff\x51")
    path.write_bytes(data[: at + 8] + b"\0\x0f\xff\xff" * 2 + data[at + 16 :])
    with pytest.raises(StudioError, match=r"its compression \(JPEG2000\)"):
        read_picture(path)


@pytest.mark.parametrize("how", [{}, {"rowsperstrip": 8}, {"tile": (16, 16)}, {"predictor": True}, {"byteorder": ">"}])
@pytest.mark.parametrize("place", [0.0, 0.5, 0.9])
def test_damage_within_a_picture_is_said(how: dict[str, Any], place: float, tmp_path: Path) -> None:
    """OpenCV shows what is black or noise there, without a word."""
    path = written(tmp_path / "a.tif", RGB, photometric="rgb", compression="deflate", **how)
    assert read_still(path).warning is None
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        at = page.dataoffsets[-1] + int(page.databytecounts[-1] * place)
    data[at : at + 4] = bytes(255 - value for value in data[at : at + 4])
    path.write_bytes(data)
    try:
        warning = read_still(path).warning
    except StudioError as error:
        warning = str(error)
    assert warning is not None
    assert "damaged" in warning


@pytest.mark.parametrize(("number", "name"), [(34887, "LERC"), (50002, "JPEGXL"), (34926, "ZSTD")])
def test_a_compression_that_nobody_here_reads_is_named_with_the_way_on(number: int, name: str, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tif", iter([b"\0" * 99]), RGB, number, photometric="rgb", rowsperstrip=RGB.shape[0])
    with pytest.raises(StudioError, match=name) as caught:
        read_picture(path)
    assert "save it as PNG" in str(caught.value)
    assert "pip install imagecodecs" in str(caught.value)


def test_smaller_copies_of_a_picture_are_no_pages(tmp_path: Path) -> None:
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(RGB, photometric="rgb")
        file.write(np.ascontiguousarray(RGB[::2, ::2]), photometric="rgb", subfiletype=1)
    assert read_still(path).remark is None


@pytest.mark.parametrize("how", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_a_smaller_copy_in_front_is_no_page_either(how: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path, **how) as file:
        file.write(np.ascontiguousarray(RGB[::2, ::2]), photometric="rgb", subfiletype=1)
        file.write(RGB, photometric="rgb")
        file.write(DEEP, photometric="rgb")
    with open_source(f"pages:{path}") as film:
        first, second = (frame.picture for frame in film)
    assert np.array_equal(first, RGB)
    assert np.array_equal(second, resized(DEEP, Size.of(RGB), "linear"))
    assert np.array_equal(read_still(path, page=1).picture, RGB)
    assert np.array_equal(read_still(path, page=2).picture, DEEP)
    # It is no raw photograph either, and its first page is what is shown of it.
    still = read_still(path)
    assert np.array_equal(still.picture, RGB)
    assert still.remark is not None
    assert "holds 2 pictures" in still.remark
    with pytest.raises(StudioError, match="none of number 3"):
        read_still(path, page=3)


def test_a_smaller_copy_alone_is_shown_and_before_a_picture_apart_that_one(tmp_path: Path) -> None:
    small = np.ascontiguousarray(RGB[::2, ::2])
    assert np.array_equal(read_picture(written(tmp_path / "a.tif", small, photometric="rgb", subfiletype=1)), small)
    for name, apart, photometric in (("b.tif", RGB, "rgb"), ("c.tif", RGB[..., 0], "cfa")):
        with tifffile.TiffWriter(tmp_path / name) as file:
            file.write(small, photometric="rgb", subfiletype=1, subifds=1)
            file.write(np.ascontiguousarray(apart), photometric=photometric)
    assert np.array_equal(read_picture(tmp_path / "b.tif"), RGB)
    with pytest.raises(StudioError, match="raw photograph"):
        read_picture(tmp_path / "c.tif")


def test_a_file_of_pages_is_read_once_and_no_page_takes_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = np.stack([np.roll(RGB, number, axis=1) for number in range(12)])
    path = written(tmp_path / "stack.tif", stack, photometric="rgb")
    whole = path.stat().st_size
    taken: list[int] = []

    def watched(data: bytes) -> Header | None:
        taken.append(len(data))
        return read_header(data)

    with open_source(f"pages:{path}") as film:
        monkeypatch.setattr("studio.io.sources.image.read_header", watched)
        monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("the file is read again"))
        for wanted, frame in zip(stack, film, strict=True):
            assert np.array_equal(frame.picture, wanted)
    assert len(taken) == 12
    assert max(taken) < whole / 8


@pytest.mark.parametrize("compression", ["jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_packed_pages_keep_their_profile_and_orientation(compression: str, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number, picture in enumerate((RGB, RGB[::-1].copy()), start=1):
        how: dict[str, Any] = {"compression": compression, "icc_profile": profile, "tiffinfo": {274: 6}}
        Image.fromarray(picture).save(tmp_path / f"{number}.tif", **how)
    Image.fromarray(RGB).save(
        tmp_path / "both.tif", save_all=True, append_images=[Image.fromarray(RGB[::-1].copy())], **how
    )
    pages = Pages((tmp_path / "both.tif").read_bytes())
    for number in (1, 2):
        (tmp_path / "alone.tif").write_bytes(pages.alone(number))
        with Image.open(tmp_path / "alone.tif") as image:
            assert image.info["icc_profile"] == profile
        wanted = read_picture(tmp_path / f"{number}.tif")
        assert wanted.shape == (56, 40, 3)
        assert np.array_equal(read_still(tmp_path / "both.tif", page=number).picture, wanted)


def test_no_page_is_made_larger_than_its_file(tmp_path: Path) -> None:
    """A list may name the same bytes thousands of times, as values or as parts."""
    path = written(tmp_path / "a.tif", RGB, photometric="rgb", rowsperstrip=1)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        for name, number in (("StripOffsets", 8), ("StripByteCounts", len(data) // 2)):
            tag = page.tags[name]
            step = 2 if tag.dtype == 3 else 4
            data[tag.valueoffset : tag.valueoffset + step * tag.count] = number.to_bytes(step, "little") * tag.count
    assert Pages(bytes(data)).alone(1) == bytes(data)
    listed = bytearray(path.read_bytes())
    for tag in page.tags.values():
        if tag.code in (270, 305):  # a text as long as the file
            listed[tag.offset + 4 : tag.offset + 12] = len(listed).to_bytes(4, "little") + bytes(4)
    assert Pages(bytes(listed)).alone(1) == bytes(listed)


def said_by(path: Path) -> list[tuple[int, Any]]:
    """The tags of the first picture, but for where its parts lie."""
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        return [(tag.code, tag.value) for tag in page.tags.values() if "Offsets" not in tag.name]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_a_page_alone_is_as_in_its_file(tmp_path: Path, kind: str, byteorder: str) -> None:
    values, how, _ = KINDS[kind]
    options: dict[str, Any] = {"byteorder": byteorder, "description": "x" * 99, **how}
    path = written(tmp_path / "a.tif", values, **options)
    data = path.read_bytes()
    pages = Pages(data)
    alone = pages.alone(1)
    assert len(Pages(alone)) == 1
    (tmp_path / "b.tif").write_bytes(alone)
    assert np.array_equal(read_picture(tmp_path / "b.tif"), read_picture(path))
    assert said_by(tmp_path / "b.tif") == said_by(path)
    # However it is cut short or damaged, there is an answer.
    for length in range(16, len(data), 101):
        for bad in (data[:length], data[:length] + b"\xff\xff" + data[length + 2 :]):
            found = Pages(bad)
            assert all(found.alone(number + 1) for number in range(len(found)))


def test_what_is_wrong_with_a_packed_picture_is_said_in_a_sentence_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """libtiff wrote lines of its own to standard error, by the name of a file that nobody has."""
    said: list[str] = []
    noise = np.random.default_rng(3).integers(0, 2**16, (32, 32)).astype(np.uint16)
    path = tmp_path / "a.tif"
    for kind, picture in (("tiff_lzw", Image.fromarray(noise)), ("group4", Image.fromarray(noise > 30000))):
        picture.save(path, compression=kind)
        whole = path.read_bytes()
        for place in range(40, len(whole) - 8, len(whole) // 20):
            path.write_bytes(whole[:place] + b"\xff\0\xff\0" + whole[place + 4 :])
            try:
                read_still(path)
            except StudioError as error:
                said.append(str(error))
    assert said
    assert all(str(path) in each for each in said)
    assert capfd.readouterr().err == ""
