"""What a window and the process that compiles its shaders send each other: numbered bytes."""

from __future__ import annotations

from typing import IO

_HEAD = 8


def read(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """A number and bytes, as `write` wrote them; None at the end."""
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        return None
    size = int.from_bytes(head[4:], "little")
    held = stream.read(size)
    return (int.from_bytes(head[:4], "little"), held) if len(held) == size else None


def write(stream: IO[bytes], number: int, held: bytes) -> None:
    """A number below 2**32 and bytes."""
    stream.write(number.to_bytes(4, "little") + len(held).to_bytes(4, "little") + held)
    stream.flush()
