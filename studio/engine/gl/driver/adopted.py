"""A device on a context that somebody else made: a window."""

from __future__ import annotations

import moderngl

from studio.engine.gl.driver.device import Device
from studio.errors import StudioError


def current_device() -> Device:
    """A device on the OpenGL context that is current in the calling thread.

    Raises:
        StudioError: where there is none, or one older than OpenGL 3.3.
    """
    try:
        context = moderngl.create_context(require=330)
    except Exception as error:  # glcontext raises plain Exception, and each loader its own kind
        reason = str(error).strip().rstrip(".")
        raise StudioError(f"The window's OpenGL cannot be used ({reason}); install a graphics driver.") from error
    return Device(context)
