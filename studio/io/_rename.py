"""Renames that Python's `os` lacks: two names exchanged at once, a name taken only where it is free.

Linux and macOS have both as one call of the kernel; elsewhere, and on file systems that know neither, the nearest
sequence of steps does.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from studio.patience import patiently

_AT_FDCWD = -100
_NO_REPLACE, _EXCHANGE = 1, 2  # linux/fs.h
_SWAP, _EXCLUSIVE = 2, 4  # sys/stdio.h of macOS
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step, so that both exist at every moment; False where the system cannot.

    Raises:
        OSError: where it could, but the exchange failed.
    """
    return _renamed(one, other, _EXCHANGE, _SWAP)


def take_free(new: Path, name: Path) -> None:
    """Rename `new` to `name`, at which nothing may stand.

    Raises:
        FileExistsError: where something does.
        OSError: where the rename fails.
    """
    if _renamed(new, name, _NO_REPLACE, _EXCLUSIVE):
        return
    if not new.is_dir():
        try:
            os.link(new, name)
        except FileExistsError:
            raise
        except OSError:
            pass  # a file system without hard links
        else:
            new.unlink()
            return
    if os.path.lexists(name):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name))
    patiently(lambda: new.rename(name))


def take_free_folder(new: Path, name: Path) -> None:
    """Rename the folder `new` to `name`, at which nothing may stand but an empty folder.

    Raises:
        FileExistsError: where something does.
        OSError: where the rename fails.
    """
    with contextlib.suppress(OSError):
        name.rmdir()  # what is not empty stays
    take_free(new, name)


def _renamed(one: Path, other: Path, linux: int, macos: int) -> bool:
    call = _call()
    if call is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = call(*names, macos)
    else:
        failed = call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], linux)
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


@cache
def _call() -> Any:
    if os.name != "posix":
        return None
    try:
        library = ctypes.CDLL(None, use_errno=True)
        return library.renamex_np if sys.platform == "darwin" else library.renameat2
    except (OSError, AttributeError):
        return None
