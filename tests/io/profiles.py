"""Colour profiles made by hand."""

from __future__ import annotations


def matrix_profile(primaries: tuple[tuple[float, float, float], ...], gamma: float) -> bytes:
    """A small ICC profile of version 2: three colorants (XYZ, D50) and one exponent."""

    def fixed(value: float) -> bytes:
        return round(value * 65536).to_bytes(4, "big", signed=True)

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + b"\0\0"
    text = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"test\0" + bytes(78)
    text += bytes(-len(text) % 4)
    tags = [
        (b"desc", text), (b"cprt", b"text\0\0\0\0none"), (b"wtpt", xyz((0.9642, 1.0, 0.8249))),
        (b"rXYZ", xyz(primaries[0])), (b"gXYZ", xyz(primaries[1])), (b"bXYZ", xyz(primaries[2])),
        (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve),
    ]  # fmt: skip
    at, table, body = 132 + 12 * len(tags), len(tags).to_bytes(4, "big"), b""
    for name, data in tags:
        table += name + (at + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data
    head = bytearray(128)
    head[0:4] = (132 + len(table) - 4 + len(body)).to_bytes(4, "big")
    head[8:12], head[12:16], head[16:20], head[20:24] = b"\x02\x10\0\0", b"mntr", b"RGB ", b"XYZ "
    head[36:40] = b"acsp"
    head[68:80] = b"".join(map(fixed, (0.9642, 1.0, 0.8249)))
    return bytes(head) + table + body


def grey_profile(gamma: float, *, lab: bool = False) -> bytes:
    """One of greys: an exponent to light, or to L*."""
    profile = bytearray(matrix_profile(((0.0, 0.0, 0.0),) * 3, gamma))
    profile[16:20], profile[20:24] = b"GRAY", b"Lab " if lab else b"XYZ "
    return bytes(profile.replace(b"rTRC", b"kTRC"))
