"""Folders go to the system's bin, and are never deleted for good."""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from studio.errors import StudioError


def to_bin(path: Path) -> None:
    """Move a folder to the system's bin; StudioError where that cannot be: nothing is ever deleted for good."""
    # Qt knows no bin where the folder that is to hold it is missing, as in a new home.
    with contextlib.suppress(OSError):
        Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)).mkdir(
            parents=True, exist_ok=True
        )
    if not QFile(str(path)).moveToTrash():
        raise StudioError(f"{path} cannot be moved to the bin; remove the folder by hand.")
