"""Pictures as people bring them: held any way, of any depth, with a profile, in a phone's tiles, moving, broken."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from films import numbered, numbers
from PIL import Image, ImageCms
from PIL.Image import Transpose
from profiles import matrix_profile

from studio.errors import StudioError
from studio.io.sources import at_constant_rate, open_source
from studio.io.sources._stills.heif import kind_of
from studio.io.sources.base import orient
from studio.io.sources.image import read_picture
from studio.model.networks.picture import DeepPicture, shallow

# EXIF's orientation -> how the stored picture is turned upright; see `orient`.
TURNS = {
    1: (False, False, False), 2: (False, True, False), 3: (False, True, True), 4: (False, False, True),
    5: (True, False, False), 6: (True, True, False), 7: (True, True, True), 8: (True, False, True),
}  # fmt: skip


def only(path: Path) -> DeepPicture:
    with open_source(str(path)) as source:
        assert source.info.fps is None, "a still picture has no rate"
        (frame,) = source
        assert source.info.size == frame.picture.shape[:2]
    return frame.picture


def corners(width: int = 48, height: int = 32) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (220, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 200, 40)
    picture[height // 2 :, : width // 2] = (40, 50, 210)
    picture[height // 2 :, width // 2 :] = (230, 220, 60)
    return picture


@pytest.mark.parametrize("kind", ["tiff", "tiff-lzw", "tiff-16", "jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("value", list(TURNS))
def test_every_orientation_of_every_format(tmp_path: Path, kind: str, value: int) -> None:
    stored = corners()
    exif = Image.Exif()
    exif[0x0112] = value
    suffix = kind.partition("-")[0]
    path = tmp_path / f"a.{suffix}"
    if kind == "tiff-16":
        # Pillow writes no 16 bits of three channels: OpenCV's file, with the tag's value put in.
        cv2.imwrite(str(path), stored[:, :, ::-1].astype(np.uint16) * 257, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
        if not _set_tiff_orientation(path, value):
            pytest.skip("this OpenCV writes no orientation to change")
    elif kind == "tiff-lzw":
        Image.fromarray(stored).save(path, compression="tiff_lzw", exif=exif)
    else:
        Image.fromarray(stored).save(path, exif=exif, **({"quality": 100} if suffix != "png" else {}))
    wanted = orient(stored, *TURNS[value])
    found = shallow(only(path))
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).mean() < 12


def _set_tiff_orientation(path: Path, value: int) -> bool:
    data = bytearray(path.read_bytes())
    order = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    for place in range(at + 2, at + 2 + 12 * int.from_bytes(data[at : at + 2], order), 12):
        if int.from_bytes(data[place : place + 2], order) == 274:
            data[place + 8 : place + 10] = value.to_bytes(2, order)
            path.write_bytes(data)
            return True
    return False


def _p3() -> bytes:
    """A profile whose primaries are wider than sRGB's: the Lab space will not do, so Adobe's are built by hand."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_a_profile_of_srgb_changes_nothing(tmp_path: Path) -> None:
    Image.fromarray(corners()).save(tmp_path / "a.png", icc_profile=_p3())
    assert np.array_equal(only(tmp_path / "a.png"), corners())


P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp", "avif"])
def test_a_wide_profile_is_brought_to_srgb(tmp_path: Path, suffix: str) -> None:
    flat = np.full((16, 16, 3), (128, 180, 128), np.uint8)
    profile = matrix_profile(P3, 2.2)
    options = {} if suffix in ("png", "tiff") else {"lossless": True} if suffix == "webp" else {"quality": 100}
    Image.fromarray(flat).save(tmp_path / f"a.{suffix}", icc_profile=profile, **options)
    wanted = ImageCms.profileToProfile(
        Image.fromarray(flat), ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    )
    assert wanted is not None
    found = only(tmp_path / f"a.{suffix}")
    assert np.abs(found.astype(int) - np.array(wanted)).max() <= 3
    assert np.abs(found.astype(int) - flat).max() > 10


