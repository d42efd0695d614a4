"""Pictures of kinds that readers take for something else: bitmaps of old headers, greys of light, words for light that
mean nothing."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from profiles import matrix_profile

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources.image import read_still

H, W = 23, 37
RGB = np.random.default_rng(1).integers(0, 256, (H, W, 3), np.uint8)
OPACITY = np.broadcast_to((np.arange(W) * 6).astype(np.uint8), (H, W))
GREY = RGB[..., 0]


def only(path: Path) -> np.ndarray:
    """(H, W, 3) float, from 0 to 255."""
    with open_source(str(path)) as source:
        [frame] = source
    return frame.picture / (257 if frame.picture.dtype == np.uint16 else 1)


def bitmap(
    bits: int,
    rows: np.ndarray,
    *,
    header: int = 40,
    masks: tuple[int, ...] = (),
    palette: bytes = b"",
    top: bool = False,
) -> bytes:
    """A BMP of rows as they are stored, from the lowest up unless `top`."""
    body = b"".join(row.tobytes() + bytes(-row.nbytes % 4) for row in (rows if top else rows[::-1]))
    if header == 12:
        head = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        kind, height = 3 if masks else 0, -H if top else H
        head = struct.pack("<IiiHHIIiiII", header, W, height, 1, bits, kind, len(body), 0, 0, len(palette) // 4, 0)
        head += struct.pack(f"<{len(masks)}I", *masks)
        head += bytes(max(0, header - len(head)))
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + palette + body


BGR = RGB[..., ::-1]
FIVE = (RGB >> 3).astype(np.uint16)
EIGHT_BITS = (FIVE[..., 0] << 10 | FIVE[..., 1] << 5 | FIVE[..., 2]).astype("<u2")
SIX = (RGB[..., 1] >> 2).astype(np.uint16)
WITH_SIX = (FIVE[..., 0] << 11 | SIX << 5 | FIVE[..., 2]).astype("<u2")
SEEN = OPACITY > 90
FOURS = np.random.default_rng(2).integers(0, 1 << 16, (H, W)).astype("<u2")
TRUE_COLOUR, LEVELS = (0xFF0000, 0xFF00, 0xFF), np.arange(256)
COLOURS = np.stack([LEVELS, 255 - LEVELS, LEVELS * 7 % 256], 1).astype(np.uint8)  # blue, green, red
BITMAPS = {
    "four bytes, of which the last is nothing": (bitmap(32, np.dstack([BGR, 0 * OPACITY])), RGB),
    "four bytes, of which the last is anything": (bitmap(32, np.dstack([BGR, OPACITY])), RGB),
    "masks without one for opacity": (bitmap(32, np.dstack([BGR, 0 * OPACITY]), masks=TRUE_COLOUR), RGB),
    "masks of another order": (bitmap(32, np.dstack([RGB, 0 * OPACITY]), masks=TRUE_COLOUR[::-1]), RGB),
    "opacity": (
        bitmap(32, np.dstack([BGR, OPACITY]), masks=(*TRUE_COLOUR, 0xFF000000), header=108),
        np.rint(RGB * (OPACITY[..., None] / 255)),
    ),
    "5 bits each": (bitmap(16, EIGHT_BITS), FIVE * (255 / 31)),
    "5, 6 and 5 bits": (
        bitmap(16, WITH_SIX, masks=(0xF800, 0x7E0, 0x1F)),
        np.dstack([FIVE[..., 0] * (255 / 31), SIX * (255 / 63), FIVE[..., 2] * (255 / 31)]),
    ),
    "1 bit of opacity": (
        bitmap(16, EIGHT_BITS | SEEN.astype("<u2") << 15, masks=(0x7C00, 0x3E0, 0x1F, 0x8000), header=108),
        FIVE * (255 / 31) * SEEN[..., None],
    ),
    "4 bits each": (
        bitmap(16, FOURS, masks=(0xF00, 0xF0, 0xF, 0xF000), header=56),
        np.dstack([FOURS >> 8 & 15, FOURS >> 4 & 15, FOURS & 15]) * 17 * ((FOURS >> 12) / 15)[..., None],
    ),
    "the header of OS/2": (bitmap(24, BGR, header=12), RGB),
    "OS/2 with a palette": (bitmap(8, GREY, header=12, palette=COLOURS.tobytes()), COLOURS[GREY][..., ::-1]),
    "a palette": (bitmap(8, GREY, palette=np.pad(COLOURS, ((0, 0), (0, 1))).tobytes()), COLOURS[GREY][..., ::-1]),
    "from the top": (bitmap(24, BGR, top=True), RGB),
}


@pytest.mark.parametrize("kind", BITMAPS)
def test_a_bitmap_is_what_its_header_says(tmp_path: Path, kind: str) -> None:
    data, wanted = BITMAPS[kind]
    (tmp_path / "a.bmp").write_bytes(data)
    assert np.abs(only(tmp_path / "a.bmp") - wanted).max() <= 1


@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_greys_with_opacity_in_a_tga_are_no_colours(tmp_path: Path, compression: str | None) -> None:
    Image.fromarray(np.dstack([GREY, OPACITY])).save(tmp_path / "a.tga", compression=compression)
    assert np.abs(only(tmp_path / "a.tga") - (GREY * (OPACITY / 255))[..., None]).max() <= 1


@pytest.mark.parametrize("length", [20, 60, 1000])
def test_a_bitmap_that_is_cut_off_is_a_sentence(tmp_path: Path, length: int) -> None:
    (tmp_path / "a.bmp").write_bytes(bitmap(24, BGR)[:length])
    with pytest.raises(StudioError, match=r"a\.bmp"):
        only(tmp_path / "a.bmp")


def on_screen(light: np.ndarray) -> np.ndarray:
    curved = 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    return 255 * np.clip(np.where(light <= 0.0031308, light * 12.92, curved), 0, 1)


@pytest.mark.parametrize("kind", ["pfm", "exr"])
def test_greys_of_light_are_as_bright_as_colours_of_light(tmp_path: Path, kind: str) -> None:
    light = (GREY / 200).astype("<f4")
    path = tmp_path / f"a.{kind}"
    if kind == "pfm":
        path.write_bytes(b"Pf\n%d %d\n-1.0\n" % (W, H) + light[::-1].tobytes())
    else:
        with av.open(str(path), "w", format="image2") as sink:
            stream = sink.add_stream("exr", rate=25)
            stream.width, stream.height, stream.pix_fmt = W, H, "grayf32le"
            for packet in (*stream.encode(av.VideoFrame.from_ndarray(light, format="grayf32le")), *stream.encode(None)):
                sink.mux(packet)
    assert np.abs(only(path) - on_screen(light)[..., None]).max() <= 1


def exr(channels: dict[str, np.ndarray]) -> bytes:
    """An OpenEXR file of float channels, (H, W), not compressed."""

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value

    names, window = sorted(channels), struct.pack("<4i", 0, 0, W - 1, H - 1)
    listed = b"".join(name.encode() + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for name in names) + b"\0"
    head = struct.pack("<II", 20000630, 2) + attribute("channels", "chlist", listed)
    head += attribute("compression", "compression", b"\0") + attribute("lineOrder", "lineOrder", b"\0")
    head += attribute("dataWindow", "box2i", window) + attribute("displayWindow", "box2i", window)
    head += attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    head += attribute("screenWindowCenter", "v2f", bytes(8)) + attribute("screenWindowWidth", "float", bytes(4)) + b"\0"
    rows = [b"".join(channels[name][row].astype("<f4").tobytes() for name in names) for row in range(H)]
    places = [len(head) + 8 * H + row * (8 + len(rows[0])) for row in range(H)]
    return (
        head
        + struct.pack(f"<{H}Q", *places)
        + b"".join(struct.pack("<ii", number, len(row)) + row for number, row in enumerate(rows))
    )


LIGHT = RGB / 255
PLAIN = {name: LIGHT[..., place] for place, name in enumerate("RGB")}


def test_light_in_an_exr_is_multiplied_by_its_opacity_already(tmp_path: Path) -> None:
    half = {name: light / 2 for name, light in PLAIN.items()}
    (tmp_path / "a.exr").write_bytes(exr({**half, "A": np.full((H, W), 0.5)}))
    assert np.abs(only(tmp_path / "a.exr") - on_screen(LIGHT / 2)).max() <= 1
    # Nor are they rounded on the way.
    (tmp_path / "b.exr").write_bytes(exr({**PLAIN, "A": np.full((H, W), 0.5)}))
    assert np.abs(only(tmp_path / "b.exr") - on_screen(LIGHT)).max() <= 0.01


def test_greys_of_light_with_opacity_end_no_process(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(exr({"Y": LIGHT[..., 0], "A": np.full((H, W), 0.5)}))
    read = "import sys; from studio.io.sources import open_source; list(open_source(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", read, str(tmp_path / "a.exr")], check=False, timeout=120)
    assert done.returncode == 0
    assert np.abs(only(tmp_path / "a.exr") - on_screen(LIGHT[..., :1])).max() <= 1


@pytest.mark.parametrize(
    ("layers", "shown"),
    [
        (["ViewLayer.Combined", "ViewLayer.Normal"], 0),
        (["ViewLayer.AO", "ViewLayer.Combined"], 1),
        (["diffuse"], 0),
        (["", "diffuse"], 0),
        (["Übersicht.Combined"], 0),
        (["R", "mask"], 1),
    ],
)
def test_of_layers_of_an_exr_the_finished_picture_is_shown(tmp_path: Path, layers: list[str], shown: int) -> None:
    channels = {"View.Depth.Z": np.full((H, W), 7.0)}
    for number, layer in enumerate(layers):
        for name, light in PLAIN.items():
            channels[f"{layer}.{name}".removeprefix(".")] = light if number == shown else 1 - light
        if layer == "R":
            channels = {"R": 1 - LIGHT[..., 0]}  # one of no colours
    (tmp_path / "a.exr").write_bytes(exr(channels))
    assert np.abs(only(tmp_path / "a.exr") - on_screen(LIGHT)).max() <= 1


def test_an_exr_without_colours_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(exr({f"View.{name}": LIGHT[..., 0] for name in ("Z", "u", "v", "w", "x", "y")}))
    with pytest.raises(StudioError, match=r"no colours but the channels View\.Z, .* and 2 more"):
        open_source(str(tmp_path / "a.exr"))


@pytest.mark.parametrize("pixels", ["gbrp10le", "gbrp12le", "rgb24", "gray"])
def test_a_dpx_of_few_bits_is_no_light_whatever_its_writer_says(tmp_path: Path, pixels: str) -> None:
    path = tmp_path / "a.dpx"
    shown = RGB if pixels != "gray" else np.repeat(GREY[..., None], 3, 2)
    with av.open(str(path), "w", format="image2") as sink:
        stream = sink.add_stream("dpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = W, H, pixels
        frame = av.VideoFrame.from_ndarray(
            GREY if pixels == "gray" else RGB, format="gray" if pixels == "gray" else "rgb24"
        )
        for packet in (*stream.encode(frame.reformat(format=pixels)), *stream.encode(None)):
            sink.mux(packet)
    data = bytearray(path.read_bytes())
    data[801] = 2  # "linear", as FFmpeg wrote into all of them for years
    path.write_bytes(data)
    assert np.abs(only(path) - shown).max() <= 1.1


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("name", "start", "said"),
    [
        ("a.pdf", b"%PDF-1.4\n1 0 obj\nstream\n", "PDF"),
        ("a.zip", b"PK\3\4\n\0\0\0\0\0" + bytes(16) + b"\5\0\0\0a.jpg", "archive"),
        ("a.rar", b"Rar!\x1a\7\1\0" + bytes(60), "archive"),
        ("a.tar", b"a.jpg" + bytes(252) + b"ustar\0" + bytes(249), "archive"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "office"),
        ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(128), "raw photograph"),
    ],
)
def test_what_merely_holds_a_jpeg_is_no_film(tmp_path: Path, name: str, start: bytes, said: str, count: int) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(RGB).save(jpeg, "JPEG")
    (tmp_path / name).write_bytes(start + count * jpeg.getvalue())
    with pytest.raises(StudioError, match=said):
        open_source(str(tmp_path / name))


@pytest.mark.parametrize(("digits", "level"), [(1, 0xF0), (2, 0xFE), (3, 0xFE), (4, 0xFE)])
def test_colours_of_an_xpm_have_any_number_of_digits(tmp_path: Path, digits: int, level: int) -> None:
    colours = ("FEDC", "0000", "12AB"), ("0000", "FEDC", "0123")
    red, green = (f"#{''.join(each[:digits] for each in colour)}" for colour in colours)
    rows = f'"2 2 2 2",\n"c  c {red}",\n"#a\tm black c {green} ",\n"c #a",\n"#ac "'
    (tmp_path / "a.xpm").write_text(f"/* XPM */\nstatic char *a[] = {{\n/* columns */\n{rows}\n}};\n")
    shown = only(tmp_path / "a.xpm")
    assert shown[0, 0].tolist() == shown[1, 1].tolist() == [level, 0, 0x10 if digits == 1 else 0x12]
    assert shown[0, 1].tolist() == shown[1, 0].tolist() == [0, level, 0 if digits == 1 else 1]


@pytest.mark.parametrize(("name", "level"), [("gray0", 0), ("Grey50", 127), ("gray90", 229), ("gray100", 255)])
def test_greys_of_an_xpm_have_their_names(tmp_path: Path, name: str, level: int) -> None:
    (tmp_path / "a.xpm").write_text(f'/* XPM */\nstatic char *a[] = {{\n"2 1 1 1",\n". c {name}",\n".."\n}};\n')
    assert only(tmp_path / "a.xpm").tolist() == [[[level] * 3] * 2]


def test_an_xpm_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = b'/* XPM */\nstatic char *a[] = {\n"2 2 1 1",\n". c #FFFF00000000",\n"..",\n".."\n};\n'
    said = list[str]()
    for count in range(20, len(whole) + 1):
        (tmp_path / "a.xpm").write_bytes(whole[:count])
        try:
            with open_source(str(tmp_path / "a.xpm")) as source:
                list(source)
                said.append(source.warning or "whole")
        except StudioError as error:
            said.append(str(error))
    assert [each for each in said if each != "whole"] == said[:-5]
    assert all("cut off" in each for each in said[:-5])


def test_a_pcx_with_opacity_is_not_called_damaged(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.pcx")
    assert np.array_equal(only(tmp_path / "a.pcx"), RGB)
    data = bytearray((tmp_path / "a.pcx").read_bytes())
    data[65] = 4
    (tmp_path / "a.pcx").write_bytes(data)
    with pytest.raises(StudioError, match="PCX picture with opacity"):
        open_source(str(tmp_path / "a.pcx"))


@pytest.mark.parametrize("behind", [bytes(100), np.random.default_rng(0).bytes(3000), b"\n", b"itself"])
def test_what_stands_behind_the_end_of_a_png_is_none_of_it(tmp_path: Path, behind: bytes) -> None:
    """Some phones crop in place, so that the rest of the larger picture follows."""
    out = io.BytesIO()
    Image.fromarray(RGB).save(out, "PNG")
    data = out.getvalue()
    (tmp_path / "a.png").write_bytes(data + (data if behind == b"itself" else behind))
    assert np.array_equal(only(tmp_path / "a.png"), RGB)


def test_a_pattern_may_be_written_with_hashes(tmp_path: Path) -> None:
    for number in (998, 1000, 1001):
        Image.new("RGB", (8, 8), (number % 256,) * 3).save(tmp_path / f"s.{number}.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "one#.png")
    for pattern, levels in (("s.####.png", [232, 233]), ("s.##.png", [230, 232, 233])):
        with open_source(str(tmp_path / pattern)) as source:
            assert [int(frame.picture[0, 0, 0]) for frame in source] == levels
    assert only(tmp_path / "one#.png").shape == (8, 8, 3)
    # Beside other signs they are hashes.
    Image.new("RGB", (8, 8), (7, 7, 7)).save(tmp_path / "take ##2 b.png")
    with open_source(str(tmp_path / "take ##2*.png")) as source:
        assert [int(frame.picture[0, 0, 0]) for frame in source] == [7]
    with pytest.raises(StudioError, match=r'fits the pattern "x\.####\.png"'):
        open_source(str(tmp_path / "x.####.png"))


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG2000", ".jpg"), ("PCX", ".png"), ("ICO", ".tif"), ("SGI", ".bmp")])
def test_pictures_under_the_name_of_another_kind_are_read(tmp_path: Path, kind: str, suffix: str) -> None:
    """Also those that FFmpeg alone knows; that they are damaged was said."""
    exact = RGB[:16, :32]
    options = {"irreversible": False} if kind == "JPEG2000" else {"sizes": [(32, 16)]} if kind == "ICO" else {}
    Image.fromarray(exact).save(tmp_path / f"a{suffix}", kind, **options)
    assert np.array_equal(only(tmp_path / f"a{suffix}"), exact)
    data = (tmp_path / f"a{suffix}").read_bytes()
    (tmp_path / f"b{suffix}").write_bytes(data[:30])
    with pytest.raises(StudioError, match="damaged"):
        open_source(str(tmp_path / f"b{suffix}"))


def lossless(path: Path, picture: np.ndarray, pixels: str, behind: bytes = b"") -> None:
    """A lossless JPEG, with segments behind its beginning."""
    encoder: Any = av.CodecContext.create("ljpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, pixels, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
    data = b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))
    path.write_bytes(data[:2] + behind + data[2:])


FLAT = np.full((48, 64, 3), (200, 80, 40), np.uint8)


@pytest.mark.parametrize("pixels", ["bgr24", "yuvj444p"])
def test_a_lossless_jpeg_has_its_colours(tmp_path: Path, pixels: str) -> None:
    """Luma and chroma were shown as red, green and blue, and colours called damaged."""
    lossless(tmp_path / "a.jpg", FLAT, pixels)
    assert np.abs(only(tmp_path / "a.jpg") - FLAT).max() <= 2


def test_a_lossless_jpeg_has_the_colours_of_its_profile_and_camera(tmp_path: Path) -> None:
    """FFmpeg leaves them out."""
    profile = matrix_profile(((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)), 1.8)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x01\0\x02\0\x04\0\0\0R03\0" + bytes(4)
    halves = [b"ICC_PROFILE\0\2\2" + profile[200:], b"ICC_PROFILE\0\1\2" + profile[:200]]
    for kind, contents in ((0xE2, halves), (0xE1, [exif])):
        segment = b"".join(struct.pack(">BBH", 0xFF, kind, len(each) + 2) + each for each in contents)
        lossless(tmp_path / "a.jpg", FLAT, "bgr24", segment)
        out = io.BytesIO()
        Image.fromarray(FLAT).save(out, "JPEG", quality=100, subsampling=0)
        usual = out.getvalue()
        (tmp_path / "b.jpg").write_bytes(usual[:2] + segment + usual[2:])
        shown = only(tmp_path / "a.jpg").astype(int)
        assert np.abs(shown - only(tmp_path / "b.jpg")).max() <= 3
        assert np.abs(shown - FLAT).max() > 10


def _xpm(path: Path, *colours: str) -> Path:
    rows = ",\n".join(f'"{"abcdefgh"[place]} {colour}"' for place, colour in enumerate(colours))
    row = "abcdefgh"[: len(colours)]
    path.write_text(f'/* XPM */\nstatic char *a[] = {{\n"{len(row)} 1 {len(row)} 1",\n{rows},\n"{row}"\n}};\n')
    return path


def test_colours_of_an_xpm_are_those_of_x11(tmp_path: Path) -> None:
    """CSS, of which FFmpeg has its names, means others by four of them."""
    named = ("c gray", "c Green", "c maroon", "s mask c purple m white", "c light sea green", "c RebeccaPurple")
    shown = [(190, 190, 190), (0, 255, 0), (176, 48, 96), (160, 32, 240), (32, 178, 170), (102, 51, 153)]
    assert only(_xpm(tmp_path / "a.xpm", *named)).tolist() == [[list(colour) for colour in shown]]


def test_an_xpm_without_colours_has_its_greys(tmp_path: Path) -> None:
    shown = only(_xpm(tmp_path / "a.xpm", "m black", "g #808080 m white", "g4 white"))
    assert shown.tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_names_of_an_xpm_that_are_not_known_are_said(tmp_path: Path) -> None:
    still = read_still(_xpm(tmp_path / "a.xpm", "c red", "c DarkSlateGray4", "c blue"))
    assert still.picture.tolist() == [[[255, 0, 0], [0, 0, 0], [0, 0, 255]]]
    assert still.warning is not None
    assert "names colours that are not known here, and are black (DarkSlateGray4)" in still.warning
