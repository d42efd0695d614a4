"""A folder in the place of another, beside other processes that do the same."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

from studio.io._leftovers import beside_of
from studio.io._rename import exchange
from studio.patience import patiently

_TURNS, _PAUSE = 50, 0.005
_ANOTHERS = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)
"""What a rename fails with where another process has just moved the folder away, or put its own there."""


def exchange_folder(new: Path, real: Path) -> Path | None:
    """Put the folder `new` in the place of `real`; give where the one that stood there is now, None where none did.

    Where the system can, both names are exchanged in one step. Else there are two renames, and between them, for
    microseconds, nothing is at `real`: `recover_folder` mends a process killed just then. Of several processes that do
    so at once one comes after the other.

    Raises:
        OSError: when a rename fails; everything is then where it was.
    """
    for _ in range(_TURNS - 1):
        try:
            return _exchanged(new, real)
        except OSError as error:
            if error.errno not in _ANOTHERS or not new.exists():
                raise
        time.sleep(_PAUSE)
    return _exchanged(new, real)


def _exchanged(new: Path, real: Path) -> Path | None:
    if not real.exists():
        patiently(lambda: new.rename(real))
        return None
    if exchange(new, real):
        return new
    old = beside_of(real, "old")
    # Its age then tells `recover_folder` that somebody is at work.
    os.utime(real)
    patiently(lambda: real.rename(old))
    try:
        patiently(lambda: new.rename(real))
    except OSError:
        try:
            patiently(lambda: old.rename(real))
        except OSError:
            if not real.exists():
                raise
            # What another process has put there came later than this.
            shutil.rmtree(old, ignore_errors=True)
        raise
    return old