def _of_greys(gamma: float) -> bytes:
    """An ICC profile of greys with this curve."""
    white = struct.pack(">3i", 63190, 65536, 54061)
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + white,
        b"kTRC": b"curv\0\0\0\0\0\0\0\1" + struct.pack(">Hxx", round(gamma * 256)),
    }
    table, place = struct.pack(">I", len(tags)), 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += struct.pack(">4sII", name, place, len(body))
        place += len(body)
    head = struct.pack(">I4sI4s4s4s12x4s28x", place, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp") + white
    return head.ljust(128, b"\0") + table + b"".join(tags.values())


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_profile_of_greys_is_followed(tmp_path: Path, suffix: str) -> None:
    greys = np.tile(np.arange(0, 256, 4, np.uint8), (16, 1))
    path = tmp_path / f"a{suffix}"
    Image.fromarray(greys).save(path, icc_profile=_of_greys(1.0), **({"quality": 100} if suffix == ".jpg" else {}))
    found = read_picture(path)
    light = greys / 255
    meant = 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    # Of JPEG the darkest are a level off, which is eleven on the screen.
    assert np.abs(found[:, 8:] - meant[:, 8:, None]).max() < 3
    deep = tmp_path / "deep.png"
    Image.fromarray(greys.astype(np.uint16) * 257).save(deep, icc_profile=_of_greys(1.0))
    assert np.abs(read_picture(deep)[:, 8:] / 257 - meant[:, 8:, None]).max() < 3


def test_sixteen_bits_keep_what_lies_between_the_levels_of_eight(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(20000, 20512, dtype=np.uint16)[None, :, None], 3, axis=2)
    cv2.imwrite(str(tmp_path / "a.png"), ramp)
    assert np.array_equal(only(tmp_path / "a.png"), ramp)
    cv2.imwrite(str(tmp_path / "a.tiff"), ramp)
    assert np.array_equal(only(tmp_path / "a.tiff"), ramp)


def test_moving_pictures_are_films(tmp_path: Path) -> None:
    frames = [Image.fromarray(numbered(index)) for index in range(12)]
    for suffix, options in (("webp", {"lossless": True}), ("png", {}), ("avif", {"quality": 90}), ("gif", {})):
        path = tmp_path / f"a.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, loop=0, **options)
        with open_source(str(path)) as source:
            assert source.info.fps == 25, suffix
            assert numbers(frame.picture for frame in at_constant_rate(source, Fraction(25))) == list(range(12)), suffix
            assert source.info.duration == pytest.approx(0.48, abs=0.05), suffix
        # What it is, not what it is called, tells a still from a film.
        renamed = path.with_suffix(".bin")
        path.rename(renamed)
        with open_source(str(renamed)) as source:
            assert source.info.fps == 25, suffix


@pytest.mark.parametrize("value", [2, 3, 6, 7])
@pytest.mark.parametrize("suffix", ["webp", "png"])
def test_an_animation_is_turned_upright(tmp_path: Path, suffix: str, value: int) -> None:
    path, said = tmp_path / f"a.{suffix}", Image.Exif()
    said[0x0112] = value
    frames = [Image.fromarray(np.roll(corners(), index, 1)) for index in range(3)]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, exif=said, **options)
    turned = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE}
    with open_source(str(path)) as source:
        shown = [frame.picture for frame in source]
        assert source.info.size == shown[0].shape[:2]
    for picture, frame in zip(shown, frames, strict=True):
        assert np.array_equal(picture, np.array(frame.transpose(turned[value])))


def test_an_animation_of_two_delays_loses_none(tmp_path: Path) -> None:
    frames = [Image.fromarray(numbered(index)) for index in range(8)]
    delays = [40, 40, 80, 40, 120, 40, 40, 40]
    path = tmp_path / "a.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=delays, lossless=True)
    with open_source(str(path)) as source:
        assert source.info.fps == 25
        shown = numbers(frame.picture for frame in at_constant_rate(source, Fraction(25)))
    assert shown == [0, 1, 2, 2, 3, 4, 4, 4, 5, 6, 7]


def test_a_still_of_every_kind_has_no_rate(tmp_path: Path) -> None:
    picture = Image.fromarray(corners())
    for suffix in ("webp", "gif", "avif", "jp2", "tga", "ico", "pcx"):
        path = tmp_path / f"a.{suffix}"
        picture.save(path)
        assert only(path).shape[2] == 3, suffix


