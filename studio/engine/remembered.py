"""What was measured on this machine, as JSON in the folder for caches; done without where that cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

_SURELY_LEFT = 86400.0
"""Seconds after which what is half-written was left by a process that was killed."""


def remembered(path: Path) -> dict[str, Any]:
    """What a file holds; nothing where there is none, or it is something else."""
    return _read(path) or {}


def remember(path: Path, content: dict[str, Any]) -> None:
    """Put this in the file's place at once: another engine may be reading it, or writing its own.

    What is no JSON, or no file, is somebody else's and stays.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path) and _read(path) is None:
            return
        start = f".{path.stem}-"
        for left in path.parent.glob(f"{start}*"):
            if time.time() - left.stat().st_mtime > _SURELY_LEFT:
                left.unlink(missing_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=start)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
