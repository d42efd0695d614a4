"""What FFmpeg takes for a film by accident: by the end of a name alone, or because JPEGs lie somewhere in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.io.sources._files.other_files import what_else

_LOOKED_AT = 4096
# What text in ASCII consists of.
_PRINTED = bytes([9, 10, 12, 13, *range(32, 127)])
# Of a CD+G's packets: how long each is, the command of graphics, and its instructions.
_PACKET, _GRAPHICS, _INSTRUCTIONS = 24, 9, (1, 2, 6, 20, 24, 28, 30, 31, 38)


def _is_cdg(data: bytes) -> bool:
    packets = [data[at : at + 2] for at in range(0, len(data) - _PACKET + 1, _PACKET)]
    drawing = [packet[1] & 63 for packet in packets if packet[0] & 63 == _GRAPHICS]
    is_plain = all(packet[0] & 63 in (0, _GRAPHICS) for packet in packets)
    return is_plain and all(instruction in _INSTRUCTIONS for instruction in drawing)


# By FFmpeg's names of formats: how a file of each begins.
_BEGINS: dict[str, Callable[[bytes], bool]] = {
    "mjpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    # MPEG-4 without a container, of which FFmpeg finds the start in any file of many zeros.
    "m4v": lambda data: data.startswith(b"\0\0\1"),
    # Drawings of terminals have sequences of control; any other text has none. Behind them stands who drew them.
    "tty": lambda data: b"\x1b[" in data and b"\0" not in data.partition(b"\x1aSAUCE00")[0],
    "idf": lambda data: data.startswith(b"\x041.4\0\0\0\0"),
    "cdg": _is_cdg,
    "h261": lambda data: data[:2] == b"\0\1" and data[2] < 16,
    "h263": lambda data: data[:2] == b"\0\0" and data[2] & 0xFC == 0x80,
}


def taken_for_film(kind: str, path: Path) -> str:
    """What a file is that does not begin as one of that kind does; nothing where it does.

    Args:
        kind: FFmpeg's name of the format that it found.
        path: of the file.

    Raises:
        OSError: when it cannot be read.
    """
    begins = _BEGINS.get(kind)
    if begins is None:
        return ""
    with path.open("rb") as file:
        data = file.read(_LOOKED_AT)
    if len(data) > 2 and begins(data):
        return ""
    what = "no film and no picture" if data.translate(None, _PRINTED) else "text"
    return what_else(path) or f"{what}; give a film, a picture or a folder of pictures"
