"""OpenEXR: windows, parts, tiles, layers and primaries, of files that are made here by its File Layout."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources._colours.primaries import from_places
from studio.io.sources._stills.exr import Exr

H, W = 21, 30
LIGHT = np.random.default_rng(4).uniform(0, 1, (H, W, 3)).astype(np.float32)
COLOURS = {name: LIGHT[..., place] for place, name in enumerate("RGB")}
DEPTH = np.full((H, W), 7.0, np.float32)
Box = tuple[int, int, int, int]
WHOLE: Box = (0, 0, W - 1, H - 1)


class Part(NamedTuple):
    """A part: channels, windows, the side of its tiles (0 for rows), how many levels, and other attributes."""

    channels: Mapping[str, np.ndarray]
    display: Box = WHOLE
    data: Box = WHOLE
    tile: int = 0
    levels: int = 1
    name: str = ""
    more: bytes = b""
    kind: int = 2


def attribute(name: str, kind: str, value: bytes) -> bytes:
    return f"{name}\0{kind}\0".encode() + struct.pack("<I", len(value)) + value


def chunks_of(part: Part) -> list[bytes]:
    left, top, right, bottom = part.data
    kind, names = {1: "<f2", 2: "<f4"}[part.kind], sorted(part.channels)

    def values(level: int, rows: slice, columns: slice) -> bytes:
        taken = [part.channels[name][:: 2**level, :: 2**level][rows, columns].astype(kind) for name in names]
        return b"".join(each[row].tobytes() for row in range(len(taken[0])) for each in taken)

    made = []
    if not part.tile:
        for row in range(bottom - top + 1):
            data = values(0, slice(row, row + 1), slice(None))
            made.append(struct.pack("<ii", top + row, len(data)) + data)
        return made
    for level in range(part.levels):
        down, across = (max(1, side >> level) for side in (bottom - top + 1, right - left + 1))
        for y in range(-(-down // part.tile)):
            for x in range(-(-across // part.tile)):
                rows = slice(y * part.tile, min(down, (y + 1) * part.tile))
                data = values(level, rows, slice(x * part.tile, min(across, (x + 1) * part.tile)))
                made.append(struct.pack("<5i", x, y, level, level, len(data)) + data)
    return made


def exr(*parts: Part) -> bytes:
    several = len(parts) > 1
    flags = 2 | (0x1000 if several else 0) | (0x200 if parts[0].tile and not several else 0)
    head, chunks = struct.pack("<II", 20000630, flags), [chunks_of(part) for part in parts]
    for part, own in zip(parts, chunks, strict=True):
        listed = (name.encode() + b"\0" + struct.pack("<iB3xii", part.kind, 0, 1, 1) for name in sorted(part.channels))
        head += attribute("channels", "chlist", b"".join(listed) + b"\0")
        head += attribute("compression", "compression", b"\0") + attribute("lineOrder", "lineOrder", b"\0")
        head += attribute("dataWindow", "box2i", struct.pack("<4i", *part.data))
        head += attribute("displayWindow", "box2i", struct.pack("<4i", *part.display))
        if b"pixelAspectRatio" not in part.more:
            head += attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
        head += attribute("screenWindowCenter", "v2f", bytes(8))
        head += attribute("screenWindowWidth", "float", struct.pack("<f", 1)) + part.more
        if part.tile:
            head += attribute("tiles", "tiledesc", struct.pack("<IIB", part.tile, part.tile, int(part.levels > 1)))
        if several:
            head += attribute("name", "string", part.name.encode()) + attribute(
                "chunkCount", "int", struct.pack("<i", len(own))
            )
            head += attribute("type", "string", b"tiledimage" if part.tile else b"scanlineimage")
        head += b"\0"
    head += b"\0" if several else b""
    place, table, body = len(head) + 8 * sum(map(len, chunks)), b"", b""
    for number, own in enumerate(chunks):
        for chunk in own:
            table += struct.pack("<Q", place + len(body))
            body += (struct.pack("<i", number) if several else b"") + chunk
    return head + table + body


def seen(path: Path) -> np.ndarray:
    with open_source(str(path)) as source:
        assert source.info.fps is None
        (frame,) = source
        assert source.info.size == frame.picture.shape[:2]
        assert source.warning is None
    return frame.picture / 65535


def screen(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


def shown(path: Path, light: np.ndarray) -> bool:
    return bool(np.abs(seen(path) - screen(np.clip(light, 0, 1))).max() < 1e-4)


def in_window(display: Box, left: int, top: int) -> np.ndarray:
    """LIGHT, whose first pixel stands there, as it is seen through a window."""
    made = np.zeros((display[3] - display[1] + 1, display[2] - display[0] + 1, 3))
    for row, column in np.ndindex(H, W):
        y, x = row + top - display[1], column + left - display[0]
        if 0 <= y < made.shape[0] and 0 <= x < made.shape[1]:
            made[y, x] = LIGHT[row, column]
    return made


@pytest.mark.parametrize("tile", [0, 8])
@pytest.mark.parametrize(
    ("display", "at"),
    [
        ((5, 7, 5 + W - 1, 7 + H - 1), (5, 7)),
        ((-9, -4, -9 + W - 1, -4 + H - 1), (-9, -4)),
        ((0, 0, 49, 39), (11, 6)),
        ((4, 3, 20, 15), (0, 0)),
        ((0, 0, 49, 39), (-8, -5)),
        ((10, 10, 39, 29), (22, 18)),
        ((-10, -10, 39, 29), (-3, -2)),
        ((0, 0, 9, 9), (30, 30)),
    ],
    ids=["moved", "moved back", "within", "overscan", "cut", "cut below", "moved and within", "apart"],
)
def test_what_lies_in_the_display_window_is_shown(tmp_path: Path, display: Box, at: tuple[int, int], tile: int) -> None:
    data = (*at, at[0] + W - 1, at[1] + H - 1)
    (tmp_path / "a.exr").write_bytes(exr(Part(COLOURS, display, data, tile)))
    assert shown(tmp_path / "a.exr", in_window(display, *at))


def test_of_several_levels_the_largest_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(exr(Part(COLOURS, tile=8, levels=5)))
    assert shown(tmp_path / "a.exr", LIGHT)
    other = (5, 5, 5 + W - 1, 5 + H - 1)
    (tmp_path / "b.exr").write_bytes(exr(Part(COLOURS, other, other, tile=8, levels=3, kind=1)))
    assert np.abs(seen(tmp_path / "b.exr") - screen(LIGHT)).max() < 2e-4


@pytest.mark.parametrize("others", [(), ("A",), ("A", "Z")])
def test_halves_are_not_rounded(tmp_path: Path, others: tuple[str, ...]) -> None:
    channels = {**COLOURS, **dict.fromkeys(others, np.full((H, W), 0.5, np.float32))}
    (tmp_path / "a.exr").write_bytes(exr(Part(channels, kind=1)))
    assert shown(tmp_path / "a.exr", LIGHT.astype(np.float16).astype(np.float32))
    (tmp_path / "b.exr").write_bytes(exr(Part({"Y": COLOURS["G"]}, kind=1)))
    assert shown(tmp_path / "b.exr", LIGHT[..., 1:2].astype(np.float16).astype(np.float32).repeat(3, 2))


def test_what_is_no_number_is_black_and_what_is_infinite_white(tmp_path: Path) -> None:
    light = LIGHT.copy()
    light[1, :4] = [[np.nan], [np.inf], [-np.inf], [3e38]]
    light.view(np.uint32)[2] = 0x7FA00001  # a signalling NaN
    (tmp_path / "a.exr").write_bytes(exr(Part({name: light[..., place] for place, name in enumerate("RGB")})))
    picture = seen(tmp_path / "a.exr")
    assert picture[1, :4].tolist() == [[0] * 3, [1] * 3, [0] * 3, [1] * 3]
    assert (picture[2] == 0).all()
    assert np.abs(picture[3:] - screen(LIGHT[3:])).max() < 1e-4


def named(layer: str, light: np.ndarray = LIGHT) -> dict[str, np.ndarray]:
    return {f"{layer}.{name}": light[..., place] for place, name in enumerate("RGB")}


OTHER = {name: 1 - light for name, light in COLOURS.items()}
SEVERAL: dict[str, Sequence[Part]] = {
    "depth first": [Part({"Z": DEPTH}, name="depth"), Part(COLOURS, name="rgb")],
    "colours first": [Part(COLOURS, name="picture"), Part({"Z": DEPTH}, name="depth")],
    "the finished one": [Part(OTHER, name="diffuse"), Part(COLOURS, name="Beauty")],
    "greys first": [Part({"Y": DEPTH}, name="distance"), Part(COLOURS, name="picture")],
    "layers in parts": [Part(named("ao", 1 - LIGHT), name="ao"), Part(named("View.Combined"), name="View.Combined")],
    "normals first": [Part({f"N.{axis}": DEPTH for axis in "XYZ"}, name="N"), Part(named("x"), name="x")],
    "two eyes": [Part(COLOURS, name="left"), Part(OTHER, name="right")],
    "tiles behind rows": [Part({"Z": DEPTH}, name="Z"), Part(COLOURS, name="tiles", tile=8)],
    "rows behind tiles": [Part({"Z": DEPTH}, name="Z", tile=4, levels=3), Part(COLOURS, name="rows")],
    "of other windows": [
        Part({"Z": DEPTH}, name="Z"),
        Part(COLOURS, (3, 3, W + 2, H + 2), (3, 3, W + 2, H + 2), name="rgb"),
    ],
}


@pytest.mark.parametrize("what", list(SEVERAL))
def test_of_several_parts_the_finished_picture_is_shown(tmp_path: Path, what: str) -> None:
    (tmp_path / "a.exr").write_bytes(exr(*SEVERAL[what]))
    assert shown(tmp_path / "a.exr", LIGHT)


# x and y of red, green, blue and white: ACES' two, DCI-P3 with D65, BT.709's own.
PRIMARIES = {
    "AP0": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "AP1": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "P3": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    "BT.709": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
}


@pytest.mark.parametrize("which", list(PRIMARIES))
def test_primaries_that_it_states_are_converted(tmp_path: Path, which: str) -> None:
    places = PRIMARIES[which]
    red, green, blue, white = zip(places[::2], places[1::2], strict=True)
    said = attribute("chromaticities", "chromaticities", struct.pack("<8f", *places))
    (tmp_path / "a.exr").write_bytes(exr(Part(COLOURS, more=said)))
    assert shown(tmp_path / "a.exr", LIGHT @ from_places((red, green, blue, white)).T)
    # White stays white.
    (tmp_path / "b.exr").write_bytes(exr(Part({name: np.full((H, W), 0.5) for name in "RGB"}, more=said)))
    assert shown(tmp_path / "b.exr", np.full((H, W, 3), 0.5))


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    said = attribute("pixelAspectRatio", "float", struct.pack("<f", 2))
    (tmp_path / "a.exr").write_bytes(exr(Part(COLOURS, more=said)))
    assert seen(tmp_path / "a.exr").shape == (H, 2 * W, 3)


def changed(data: bytes, before: bytes, after: bytes) -> bytes:
    assert data.count(before) == 1
    return data.replace(before, after)


def shortened(data: bytes, by: int) -> bytes:
    """With a list of channels that ends so many bytes before it does."""
    head = b"channels\0chlist\0"
    place = data.index(head) + len(head)
    (length,) = struct.unpack_from("<I", data, place)
    end = place + 4 + length
    return data[:place] + struct.pack("<I", length - by) + data[place + 4 : end - by] + data[end:]


CHANNEL = struct.pack("<iB3xii", 2, 0, 1, 1)
PLAIN = exr(Part(COLOURS))
LUMA = exr(Part({"Y": DEPTH, "RY": DEPTH, "BY": DEPTH}))
REFUSED = {
    "chroma": (changed(LUMA, b"RY\0" + CHANNEL, b"RY\0" + struct.pack("<iB3xii", 2, 0, 2, 2)), "luma and chroma"),
    "coarse": (changed(PLAIN, b"R\0" + CHANNEL, b"R\0" + struct.pack("<iB3xii", 2, 0, 2, 2)), "fewer pixels"),
    "types": (changed(PLAIN, b"R\0" + CHANNEL, b"R\0" + struct.pack("<iB3xii", 1, 0, 1, 1)), "several types"),
    "HTJ2K": (changed(PLAIN, b"compression\0\1\0\0\0\0", b"compression\0\1\0\0\0\x0a"), "by HTJ2K"),
    "deep": (PLAIN[:4] + struct.pack("<I", 2 | 0x800) + PLAIN[8:], "deep"),
    "depth": (exr(Part({"Z": DEPTH}, name="Z"), Part({"id": DEPTH}, name="id")), "no colours but the channels Z, id"),
    "huge": (exr(Part(COLOURS, (0, 0, 99_999, 99_999))), "limit"),
    "nothing": (exr(Part(COLOURS, (0, 0, -5, 9))), "damaged"),
    "cut off": (PLAIN[:200], "damaged or cut off"),
    "without pixels": (PLAIN[:600], "damaged or cut off"),
    "a channel cut off": (shortened(PLAIN, 17), "damaged or cut off"),
    "a name cut off": (shortened(PLAIN, 1), "damaged or cut off"),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_cannot_be_read_is_said(tmp_path: Path, what: str) -> None:
    data, said = REFUSED[what]
    (tmp_path / "a.exr").write_bytes(data)
    with pytest.raises(StudioError, match=said):
        open_source(str(tmp_path / "a.exr"))


def test_what_is_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(PLAIN[: -5 * (8 + 12 * W) - 3])
    with open_source(str(tmp_path / "a.exr")) as source:
        (frame,) = source
        assert "damaged" in str(source.warning)
    assert np.abs(frame.picture[: H - 6] / 65535 - screen(LIGHT[: H - 6])).max() < 1e-4


@pytest.mark.parametrize("tile", [0, 8])
def test_one_chunk_does_not_stand_for_many(tmp_path: Path, tile: int) -> None:
    part = Part(COLOURS, tile=tile)
    whole, chunks, head = exr(part), chunks_of(part), 20 if tile else 8
    first = len(whole) - sum(map(len, chunks))
    table = first - 8 * len(chunks)
    length = struct.pack("<i", len(whole) - first - head)
    data = whole[:table] + struct.pack("<Q", first) * len(chunks) + whole[first : first + head - 4] + length
    data += whole[len(data) :]
    assert len(Exr(whole).alone(0)[0]) == len(whole)
    with pytest.raises(ValueError, match="chunks"):
        Exr(data).alone(0)
    (tmp_path / "a.exr").write_bytes(data)
    with pytest.raises(StudioError, match="damaged"):
        open_source(str(tmp_path / "a.exr"))
