"""OpenEXR files: which part and layer is shown, and a file of that alone whose windows begin at 0.

FFmpeg looks at the first part and at channels of plain names, as R, G and B, takes the display window to begin at 0,
and shows what lies outside it.

Source: OpenEXR's File Layout: a magic number, a version, attributes of each part up to an empty name, tables of
offsets, and chunks of rows or tiles.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from studio.model.declared.size import Size

_MAGIC = b"v/1\x01"
_TILED, _LONG_NAMES, _DEEP, _SEVERAL = 0x200, 0x400, 0x800, 0x1000
_MOST_ATTRIBUTES, _MOST_CHANNELS, _MOST_PARTS, _MOST_CHUNKS = 1000, 4096, 1000, 1 << 20
# Rows of a chunk, by the number of the compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB.
_ROWS = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
# What only a file of several parts has.
_OF_PARTS = ("name", "type", "chunkCount", "view", "version")
# What renderers call the finished picture.
_WHOLE = ("combined", "beauty", "rgba", "rgb", "composite", "image")


class Channel(NamedTuple):
    """A channel of a part.

    Attributes:
        name: with its layer's, if it has one: "diffuse.R".
        kind: 0 for whole numbers, 1 for half, 2 for float.
        steps: every how many pixels across and down it has a value.
    """

    name: str
    kind: int
    steps: tuple[int, int]


class Window(NamedTuple):
    """The first and last pixel across and down, both within."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        """Of all of it; with sides of 0 or less where it is none."""
        return Size(self.bottom - self.top + 1, self.right - self.left + 1)


@dataclass
class Part:
    """What a part of a file says of itself: values of its attributes by their names, and their types.

    Attributes:
        channels: in the order of the file.
    """

    attributes: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()

    def value(self, name: str) -> bytes:
        """An attribute as it is stored; empty where there is none."""
        return self.attributes.get(name, ("", b""))[1]

    def text(self, name: str) -> str:
        """An attribute that is text; empty where there is none."""
        return self.value(name).decode(errors="replace")

    def window(self, name: str) -> Window:
        """An attribute that is a window.

        Raises:
            struct.error: where there is none.
        """
        return Window(*struct.unpack("<4i", self.value(name)))

    @property
    def names(self) -> list[str]:
        """Those of its channels."""
        return [channel.name for channel in self.channels]

    @property
    def tiles(self) -> tuple[int, int] | None:
        """Width and height of each tile; None where it has rows.

        Raises:
            struct.error: where they are not as they should be.
        """
        value = self.value("tiles")
        across, down, _ = struct.unpack("<IIB", value) if value else (0, 0, 0)
        return (across, down) if value else None

    @property
    def chunks(self) -> int:
        """How many chunks the whole picture has, smaller copies left out.

        Raises:
            ValueError, struct.error: where that makes no sense.
        """
        size, tiles = self.window("dataWindow").size, self.tiles
        rows = _ROWS.get((self.value("compression") or b"\0")[0], 0)
        across, down = tiles if tiles is not None else (size.width, rows)
        count = -(-size.width // across) * -(-size.height // down) if min(*size, across, down) > 0 else 0
        if not 0 < count <= _MOST_CHUNKS:
            raise ValueError("it has no chunks, or too many")
        return count

    @property
    def chromaticities(self) -> tuple[float, ...]:
        """X and y of red, green, blue and white; nothing where it does not say."""
        value = self.value("chromaticities")
        return struct.unpack("<8f", value) if len(value) == 32 else ()


class Exr:
    """The parts of an OpenEXR file.

    Args:
        data: its content, or its beginning.

    Raises:
        ValueError, struct.error: where it is none, or cut off within what it says of itself.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(_MAGIC):
            raise ValueError("it is no OpenEXR file")
        (self.flags,) = struct.unpack_from("<I", data, 4)
        self._data, place, self.parts = data, 8, list[Part]()
        while len(self.parts) < _MOST_PARTS:
            part, place = _part(data, place)
            if not part.attributes:
                break
            self.parts.append(part)
            if not self.flags & _SEVERAL:
                break
        self._tables = place

    def shown(self) -> tuple[int, str | None]:
        """The number of the part that is shown, and of its layers the one that is; None for channels of plain names.

        The finished picture by its name, else the first in colours, else the first of greys.

        Raises:
            ValueError: where there are no colours in it; it says what there is.
        """
        found = list[tuple[int, int, int, str | None]]()
        for number, part in enumerate(self.parts):
            if part.text("type").startswith("deep") or (self.flags & _DEEP and not self.flags & _SEVERAL):
                continue
            names = part.names
            layer = layer_of(names)
            if layer is None and not _has_plain(names):
                continue
            called = (layer or part.text("name")).rsplit(".", 1)[-1].lower()
            place = _WHOLE.index(called) if called in _WHOLE else len(_WHOLE)
            # One layer of a file's only part is chosen above.
            is_grey = layer is None and not _has_colours(names)
            found.append((int(is_grey), place, number, layer))
        if not found:
            raise ValueError(self._held())
        *_, number, layer = min(found, key=lambda each: each[:3])
        return number, layer

    def _held(self) -> str:
        if self.flags & _DEEP and not any(part.text("type") in ("scanlineimage", "tiledimage") for part in self.parts):
            return "holds deep pixels, of several depths each; flatten it first"
        names = [name for part in self.parts for name in part.names]
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        return f"holds no colours but the channels {', '.join(names[:4])}{more}; render them to R, G and B"

    def alone(self, number: int) -> tuple[bytes, int]:
        """A file of one part alone, without smaller copies, and how many chunks it lacks.

        Both of its windows are the part's data window, moved to 0.

        Raises:
            ValueError, struct.error: where it is cut off, or says what makes no sense.
        """
        part = self.parts[number]
        window, tiles = part.window("dataWindow"), part.tiles
        chunks = list(self._chunks(number))
        if not any(chunks):
            raise ValueError("it is cut off")
        moved = struct.pack("<4i", 0, 0, window.right - window.left, window.bottom - window.top)
        changed = dict.fromkeys(("dataWindow", "displayWindow"), moved)
        if tiles is not None:
            changed["tiles"] = struct.pack("<IIB", *tiles, 0)
        out = [_MAGIC, struct.pack("<I", 2 | self.flags & _LONG_NAMES | (_TILED if tiles is not None else 0))]
        for name, (kind, value) in part.attributes.items():
            if name not in _OF_PARTS:
                said = changed.get(name, value)
                names = f"{name}\0{kind}\0".encode("latin-1")
                out.append(names + struct.pack("<I", len(said)) + said)
        out.append(b"\0")
        place = sum(map(len, out)) + 8 * len(chunks)
        end = place + sum(map(len, chunks))
        for chunk in chunks:
            # What is not there lies behind the end, so that it alone is not decoded.
            out.append(struct.pack("<Q", place if chunk else end))
            place += len(chunk)
        return b"".join([*out, *chunks]), chunks.count(b"")

    def _chunks(self, number: int) -> Iterator[bytes]:
        """The chunks of a part for a file of it alone, rows counted from its first; empty where cut off.

        Raises:
            ValueError: where they are longer together than the file, as where many of them are one.
        """
        part, several = self.parts[number], bool(self.flags & _SEVERAL)
        is_tiled, top = part.tiles is not None, part.window("dataWindow").top
        before = 8 * sum(int.from_bytes(part.value("chunkCount"), "little") for part in self.parts[:number])
        head, left = 20 if is_tiled else 8, len(self._data)
        for (offset,) in struct.iter_unpack("<Q", self._table(self._tables + before, part.chunks)):
            at = offset + (4 if several else 0)
            said = self._data[at : at + head]
            whole = self._data[at : at + head + int.from_bytes(said[-4:], "little")]
            if len(said) < head or len(whole) < head + int.from_bytes(said[-4:], "little"):
                yield b""
                continue
            left -= len(whole)
            if left < 0:
                raise ValueError("its chunks lie in each other")
            if is_tiled:
                yield whole
            else:
                (row,) = struct.unpack("<i", said[:4])
                yield struct.pack("<i", row - top) + whole[4:]

    def _table(self, place: int, count: int) -> bytes:
        table = self._data[place : place + 8 * count]
        if len(table) < 8 * count:
            raise ValueError("it is cut off")
        return table


