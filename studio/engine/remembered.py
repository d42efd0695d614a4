"""What was measured on this machine, as JSON in the folder for caches; done without where that cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from studio.patience import is_held

Content = dict[str, Any]
Change = Callable[[Content], Content]

_SURELY_LEFT = 86400.0
"""Seconds after which what is half-written was left by a process that was killed."""

_PAUSES = 0.05, 0.05, 0.05, 0.05, 0.2, 0.4, 0.8, 1.6
"""Seconds before each further try where Windows says that somebody has the file open."""

_lock = threading.Lock()
_waiting: dict[Path, list[Change]] = {}
"""What is not on the disk yet."""
_tried: set[Path] = set()
"""Which files a thread tries again to write."""


def remembered(path: Path) -> Content:
    """What a file holds, and what this process is still to write there; nothing where it is something else."""
    with _lock:
        changes = [*_waiting.get(path, ())]
    content = None
    with contextlib.suppress(OSError):
        content = _read(path)
    return _changed(content or {}, changes)


def remember(path: Path, change: Change) -> None:
    """Change what a file holds at once: another engine may be reading it, or writing its own.

    What is no JSON, or no file, is somebody else's and stays. Nobody waits: where Windows says that somebody has the
    file open just now, a thread tries again for some seconds, and after that the next that is remembered brings it.

    Args:
        path: the file.
        change: gives what it is to hold by what it holds; called again where that is something else by then.
    """
    with _lock:
        _waiting.setdefault(path, []).append(change)
        if path not in _tried and not _is_written(path):
            _tried.add(path)
            threading.Thread(target=_try_again, args=(path,), name="remember").start()


def _try_again(path: Path) -> None:
    for pause in _PAUSES:
        time.sleep(pause)
        with _lock:
            if _is_written(path):
                break
    with _lock:
        _tried.discard(path)


def _is_written(path: Path) -> bool:
    """Whether what waits for this file is there, or never will be; False where it is worth another try."""
    try:
        _write(path, _waiting.get(path, ()))
    except OSError as error:
        if is_held(error):
            return False
    _waiting.pop(path, None)
    return True


def _write(path: Path, changes: Iterable[Change]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = _read(path)
    if content is None:
        return
    start = f".{path.stem}-"
    for left in path.parent.glob(f"{start}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _SURELY_LEFT:
                left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=start)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_changed(content, changes), file, indent=1)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _changed(content: Content, changes: Iterable[Change]) -> Content:
    for change in changes:
        content = change(content)
    return content


def _read(path: Path) -> Content | None:
    """What a file holds, nothing where there is none; None where it is no such file.

    Raises:
        OSError: where it cannot be read.
    """
    if os.path.lexists(path) and not path.is_file():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        return None
    except OSError:
        if not os.path.lexists(path):
            return {}
        raise
    return content if isinstance(content, dict) else None
