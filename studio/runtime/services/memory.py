"""Memory that is free goes back to the system; glibc keeps it for those who ask next, a heap for some threads each."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1

_HEAPS = 2
"""Heaps that threads share; left to itself, glibc makes eight for each core, each with holes of its own."""

_LARGE = 5 * 2**20
"""Bytes from which memory is taken from the system and given back at once. Left to itself, the limit rises with the
first large array that is freed, up to 32 MB, so that maps and weights end up among small things, which keep them there.
Maps of 4 MB, as 64 channels of 128×128 are, stay below it: a frame has several of them, and pages that are taken anew
from the system, and cleared, took a tenth of its time.
"""

_TOP = 16 * 2**20
"""Free bytes at the end of a heap that are kept."""


def bound() -> None:
    """Have memory managed for a program that runs for hours, and holds large things that come and go.

    To be called before threads are started. Elsewhere than on Linux with glibc nothing is done.
    """
    libc = _glibc()
    if libc is not None:
        for what, value in ((_ARENA_MAX, _HEAPS), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _TOP)):
            libc.mallopt(what, value)


def trim() -> None:
    """Give back to the system what is free, as after an engine was closed; Python runs meanwhile."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