def layer_of(channels: list[str]) -> str | None:
    """The layer whose colours are shown where no channels of plain names are: the finished picture, else the first.

    Args:
        channels: names such as "ViewLayer.Combined.R".

    Returns:
        The name before the last dot; None where there are plain ones, or no colours at all.
    """
    if _has_plain(channels):
        return None
    known = set(channels)
    layers = [name.removesuffix(".R") for name in channels if name.endswith(".R")]
    whole = [layer for layer in layers if {f"{layer}.G", f"{layer}.B"} <= known]
    last = [layer.rsplit(".", 1)[-1].lower() for layer in whole]
    for name in _WHOLE:
        if name in last:
            return whole[last.index(name)]
    return whole[0] if whole else None


def _has_plain(channels: list[str]) -> bool:
    return "Y" in {name.upper() for name in channels} or _has_colours(channels)


def _has_colours(channels: list[str]) -> bool:
    return {"R", "G", "B"} <= {name.upper() for name in channels}


def _part(data: bytes, place: int) -> tuple[Part, int]:
    """The part whose attributes begin at a place, and where they end."""
    part = Part()
    for _ in range(_MOST_ATTRIBUTES):
        name, place = _text(data, place)
        if not name:
            part.channels = tuple(_channels(part.value("channels") or b"\0"))
            return part, place
        kind, place = _text(data, place)
        (length,) = struct.unpack_from("<I", data, place)
        place += 4
        if place + length > len(data):
            break
        part.attributes[name.decode("latin-1")] = kind.decode("latin-1"), data[place : place + length]
        place += length
    raise ValueError("what it says of itself does not end")


def _channels(data: bytes) -> Iterator[Channel]:
    place = 0
    for _ in range(_MOST_CHANNELS):
        name, place = _text(data, place)
        if not name:
            return
        kind, across, down = struct.unpack_from("<i4xii", data, place)
        yield Channel(name.decode(errors="replace"), kind, (across, down))
        place += 16


def _text(data: bytes, place: int) -> tuple[bytes, int]:
    end = data.index(b"\0", place)
    return data[place:end], end + 1
