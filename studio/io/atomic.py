"""Files and folders that are never half-written: write beside, fsync, rename.

A reader sees the old content or the new one, whole; never a mixture, whatever is killed or pulled out meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StudioError

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EFBIG: "the file has become larger than this disk allows; write to another one",
    errno.EROFS: "the disk is read-only; write to another folder",
    errno.EACCES: "permission is denied; write to another folder or change its rights",
    errno.EPERM: "the operation is not permitted there; write to another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.EIO: "the disk reports an input/output error; write to another one",
}


def cannot_write(path: Path, error: OSError) -> StudioError:
    """The sentence for `error`, met while writing `path`."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return StudioError(f"cannot write {path}: {reason}")


def require_parent(path: Path) -> None:
    """Check that the folder which is to hold `path` exists.

    It is not created: a mistyped folder would come into being silently, with the work of an hour in it.

    Raises:
        StudioError: when it does not exist or is no folder.
    """
    parent = path.parent
    if not exists(parent):
        raise StudioError(f"cannot write {path}: the folder {parent} does not exist; create it first")
    if not is_folder(parent):
        raise StudioError(f"cannot write {path}: {parent} is not a folder; choose another place")


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder; a name too long for the disk is none, which `Path.is_dir` would raise for."""
    try:
        return path.is_dir()
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Whether something is at `path`; nothing is at a name too long for the disk."""
    try:
        return path.exists()
    except OSError:
        return False


def write_bytes(path: Path, data: bytes) -> None:
    """Make `data` the whole content of the file `path`, atomically.

    Raises:
        StudioError: when the folder is missing or not writable, the disk is full, or `path` is a folder.
    """
    with replacing(path) as beside:
        beside.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write a file to; on leaving, that file is synced and takes the place of `path`.

    The path given keeps the suffix of `path`. When the body raises, the new file is removed and `path` is untouched.

    Raises:
        StudioError: when the folder is missing or not writable, the disk is full, or `path` is a folder. An `OSError`
            of the body that concerns the new file, or the disk, becomes one too; others pass through.
    """
    real = _real(path)
    require_parent(real)
    if is_folder(real):
        raise StudioError(f"cannot write {path}: it is a folder; give the name of a file")
    beside = _beside(real, "new")
    try:
        with _explained(path, beside):
            yield beside
            sync(beside)
            beside.replace(real)
            sync(real.parent)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; on leaving, it is synced and takes the place of the folder `path`.

    The folder that stood there is gone afterwards, with all that was in it; when anything fails it stands there still.
    Between two renames, for microseconds, `path` does not exist: `recover_folder` mends a process killed just then.

    Raises:
        StudioError: as for `replacing`; and when `path` exists and is no folder.
    """
    real = _real(path)
    require_parent(real)
    if exists(real) and not is_folder(real):
        raise StudioError(f"cannot write the folder {path}: a file of that name exists; remove it or choose another")
    recover_folder(real)
    beside = _beside(real, "new")
    try:
        with _explained(path, beside):
            beside.mkdir()
            yield beside
            for folder, _, names in os.walk(beside):
                for name in names:
                    sync(Path(folder) / name)
                sync(Path(folder))
            swap_folder(beside, real)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def recover_folder(path: Path) -> None:
    """Put back the folder that a process killed between the two renames of `replacing_folder` left under another name.

    Does nothing when `path` exists or when there is nothing to put back.
    """
    real = _real(path)
    old = _old(real)
    with contextlib.suppress(OSError):
        if not real.exists() and old.is_dir():
            old.rename(real)


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


def swap_folder(new: Path, real: Path) -> None:
    """Put the folder `new` in the place of the folder `real`, which goes away, or back there when that fails.

    Raises:
        OSError: when a rename fails.
    """
    old = _old(real)
    if not real.exists():
        new.rename(real)
    else:
        shutil.rmtree(old, ignore_errors=True)
        real.rename(old)
        try:
            new.rename(real)
        except OSError:
            old.rename(real)
            raise
    sync(real.parent)
    shutil.rmtree(old, ignore_errors=True)


def _real(path: Path) -> Path:
    # Through a symbolic link: the thing it points to is replaced, and the new file lies on the same disk as the old.
    return Path(os.path.realpath(path))


def _beside(real: Path, role: str) -> Path:
    # The token lets two processes write the same name at once; the later rename wins, whole.
    return real.with_name(f".{real.stem}.{secrets.token_hex(4)}.{role}{real.suffix}")


def _old(real: Path) -> Path:
    return real.with_name(f".{real.name}.old")


@contextmanager
def _explained(path: Path, beside: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        named = error.filename
        concerns_new = isinstance(named, str | os.PathLike) and Path(named).is_relative_to(beside)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        if not (concerns_new or full or (named is None and error.errno in _REASONS)):
            raise
        raise cannot_write(path, error) from error
