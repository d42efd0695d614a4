"""What Windows says of a file that somebody else has open: a virus scanner or an indexer lets go of it soon."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SHARING = (5, 32, 33)
"""Of Windows: access denied, sharing violation, lock violation."""

_TRIES, _PAUSE = 5, 0.05


def is_shared(error: OSError) -> bool:
    """Whether Windows says that somebody has the file open, and not only that it may not be written."""
    return getattr(error, "winerror", None) in _SHARING[1:]


def is_held(error: OSError) -> bool:
    """Whether Windows refused because somebody has the file open just now; elsewhere that refuses nothing."""
    # Where C's library opens a file, it keeps Windows' own number to itself.
    return getattr(error, "winerror", None) in _SHARING or (os.name == "nt" and error.errno == errno.EACCES)


def patiently(step: Callable[[], T]) -> T:
    """Do `step`; where Windows says that somebody has the file open just now, up to five times, 50 ms apart.

    Raises:
        OSError: what the last try raised.
    """
    for _ in range(_TRIES - 1):
        try:
            return step()
        except OSError as error:
            if not is_held(error):
                raise
        time.sleep(_PAUSE)
    return step()
