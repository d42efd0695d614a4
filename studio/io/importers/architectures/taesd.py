"""TAESD (O. Bøer Bohan 2023), the small autoencoder of Stable Diffusion: its encoder, its decoder, or both."""

from __future__ import annotations

import re

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_NAME = re.compile(
    r"((?:encoder\.|decoder\.)?(?:layers\.)?)(\d+)\.(?:weight|bias|conv\.[024]\.(?:weight|bias)|skip\.weight)$"
)


def _rows(tensors: Tensors) -> dict[str, list[int]]:
    """Where parts with weights stand in each row; none where a tensor is another's."""
    found = [_NAME.match(name) for name in tensors]
    if None in found or not any(".conv.4." in name for name in tensors):
        return {}
    rows: dict[str, set[int]] = {}
    for match in found:
        if match:
            rows.setdefault(match[1], set()).add(int(match[2]))
    return {at: sorted(rows[at]) for at in sorted(rows, reverse=True)}


def _matches(tensors: Tensors) -> bool:
    rows = _rows(tensors)
    return len(rows) in (1, 2) and all(f"{at}{places[0]}.weight" in tensors for at, places in rows.items())


def _build(s: Sketch) -> str:
    rows = _rows(s.tensors)
    x = ""
    # The encoder comes first, whose picture has three channels.
    for at in sorted(rows, key=lambda at: s.channels(f"{at}{rows[at][0]}") != 3):
        x = x or s.input(s.channels(f"{at}{rows[at][0]}"))
        x = _decoded(s, at, rows[at], x) if rows[at][0] == 1 else _encoded(s, at, rows[at], x)
    return x


def _encoded(s: Sketch, at: str, places: list[int], x: str) -> str:
    for place in places:
        name = f"{at}{place}"
        if s.has(f"{name}.conv.0.weight"):
            x = _block(s, name, x)
        else:
            x = s.conv(name, x, stride=1 if s.has(f"{name}.bias") else 2)
    return x


def _decoded(s: Sketch, at: str, places: list[int], x: str) -> str:
    """It begins with a curve that keeps values within ±3."""
    x = s.op("Tanh", s.op("Affine", x, name=f"{at}narrow", scale=1 / 3), name=f"{at}curve")
    x = s.op("Affine", x, name=f"{at}clamp", scale=3.0)
    for place in places:
        name = f"{at}{place}"
        if s.has(f"{name}.conv.0.weight"):
            x = _block(s, name, x)
        elif not s.has(f"{name}.bias"):
            x = s.conv(name, s.op("Upsample", x, name=f"{name}.up", scale_factor=2, mode="nearest"))
        else:
            x = s.conv(name, x)
            x = s.relu(x) if place == places[0] else x
    return x


def _block(s: Sketch, at: str, x: str) -> str:
    y = s.relu(s.conv(f"{at}.conv.0", x))
    y = s.conv(f"{at}.conv.4", s.relu(s.conv(f"{at}.conv.2", y)))
    skip = s.conv(f"{at}.skip", x) if s.has(f"{at}.skip.weight") else x
    return s.relu(s.op("Add", y, skip, name=f"{at}.add"))


ARCHITECTURE = Architecture("taesd", "TAESD autoencoder", _matches, _build, size=Size(64, 64))
