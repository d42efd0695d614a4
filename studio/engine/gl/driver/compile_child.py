"""A process in which a window's shaders are compiled: ``python -m studio.engine.gl.driver.compile_child API``.

See `compiler`. It says what its device is, then reads texts and writes what the driver made of each, until nobody asks
any more.
"""

from __future__ import annotations

import os
import sys

from studio.engine.gl.driver.api import APIS, Api
from studio.engine.gl.driver.device import open_device
from studio.pipe import read, write

_NICENESS = 5
"""Whatever it takes of a core: the window comes first."""


def main(api: Api) -> None:
    """Compile until the input ends."""
    # Whatever else may print something does so to the errors.
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    device = open_device(api=api)
    write(told, 0, device.renderer.encode())
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    while (asked := read(sys.stdin.buffer)) is not None:
        kind, held = device.calls.binary(asked[1].decode()) or (0, b"")
        write(told, kind, held)


if __name__ == "__main__":
    main(next(api for api in APIS if api == (sys.argv[1:] or [""])[0]))
