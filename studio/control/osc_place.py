"""Where OSC is heard and sent, and below which addresses; what speaks it is imported when somebody wants it."""

from __future__ import annotations

import re

from studio.errors import StudioError

ROOT = "/studio"
IN = f"{ROOT}/in/"
PORT = 9000
LOOPBACK = "127.0.0.1"


def target(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:9001", or of a port alone, on this machine.

    Raises:
        StudioError: where it is neither.
    """
    host, colon, port = text.strip().rpartition(":")
    if port.isdecimal() and 1 <= int(port) <= 65535 and (host or not colon) and not re.search(r"[\s/]", host):
        return host or LOOPBACK, int(port)
    raise StudioError(
        f'"{text.strip()[:60]}" is no place to send OSC to; give a host and a port, such as 127.0.0.1:9001.'
    )
