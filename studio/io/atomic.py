"""Files and folders that are never half-written: write beside, sync, rename.

A reader sees the old content or the new one, whole; never a mixture, whatever is killed or pulled out meanwhile.

    .NAME.1f2e3d4c5a6b7c8d.new   grows; locked by who writes it, so that what a killed process left is told apart
    .NAME.1f2e3d4c5a6b7c8d.old   where two folders cannot be exchanged in one step: the old one, for microseconds

A folder is read file by file, so a reader may begin with the old one and end with the new one: `folders.steadily`
notices.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StudioError
from studio.io._later import Contents, bring_later, contents_of
from studio.io._leftovers import beside_of, let_go, locked, real_path, recover_folder, sweep
from studio.io._rename import take_free, take_free_folder
from studio.io._swap import exchange_folder
from studio.patience import is_shared, patiently

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EFBIG: "the file has become larger than this disk allows; write to another one",
    errno.EROFS: "the disk is read-only; write to another folder",
    errno.EACCES: "permission is denied; write to another folder or change its rights",
    errno.EPERM: "the operation is not permitted there; write to another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EIO: "the disk reports an input/output error; write to another one",
    errno.EMFILE: "too many files are open; close some of what is open and try again",
    errno.ENFILE: "too many files are open; close some of what is open and try again",
    errno.ENOENT: "its folder has been removed meanwhile; create it again",
    errno.EEXIST: "something of that name was created there meanwhile; give another name",
    errno.EBUSY: "something else uses it; close that first",
}


def cannot_write(path: Path, error: OSError) -> StudioError:
    """The sentence for `error`, met while writing `path`."""
    number = errno.EBUSY if is_shared(error) else error.errno or 0
    reason = _REASONS.get(number, error.strerror or str(error))
    return StudioError(f"cannot write {path}: {reason}")


def require_parent(path: Path) -> None:
    """Check that the folder which is to hold `path` exists, and takes a name of that length.

    It is not created: a mistyped folder would come into being silently, with the work of an hour in it.

    Raises:
        StudioError: when it does not exist or is no folder, or the name is too long.
    """
    parent = path.parent
    try:
        path.lstat()
    except (OSError, ValueError) as error:
        # Known before the work is done: what is written meanwhile has a shorter name.
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise cannot_write(path, OSError(errno.ENAMETOOLONG, "")) from error
    if not exists(parent):
        raise StudioError(f"cannot write {path}: the folder {parent} does not exist; create it first")
    if not is_folder(parent):
        raise StudioError(f"cannot write {path}: {parent} is not a folder; choose another place")


def require_file_or_nothing(path: Path) -> None:
    """Check that a file may take the place of what stands at `path`: a file, or nothing.

    Raises:
        StudioError: when it is a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(mode):
        raise StudioError(f"cannot write {path}: it is a folder; give the name of a file")
    if not stat.S_ISREG(mode):
        raise StudioError(f"cannot write {path}: it is a pipe or a device; give the name of a file")


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder; a name too long for the disk is none, which `Path.is_dir` would raise for."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def exists(path: Path) -> bool:
    """Whether something is at `path`, be it a link that leads to itself; nothing is at a name too long for the disk."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) == errno.ELOOP
    return True


def is_other(path: Path) -> bool:
    """Whether something that is no folder is at `path`: one look, as a folder may go between two."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) == errno.ELOOP


def write_bytes(path: Path, data: bytes | memoryview, *, overwrite: bool = True) -> None:
    """Make `data` the whole content of the file `path`, atomically.

    Raises:
        FileExistsError: without `overwrite`, when something stands at `path` already; it stays as it is.
        StudioError: when the folder is missing or not writable, the disk is full, or `path` is no file.
    """
    with replacing(path, overwrite=overwrite) as beside:
        beside.write_bytes(data)


def write_free(path: Path, data: bytes) -> Path:
    """Write a file at `path`, or where something stands there at "NAME 2" and so on; what it was then called.

    Raises:
        StudioError: as for `write_bytes`.
    """
    number, free = 1, path
    while True:
        try:
            if not exists(free):
                write_bytes(free, data, overwrite=False)
                return free
        except FileExistsError:
            pass  # it has come to be meanwhile
        number += 1
        free = path.with_name(f"{path.stem} {number}{path.suffix}")


