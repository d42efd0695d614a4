"""What the studio and a process that it has started send each other: numbered bytes."""

from __future__ import annotations

from typing import IO

_NUMBER, _SIZE = 4, 8


def read(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """A number and bytes, as `write` wrote them; None at the end."""
    head = stream.read(_NUMBER + _SIZE)
    if len(head) < _NUMBER + _SIZE:
        return None
    size = int.from_bytes(head[_NUMBER:], "little")
    held = stream.read(size)
    return (int.from_bytes(head[:_NUMBER], "little"), held) if len(held) == size else None


def write(stream: IO[bytes], number: int, held: bytes | memoryview) -> None:
    """A number below 2**32 and bytes."""
    stream.write(number.to_bytes(_NUMBER, "little") + len(held).to_bytes(_SIZE, "little"))
    stream.write(held)
    stream.flush()
