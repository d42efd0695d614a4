"""What processes that were killed while they saved have left behind, told apart from what others write just now.

Whoever writes keeps a lock on the new file or folder, which ends with its process, however that ends. That it is the
studio's is said by its name, .NAME.1f2e3d4c5a6b7c8d.new: the second half of the number is a sum of the rest, which the
name of somebody else's file, such as .NAME.20261129.new, does not have.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.io._rename import take_free

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_LEFT = re.compile(
    r"\.(?P<name>.+)\.(?P<number>[0-9a-f]{8})(?P<sum>[0-9a-f]{8})\.(?P<role>new|old)(?P<suffix>\.[^.]*)?"
)
# Bytes of a name that still leave room, of the 255 that there are, for what is put around it.
_LONGEST = 200
# Seconds. What has just come to be may not be locked yet; what another process has moved away it is about to replace;
# and where nothing can be locked, only a day is sure.
_JUST_MADE, _AT_WORK, _SURELY_LEFT = 1.0, 60.0, 86400.0


def real_path(path: Path) -> Path:
    """The path through all links: what a link points to is replaced, by a file that lies on the same disk.

    Raises:
        StudioError: where it can be no path at all.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:
        raise StudioError(f"{path} can be no path ({error}); give another name.") from error


def beside_of(real: Path, role: str) -> Path:
    """A name beside `real` that no other process has, so that two may write at once; the later rename wins, whole."""
    number = secrets.token_hex(4)
    signed = f"{number}{_sum(_name_of(real), number, role)}"
    return real.with_name(f".{shortened(real.stem)}.{signed}.{role}{real.suffix}")


def shortened(stem: str) -> str:
    """A name to which more can be added: where it is nearly as long as names may be, its beginning and a sum of it."""
    data = os.fsencode(stem)
    if len(data) <= _LONGEST:
        return stem
    begins = data[: _LONGEST - 9].decode(errors="ignore")
    return f"{begins}~{hashlib.sha256(data).hexdigest()[:8]}"


def locked(path: Path, handle: int | None = None) -> int | None:
    """Mark what is being written as such for as long as this process lives; what `let_go` takes.

    Args:
        path: a file or a folder.
        handle: of the file, open already; a folder is opened here, where the system can.
    """
    if handle is None:
        if fcntl is None:
            return None
        handle = os.open(path, os.O_RDONLY)
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def let_go(handle: int | None) -> None:
    """End a lock; None is none."""
    if handle is not None:
        with contextlib.suppress(OSError):
            os.close(handle)


def sweep(parent: Path, stem: str) -> None:
    """Remove what killed processes have left half-written of a file or folder of this name."""
    with contextlib.suppress(OSError):
        for name in _names(parent):
            found = _left(name, "new")
            if found and found["name"] == shortened(stem):
                _remove_left(parent / name)


def recover_folder(path: Path) -> None:
    """Put back the folder that a process killed between the two renames of `exchange_folder` left under another name.

    Does nothing when `path` exists, when there is nothing to put back, or when another process is between its two
    renames just now.
    """
    real = real_path(path)
    with contextlib.suppress(OSError):
        if os.path.lexists(real):
            return
        for entry in real.parent.iterdir():
            if _moved_away(entry.name) == _name_of(real) and not _at_work(real, entry):
                take_free(entry, real)
                return


def sweep_leftovers(home: Path, belongs: Callable[[Path], bool]) -> None:
    """Remove what killed processes have left half-written in a folder, and put back what they had just moved away.

    Args:
        home: the folder.
        belongs: whether a folder is a whole one of the kind that is saved there; nothing else is removed as "old".
    """
    with contextlib.suppress(OSError):
        for name in _names(home):
            here = home / name
            if is_leftover(name):
                _remove_left(here)
            elif (standing := _moved_away(name)) is None or not belongs(here):
                continue
            elif belongs(home / standing):
                # It has been replaced already, and would come back should that one be deleted.
                shutil.rmtree(here, ignore_errors=True)
            else:
                recover_folder(home / standing)


def is_leftover(name: str) -> bool:
    """Whether a file or folder of this name is, or was, on its way to another name."""
    return bool(_left(name, "new"))


def being_written(path: Path) -> bool:
    """Whether this process or another is just now writing what is to have this name, under another one."""
    real = real_path(path)
    try:
        names = [name for name in _names(real.parent) if _goes_to(name, "new") == _name_of(real)]
    except OSError:
        return False
    return any(fcntl is None or _is_locked(real.parent / name) for name in names)


def being_replaced(path: Path) -> bool:
    """Whether another process has just moved this folder away to put another there."""
    real = real_path(path)
    try:
        return any(_moved_away(name) == _name_of(real) for name in _names(real.parent))
    except OSError:
        return False


def under_way(home: Path) -> frozenset[str]:
    """What the files and folders are called just now that are on their way to, or from, another name in a folder.

    Raises:
        OSError: where the folder cannot be looked into.
    """
    return frozenset(name for name in _names(home) if _left(name, "new") or _left(name, "old"))


def misses_some(
    found: Iterable[Path], before: frozenset[str], after: frozenset[str], belongs: Callable[[str], bool]
) -> bool:
    """Whether a folder may be missing in a list because it was being replaced while that was made.

    Args:
        found: the list.
        before: what was `under_way` before it was made.
        after: the same, after that.
        belongs: whether a folder of such a name is a whole one of the kind that is listed.
    """
    there = {_name_of(folder) for folder in found}
    away = {name for name in before | after if (_goes_to(name, "new") or _moved_away(name)) not in there}
    # What comes to be for the first time stays on its way, and is missing by right.
    return bool(away) and (before != after or any(_moved_away(name) and belongs(name) for name in away))


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def _name_of(real: Path) -> str:
    """What names beside it are told apart by."""
    return f"{shortened(real.stem)}{real.suffix}"


def _left(name: str, role: str) -> re.Match[str] | None:
    """The parts of the name of what the studio wrote in this role; None for what is somebody else's."""
    found = _LEFT.fullmatch(name)
    if found is None or found["role"] != role:
        return None
    whole = f"{found['name']}{found['suffix'] or ''}"
    return found if found["sum"] == _sum(whole, found["number"], role) else None


def _sum(name: str, number: str, role: str) -> str:
    return hashlib.sha256(os.fsencode(f"studio {name} {number} {role}")).hexdigest()[:8]


def _goes_to(name: str, role: str) -> str | None:
    found = _left(name, role)
    return f"{found['name']}{found['suffix'] or ''}" if found else None


def _moved_away(name: str) -> str | None:
    return _goes_to(name, "old")


def _at_work(real: Path, old: Path) -> bool:
    """Whether the process lives that has moved the folder away: it has the lock of the new one."""
    if fcntl is None:
        return time.time() - old.stat().st_mtime < _AT_WORK
    names = [name for name in _names(real.parent) if _goes_to(name, "new") == _name_of(real)]
    return any(_is_locked(real.parent / name) for name in names)


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _remove_left(path: Path) -> None:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return
    if age < (_JUST_MADE if fcntl is not None else _SURELY_LEFT) or (fcntl is not None and _is_locked(path)):
        return
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
