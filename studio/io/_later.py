"""What others put into a folder while another one was made to take its place: an editor's note, a picture."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Contents:
    """What lies in a folder at a moment.

    Attributes:
        folder: device and number of the folder itself.
        files: by path within it, what changes with a file: when it was written, its size, its number.
    """

    folder: tuple[int, int]
    files: dict[str, Stamp]


def contents_of(folder: Path) -> Contents | None:
    """What lies in a folder now; None where there is none."""
    try:
        found = folder.stat()
        return Contents((found.st_dev, found.st_ino), dict(_files(folder, folder)))
    except OSError:
        return None


def bring_later(old: Path, new: Path, stood: Contents) -> None:
    """Take over what has come into a folder, or was changed there, since; what `new` has made of its own stays.

    Args:
        old: the folder that has been replaced, under another name.
        new: the folder in its place.
        stood: what lay in `old` before `new` was filled. Where another folder had taken its place in between, as one
            that the studio saved whole, nothing of that is taken over.
    """
    now = contents_of(old)
    if now is None or now.folder != stood.folder:
        return
    for name, stamp in now.files.items():
        before = stood.files.get(name)
        if stamp == before:
            continue
        with contextlib.suppress(OSError):
            target = new / name
            # A copy has the time of what it was copied from: it is older than what is there now.
            if not os.path.lexists(target) or (before is not None and target.lstat().st_mtime_ns == before[0]):
                target.parent.mkdir(parents=True, exist_ok=True)
                (old / name).replace(target)


def _files(folder: Path, top: Path) -> list[tuple[str, Stamp]]:
    found: list[tuple[str, Stamp]] = []
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            found += _files(entry, top)
        else:
            status = entry.lstat()
            stamp = status.st_mtime_ns, status.st_size, status.st_ino
            found.append((entry.relative_to(top).as_posix(), stamp))
    return found