def test_floats_of_light_get_the_curve_of_screens(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("exr", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "gbrpf32le"
        values = np.zeros((16, 32, 3), np.float32)
        values[:, :8], values[:, 8:16], values[:, 16:24] = 0.18, 1.0, 4.0
        container.mux(stream.encode(av.VideoFrame.from_ndarray(values, format="gbrpf32le")))
        container.mux(stream.encode(None))
    found = shallow(only(path))
    assert [int(found[8, column, 0]) for column in (4, 12, 20, 28)] == [118, 255, 255, 0]


def test_folders_and_patterns_take_every_kind(tmp_path: Path) -> None:
    for index, suffix in enumerate(("png", "jpg", "webp", "avif", "tga", "jp2", "gif", "pbm")):
        picture = Image.fromarray(numbered(index))
        (picture.convert("1") if suffix == "pbm" else picture).save(tmp_path / f"f{index}.{suffix}")
    with open_source(str(tmp_path)) as source:
        assert numbers(frame.picture for frame in source) == list(range(8))
    for spec, wanted in (("f%d.*", None), ("f*.png", [0]), ("f[1-3].*", [1, 2, 3])):
        if wanted is None:
            continue
        with open_source(str(tmp_path / spec)) as source:
            assert numbers(frame.picture for frame in source) == wanted, spec
    for index in range(9, 12):
        Image.fromarray(numbered(index)).save(tmp_path / f"g_{index:04d}.png")
    with open_source(str(tmp_path / "g_%04d.png")) as source:
        assert numbers(frame.picture for frame in source) == [9, 10, 11]
    with pytest.raises(StudioError, match="fits the pattern"):
        open_source(str(tmp_path / "h_%04d.png"))


def test_a_file_that_lacks_its_last_bytes_alone_is_shown(tmp_path: Path) -> None:
    for suffix, cut in (("jpg", 2), ("png", 12)):
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(corners()).save(path)
        whole = only(path)
        path.write_bytes(path.read_bytes()[:-cut])
        with open_source(str(path)) as source:
            assert np.array_equal(next(iter(source)).picture, whole)
            assert source.warning is not None
            assert "cut off" in source.warning
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
        with pytest.raises(StudioError, match="damaged or cut off"):
            open_source(str(path))


def test_opacity_of_avif_lies_over_black(tmp_path: Path) -> None:
    pixels = np.full((16, 32, 4), 200, np.uint8)
    pixels[:, :, 3] = np.where(np.arange(32) < 16, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "a.avif", quality=100)
    found = only(tmp_path / "a.avif")
    assert found[:, :14].max() <= 3
    assert abs(int(found[8, 24, 0]) - 200) <= 4


def test_brands_tell_heic_from_avif_and_films() -> None:
    def ftyp(major: bytes, *others: bytes) -> bytes:
        body = major + b"\0\0\0\0" + b"".join(others)
        return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body

    assert kind_of(ftyp(b"heic", b"mif1", b"heic")) == "heic"
    assert kind_of(ftyp(b"mif1", b"heix")) == "heic"
    assert kind_of(ftyp(b"avif", b"mif1", b"miaf")) == "avif"
    assert kind_of(ftyp(b"mif1", b"avif")) == "avif"
    assert kind_of(ftyp(b"isom", b"iso2", b"mp41")) == ""
    assert kind_of(b"") == ""


# -- what OpenCV leaves undone -----------------------------------------------------------------------------------------


def eight(path: Path) -> np.ndarray:
    """The picture with values from 0 to 255, in floating point."""
    picture = only(path)
    return picture.astype(float) / (257 if picture.dtype == np.uint16 else 1)


GREYS = np.random.default_rng(0).integers(0, 256, (20, 31), np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (20, 31, 3), np.uint8)
OPACITY = np.random.default_rng(2).integers(0, 256, (20, 31), np.uint8)


@pytest.mark.parametrize("largest", [1, 15, 100, 254, 255, 256, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", ["P2", "P3", "P5", "P6"])
def test_the_largest_value_of_a_pnm_is_white(tmp_path: Path, kind: str, largest: int) -> None:
    shape = (20, 31, 3) if kind in ("P3", "P6") else (20, 31)
    values = np.random.default_rng(largest).integers(0, largest + 1, shape)
    head = f"{kind}\n# by hand\n31 20\n{largest}\n".encode()
    if kind in ("P2", "P3"):
        body = " ".join(map(str, values.ravel())).encode()  # and no line's end behind it
    else:
        body = values.astype(">u2" if largest > 255 else "u1").tobytes()
    path = tmp_path / "a.pnm"
    path.write_bytes(head + body)
    wanted = values / largest * 255
    assert np.abs(eight(path) - (wanted if values.ndim == 3 else wanted[:, :, None])).max() <= 1.0


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "P"])
def test_a_colour_that_a_png_names_as_transparent_is_black(tmp_path: Path, mode: str) -> None:
    stored = {"L": GREYS, "I;16": GREYS.astype(np.uint16) * 257, "RGB": RGB, "P": GREYS // 8}[mode].copy()
    stored[3:6] = key = stored[0, 0]
    image = Image.fromarray(stored)
    if mode == "P":
        image.putpalette([value for grey in range(256) for value in (grey, 255 - grey, 128)])
    transparent = tuple(map(int, key)) if mode == "RGB" else int(key)
    image.save(tmp_path / "a.png", transparency=transparent)
    shown = np.array(image.convert("RGB")).astype(float) if mode == "P" else stored / (257 if mode == "I;16" else 1)
    shown = np.repeat(shown[:, :, None], 3, 2) if shown.ndim == 2 else shown
    clear = (stored == key).all(2) if mode == "RGB" else stored == key
    assert clear[3:6].all()
    assert np.abs(eight(tmp_path / "a.png") - np.where(clear[:, :, None], 0, shown)).max() <= 1.0


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_opacity_of_a_tiff_counts_once(tmp_path: Path, mode: str, compression: str | None) -> None:
    colours = RGB if mode == "RGBA" else GREYS[:, :, None]
    Image.fromarray(np.dstack([colours, OPACITY]), mode).save(tmp_path / "a.tif", compression=compression)
    wanted = np.broadcast_to(colours, (20, 31, 3)) * (OPACITY[:, :, None] / 255)
    assert np.abs(eight(tmp_path / "a.tif") - wanted).max() <= 1.0


def _tiff(values: np.ndarray, extra: int) -> bytes:
    """A TIFF of one strip of (H, W, 4) values of 16 bits; `extra` says what the fourth is."""
    height, width, _ = values.shape
    at = 8 + 2 + 10 * 12 + 4
    bits = at + values.nbytes
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, 4, bits), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, at),
        (277, 3, 1, 4), (278, 3, 1, height), (279, 4, 1, values.nbytes), (338, 3, 1, extra),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + directory + values.astype("<u2").tobytes() + struct.pack("<4H", *[16] * 4)


@pytest.mark.parametrize("extra", [1, 2])
def test_deep_opacity_of_a_tiff_counts_as_the_tiff_says(tmp_path: Path, extra: int) -> None:
    deep = np.random.default_rng(3).integers(0, 65536, (20, 31, 4), np.uint16)
    (tmp_path / "a.tif").write_bytes(_tiff(deep, extra))
    rgb, opacity = deep[:, :, :3] / 257, deep[:, :, 3:] / 65535
    assert np.abs(eight(tmp_path / "a.tif") - (rgb if extra == 1 else rgb * opacity)).max() <= 0.02


def test_light_in_a_png_gets_the_curve_of_screens(tmp_path: Path) -> None:
    flat = np.full((4, 4, 3), round(0.18 * 65535), np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), flat)
    data = (tmp_path / "a.png").read_bytes()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    light, usual = chunk(b"gAMA", (100_000).to_bytes(4, "big")), chunk(b"gAMA", (45_455).to_bytes(4, "big"))
    srgb = chunk(b"sRGB", b"\0")
    for inserted, wanted in ((light, 118.0), (usual, 45.9), (light + srgb, 45.9)):
        (tmp_path / "a.png").write_bytes(data[:33] + inserted + data[33:])
        assert abs(eight(tmp_path / "a.png").mean() - wanted) < 0.5


def test_a_qoi_says_nothing_by_what_it_says_of_its_curve(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.qoi")
    assert np.array_equal(only(tmp_path / "a.qoi"), RGB)


def test_of_two_exif_parts_of_a_jpeg_the_first_counts(tmp_path: Path) -> None:
    """As for other readers, where an editor left the camera's behind its own."""
    held = io.BytesIO()
    Image.new("RGB", (48, 16)).save(held, "JPEG")
    whole = held.getvalue()
    for first, second, shape in ((6, 1, (48, 16)), (1, 6, (16, 48)), (3, 8, (16, 48))):
        parts = b""
        for value in (first, second):
            part = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 274, 3, 1, value, 0)
            parts += b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part
        (tmp_path / "a.jpg").write_bytes(whole[:2] + parts + whole[2:])
        assert read_picture(tmp_path / "a.jpg").shape[:2] == shape
