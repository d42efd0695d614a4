"""Gives freed memory back to the system; glibc would keep it for later, in a heap for every few threads."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1

_HEAPS = 2
"""Heaps that threads share; left to itself, glibc makes eight for each core, each with holes of its own."""

_LARGE = 32 * 2**20
"""Bytes from which memory is taken from the system and given back at once: the most that glibc allows. Maps stay below
it, as 256 channels of 128×128 do with 16 MB: a frame makes them anew, and pages that the system hands out and clears
each time took a quarter of a frame at 512×512. What is freed between small things stays with the process until `trim`.
"""

_TOP = 2 * _LARGE
"""Free bytes at the end of a heap that are kept, for the next frame, until `trim`."""


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
