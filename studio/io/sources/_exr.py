"""Which layer of an OpenEXR file is shown: FFmpeg looks for channels of plain names alone, as R, G and B.

Source: OpenEXR's File Layout: a magic number, a version, and attributes up to an empty name.
"""

from __future__ import annotations

import struct
from pathlib import Path

_MAGIC = b"v/1\x01"
_HEAD, _MOST_ATTRIBUTES, _MOST_CHANNELS = 1 << 18, 1000, 4096
# What renderers call the finished picture.
_WHOLE = ("combined", "beauty", "rgba", "rgb", "composite", "image")


def channels_of(path: Path) -> list[str]:
    """Names of the channels of an OpenEXR file, in its order; none of another file, or where they cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD)
        return _channels(data) if data.startswith(_MAGIC) else []
    except (OSError, ValueError, struct.error):
        return []


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


def lacks_colours(channels: list[str]) -> str:
    """Of what a file consists that holds no colours, such as depths alone; nothing where it holds some."""
    if not channels or layer_of(channels) or _has_plain(channels):
        return ""
    return ", ".join(channels[:4]) + (f" and {len(channels) - 4} more" if len(channels) > 4 else "")


def _has_plain(channels: list[str]) -> bool:
    known = {name.upper() for name in channels}
    return "Y" in known or {"R", "G", "B"} <= known


def _channels(data: bytes) -> list[str]:
    place = 8
    for _ in range(_MOST_ATTRIBUTES):
        name, place = _text(data, place)
        if not name:
            break
        _, place = _text(data, place)
        (length,) = struct.unpack_from("<I", data, place)
        place += 4
        if name == "channels":
            return _listed(data[place : place + length])
        place += length
    return []


def _listed(data: bytes) -> list[str]:
    found, place = list[str](), 0
    while len(found) < _MOST_CHANNELS:
        name, place = _text(data, place)
        if not name:
            break
        found.append(name)
        # Its type, whether it is linear, and how coarse it is.
        place += 16
    return found


def _text(data: bytes, place: int) -> tuple[str, int]:
    end = data.index(b"\0", place)
    return data[place:end].decode(errors="replace"), end + 1
