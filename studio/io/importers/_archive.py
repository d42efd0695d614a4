"""Zip archives of models, looked at before anything in them is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from studio.errors import StudioError
from studio.io.importers.base import check_size

_MOST_ENTRIES = 20_000
_STRONGEST = 40
_SMALL = 2**20


def is_zip(path: Path) -> bool:
    """Whether it begins as a zip archive."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def check_archive(path: Path) -> list[str]:
    """Names of what is in an archive of PyTorch.

    Raises:
        StudioError: where it is damaged, or unpacks to more than any model has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    # zipfile raises many kinds of error for a damaged directory.
    except Exception as error:
        raise StudioError(f"{path}: the archive is damaged or cut short; fetch it anew.") from error
    total = sum(entry.file_size for entry in entries)
    check_size(total, path)
    # PyTorch stores weights as they are; what shrinks fortyfold is no model.
    if len(entries) > _MOST_ENTRIES or total > _STRONGEST * path.stat().st_size + _SMALL:
        raise StudioError(f"{path}: the archive unpacks to {total} bytes, far more than it has; it is not opened.")
    return [entry.filename for entry in entries]


def member(path: Path, name: str) -> bytes:
    """One file of an archive that `check_archive` has passed."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except Exception as error:
        raise StudioError(f"{path}: {name} in the archive is missing or damaged; fetch it anew.") from error
