"""The process in which a window's shaders are compiled: ``python -m studio.engine.gl.compile_child``, see `compiler`.

It says what its device is, then reads texts and writes what the driver made of each, until nobody asks any more.
"""

from __future__ import annotations

import os
import sys
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


def main() -> None:
    """Compile until the input ends."""
    from studio.engine.gl.device import open_device

    # Whatever else may print something does so to the errors.
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    device = open_device()
    write(told, 0, device.renderer.encode())
    while (asked := read(sys.stdin.buffer)) is not None:
        kind, held = device.calls.binary(asked[1].decode()) or (0, b"")
        write(told, kind, held)


if __name__ == "__main__":
    main()