@contextmanager
def replacing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give a path beside `path` to write a file to; on leaving, that file is synced and takes the place of `path`.

    The path given keeps the suffix of `path`, and the new file the rights of the old one. When the body raises, the
    new file is removed and `path` is untouched.

    Args:
        path: the file.
        overwrite: whether one that stands there may be replaced.

    Raises:
        FileExistsError: without `overwrite`, when something stands at `path` by the end of the body.
        StudioError: when the folder is missing or not writable, the disk is full, or `path` is a folder, a pipe or a
            device. An `OSError` of the body that concerns the new file, or the disk, becomes one too; others pass.
    """
    real = real_path(path)
    require_parent(real)
    require_file_or_nothing(real)
    sweep(real.parent, real.stem)
    beside = beside_of(real, "new")
    lock = None
    try:
        with _explained(path):
            lock = locked(beside, os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, _mode(real, 0o666)))
        with _explained(path, beside):
            yield beside
        with _explained(path, passing=() if overwrite else (errno.EEXIST,)):
            sync(beside)
            let_go(lock)
            lock = None
            put_in_place(beside, real, overwrite)
        sync_rename(real.parent)
    finally:
        let_go(lock)
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; on leaving, it is synced and takes the place of the folder `path`.

    The folder that stood there is gone afterwards, with all that was in it but for what others have put there
    meanwhile; when anything fails it stands there still. Files of the same name keep their rights.

    Args:
        path: the folder.
        overwrite: whether one that stands there with something in it may be replaced.

    Raises:
        FileExistsError: without `overwrite`, when such a folder stands there by the end of the body.
        StudioError: as for `replacing`; and when `path` exists and is no folder.
    """
    real = real_path(path)
    require_parent(real)
    if is_other(real):
        raise StudioError(f"cannot write the folder {path}: a file of that name exists; remove it or choose another")
    recover_folder(real)
    sweep(real.parent, real.stem)
    beside = beside_of(real, "new")
    stood = contents_of(real)
    lock = None
    try:
        with _explained(path):
            beside.mkdir()
            lock = locked(beside, None)
        with _explained(path, beside):
            yield beside
        with _explained(path, passing=() if overwrite else (errno.EEXIST,)):
            keep_rights(real, beside)
            for folder, _, names in os.walk(beside):
                for name in names:
                    if not (file := Path(folder) / name).is_symlink():  # which may lead anywhere, or nowhere
                        sync(file)
                sync(Path(folder))
            if overwrite:
                swap_folder(beside, real, stood)
            else:
                take_free_folder(beside, real)
                sync_rename(real.parent)
    finally:
        let_go(lock)
        shutil.rmtree(beside, ignore_errors=True)


def swap_folder(new: Path, real: Path, stood: Contents | None = None) -> None:
    """Put the folder `new` in the place of the folder `real`, which goes away, or back there when that fails.

    Args:
        new: the folder.
        real: its name.
        stood: what `contents_of` gave of `real` before `new` was filled: what has come there since is taken over.

    Raises:
        OSError: when a rename fails.
    """
    old = exchange_folder(new, real)
    sync_rename(real.parent)
    if old is not None:
        if stood is not None:
            bring_later(old, real, stood)
        shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the disk hold what `path`, a file or a folder, contains.

    A folder cannot be opened for this on Windows, where a rename is journalled anyway: nothing is done there.

    Raises:
        OSError: when the file cannot be opened or the disk fails.
    """
    if path.is_dir() and os.name == "nt":
        return
    # Windows flushes only a handle that may write.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network and FUSE file systems know no fsync of a folder; the rename itself has happened.
        if not (path.is_dir() and error.errno in (errno.EINVAL, errno.ENOTSUP, errno.EBADF)):
            raise
    finally:
        os.close(handle)


def sync_rename(folder: Path) -> None:
    """Have the disk hold what was renamed in `folder`, where it can.

    The new content is there, and whole: where the disk fails at this alone, nobody is told that it is not.
    """
    with contextlib.suppress(OSError):
        sync(folder)


def put_in_place(part: Path, path: Path, overwrite: bool) -> None:
    """Let a file take its name, and the rights of the file that it replaces.

    Raises:
        FileExistsError: without `overwrite`, when something has come to be there.
        OSError: when the rename fails.
    """
    if overwrite:
        if exists(path):
            # Some disks have no rights.
            with contextlib.suppress(OSError):
                part.chmod(_mode(path, 0o666))
        patiently(lambda: part.replace(path))
    else:
        take_free(part, path)


def _mode(path: Path, default: int) -> int:
    """The rights of a file or folder; not by whose rights a file runs, as what takes its place is somebody else's."""
    try:
        mode = path.stat().st_mode
        return stat.S_IMODE(mode) & (0o7777 if stat.S_ISDIR(mode) else 0o777)
    except OSError:
        return default


def as_private(path: Path, new: Path) -> None:
    """Let nobody else at a file or folder that is begun, and still empty, than at the one that it is to replace."""
    if exists(path):
        # Some disks have no rights.
        with contextlib.suppress(OSError):
            new.chmod(_mode(path, 0) | (0o700 if new.is_dir() else 0o600))


def keep_rights(old: Path, new: Path) -> None:
    """Give a folder, and what it holds under the names of the one that it is to replace, the rights of those."""
    if not old.is_dir():
        return
    for folder, folders, names in os.walk(new):
        for name in (*folders, *names):
            made = Path(folder) / name
            before = old / made.relative_to(new)
            if before.exists() and not before.is_symlink() and not made.is_symlink():
                made.chmod(_mode(before, 0o644))
    new.chmod(_mode(old, 0o755))


@contextmanager
def _explained(path: Path, beside: Path | None = None, passing: tuple[int, ...] = ()) -> Iterator[None]:
    """Say in a sentence what went wrong with `path`: all of it, or with `beside` what concerns that or the disk."""
    try:
        yield
    except OSError as error:
        named = error.filename
        ours = beside is None or (isinstance(named, str | os.PathLike) and Path(named).is_relative_to(beside))
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if error.errno in passing:
            raise
        # What a write, a flush or a close fails with names no file: a network's disk has reasons of its own.
        if not (ours or full or (named is None and error.errno)):
            raise
        raise cannot_write(path, error) from error
