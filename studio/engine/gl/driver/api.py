"""Which interface of the window system made a context: a driver has a library for each, and keeps programs apart."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Literal, get_args

Api = Literal["egl", "glx", ""]
"""EGL, GLX, or what a system has that has one alone."""

APIS: tuple[Api, ...] = get_args(Api)

_ASKED: tuple[tuple[Api, str, str], ...] = (
    ("glx", "libGLX.so.0", "glXGetCurrentContext"),
    ("glx", "libGL.so.1", "glXGetCurrentContext"),
    ("egl", "libEGL.so.1", "eglGetCurrentContext"),
)


def current_api() -> Api:
    """By which the context was made that is current in the calling thread; empty where that is not known."""
    if not sys.platform.startswith("linux"):
        return ""
    for api, library, name in _ASKED:
        try:
            # Of libraries that are loaded: whoever made a context has loaded his.
            asks = getattr(ctypes.CDLL(library, os.RTLD_NOLOAD | os.RTLD_LAZY), name)
        except (OSError, AttributeError):
            continue
        asks.restype = ctypes.c_void_p
        if asks():
            return api
    return ""
