"""Folders that are documents: a manifest, tensors beside it, and nothing read from outside."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from studio.errors import StudioError
from studio.io._leftovers import being_replaced, is_leftover, misses_some, recover_folder, sweep_leftovers, under_way
from studio.io.answering import await_answer

T = TypeVar("T")

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

# Savings come milliseconds apart at most; a reader meets a quiet moment soon.
_READS, _PAUSE = 100, 0.002


@contextmanager
def open_regular(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file for reading; gives it and its size in bytes.

    Raises:
        StudioError: where it is missing, cannot be read, does not answer, or is no regular file (a pipe would be waited
            for for ever).
    """
    await_answer(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StudioError(f"{path} is a folder or a device, not a file; give a file.")
        with path.open("rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise StudioError(f"{path} does not exist; check the name.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StudioError(f"{path} cannot be read: {reason}.") from error


def is_file(path: Path) -> bool:
    """Whether this is a regular file that can be looked up; never raises."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether this is a folder that can be looked up; never raises."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def contained(folder: Path, relative: str) -> Path:
    """``folder / relative``, links followed only within the folder.

    Raises:
        StudioError: where it leads out of the folder.
    """
    path = folder / relative
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise StudioError(f"{path} leads out of {folder}; put the file itself there.")
    return path


def manifest_in(path: Path, manifest: str) -> Path:
    """The manifest of a document that was given as its folder or as the manifest itself."""
    if path.suffix == ".json" and not is_folder(path):
        return path
    recover_folder(path)
    return path / manifest


def steadily(folder: Path, read: Callable[[], T]) -> T:
    """What `read` gives of a folder that others may replace meanwhile: all of one version, never of two.

    Args:
        folder: the folder, or a file in it.
        read: reads it, briefly; called again where the folder was replaced under its hands.

    Raises:
        StudioError: what `read` raises of a folder that stood still, or that it never stands still.
    """
    home = folder if is_folder(folder) or not folder.suffix else folder.parent
    for _ in range(_READS):
        before = _version(home)
        try:
            found = read()
        except StudioError:
            if _is_gone(home) if before is None else _version(home) == before:
                raise
        else:
            if _version(home) == before:
                return found
        time.sleep(_PAUSE)
    raise StudioError(f"{home} is written again and again while it is read; try again when that is done.")


def _is_gone(folder: Path) -> bool:
    """Whether it is missing and nobody is putting it there; asked again, since it may come between both questions."""
    return all(_version(folder) is None and not being_replaced(folder) for _ in range(3))


def _version(folder: Path) -> tuple[int, ...] | None:
    try:
        found = folder.stat()
    except (OSError, ValueError):
        return None
    # A file that is replaced inside changes the folder's own times.
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def subfolders(home: Path, manifest: str) -> list[Path]:
    """The folders in ``home`` that hold such a manifest, by name; none where ``home`` is missing.

    One that is replaced meanwhile is among them, also where that takes two renames and its name is free between them.
    """
    sweep_leftovers(home, lambda folder: is_file(folder / manifest))
    found = list[Path]()
    for _ in range(_READS):
        try:
            before = under_way(home)
            entries = (entry for entry in home.iterdir() if not entry.name.startswith("."))
            found = sorted(entry for entry in entries if is_file(entry / manifest))
            if not misses_some(found, before, under_way(home), lambda name: is_file(home / name / manifest)):
                break
        except OSError:
            return []
        time.sleep(_PAUSE)
    return found


def find_folder(name_or_path: str, home: Path, manifest: str, noun: str) -> Path:
    """A document's folder by its path, or its manifest's, else by its name in ``home``.

    Raises:
        StudioError: listing the names there are.
    """
    given = Path(name_or_path)
    if given.name == manifest and is_file(given):
        return given.parent
    if name_or_path and is_file(given / manifest):
        return given
    known = {folder.name: folder for folder in subfolders(home, manifest)}
    if name_or_path not in known:
        raise StudioError(
            f'There is no {noun} "{name_or_path}": it is neither a folder with a {manifest} '
            f"nor one of {', '.join(known) or 'those in ' + str(home) + ', where there are none'}."
        )
    return known[name_or_path]


def require_replaceable(path: Path, manifest: str, kind: str, noun: str) -> None:
    """Check that saving replaces no folder that is something else: somebody's other work.

    Args:
        path: the folder; may be missing.
        manifest: name of the file that tells what such a folder is.
        kind: what that file says of its format; another program may have one of the same name.
        noun: what such a folder is, for messages.

    Raises:
        StudioError: where it is something else, or cannot be looked into.
    """
    try:
        taken = is_folder(path) and any(path.iterdir())
        ours = taken and is_file(path / manifest) and f'"{kind}"'.encode() in (path / manifest).read_bytes()
    except OSError as error:
        raise StudioError(f"{path} cannot be looked into: {error.strerror}; choose another folder.") from error
    if taken and not ours:
        raise StudioError(f"{path} holds other files and is no {noun}; choose a new folder.")


def carry_over(old: Path, new: Path, owned: Callable[[str], bool]) -> None:
    """Copy what lies in one folder and does not belong to the format (licences, notes) into another.

    Args:
        old: where from; may be missing.
        new: where to.
        owned: whether a file belongs to the format, and so is not copied, by its path within the folder ("a/b.npy").

    Raises:
        StudioError: where something cannot be copied.
    """
    if not is_folder(old):
        return
    try:
        _carry(old, new, owned, "")
    except OSError as error:
        if error.errno in _DISK:
            raise  # of where it is written to, which those who write tell of
        raise StudioError(f"{old} cannot be copied: {error.strerror or error}; nothing was changed.") from error


def write_into(folder: Path, name: str, data: bytes) -> None:
    """Write a file of a document into the folder that is made of it; a person's of that name gets another one.

    Args:
        folder: not yet in its place, with all that was carried over.
        name: of the file.
        data: its content.

    Raises:
        OSError: when it cannot be written.
    """
    _make_room(folder / name, lambda path: not path.is_symlink() and path.read_bytes() == data)
    (folder / name).write_bytes(data)


def _make_room(path: Path, is_same: Callable[[Path], bool]) -> None:
    """Let a file have this name: one of a person's, and of other content, is called "NAME 2" from then on."""
    if not os.path.lexists(path):
        return
    if is_file(path) and is_same(path):
        path.unlink()
        return
    number, free = 2, path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.stem} {number}{path.suffix}"), number + 1
    path.rename(free)


def _carry(old: Path, new: Path, owned: Callable[[str], bool], below: str) -> None:
    for entry in sorted(old.iterdir()):
        name, copy = f"{below}{entry.name}", new / entry.name
        if is_leftover(entry.name) or owned(name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            was_there = copy.exists()
            copy.mkdir(exist_ok=True)
            _carry(entry, copy, owned, f"{name}/")
            if was_there or any(copy.iterdir()) or not any(entry.iterdir()):
                shutil.copystat(entry, copy)
            else:
                copy.rmdir()  # all in it belongs to the format
        else:
            _carry_file(entry, copy)


def _carry_file(old: Path, new: Path) -> None:
    # What a link leads to is not looked at: it may be nothing, or a pipe that would be waited for.
    if old.is_symlink():
        if new.is_symlink() and new.readlink() == old.readlink():
            return
        _make_room(new, lambda _: False)
        new.symlink_to(old.readlink())
    else:
        _make_room(new, lambda path: not path.is_symlink() and filecmp.cmp(old, path, shallow=False))
        shutil.copy2(old, new)
