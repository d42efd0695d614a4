"""NVIDIA's driver keeps the machine code of shaders on disk, where processes that begin later find it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from studio.engine.remembered import Content, remember, remembered
from studio.paths import own_folder

_KEEPS, _WHERE = "__GL_SHADER_DISK_CACHE", "__GL_SHADER_DISK_CACHE_PATH"
_DRIVER = Path("/dev/nvidiactl")

_FORMAT = 1
_MOST = 4000
"""Shaders that are listed of a GPU; the driver makes room on the disk, too."""


def keep_machine_code() -> None:
    """Let the driver keep what it compiles, in the studio's own folder; before the process has its first context.

    What it hands over of a program (`Calls.binary`) holds no machine code: whoever takes that compiles anew with the
    first dispatch, for a second and more, in which every other call of OpenGL in the process waits. What is on disk it
    takes in milliseconds. By itself the driver keeps nothing for root, as in containers. What people have set stays.
    """
    if not _DRIVER.exists() or _KEEPS in os.environ or _WHERE in os.environ:
        return
    folder = own_folder("cache") / "shaders"
    # Where there is no such folder, it keeps what it can where it would.
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[_WHERE] = str(folder)
    os.environ[_KEEPS] = "1"


class KeptCode:
    """Which shaders' machine code was on the disk when this process began: the driver looks at that time alone.

    Args:
        gpu: whose code: renderer, driver and interface.
        path: of the list.
    """

    def __init__(self, gpu: str, path: Path | None = None) -> None:
        self._gpu = gpu
        self._path = path or own_folder("cache") / "machine-code.json"
        self._known = frozenset(_listed(remembered(self._path), gpu))

    def __contains__(self, text: str) -> bool:
        return _sum(text) in self._known

    def note(self, text: str) -> None:
        """It is on the disk now, for processes that begin later."""
        found = _sum(text)
        if found in self._known:
            return

        def change(content: Content) -> Content:
            gpus = content["gpus"] if content.get("format") == _FORMAT and isinstance(content.get("gpus"), dict) else {}
            listed = [each for each in _listed(content, self._gpu) if each != found]
            return {"format": _FORMAT, "gpus": {**gpus, self._gpu: [*listed, found][-_MOST:]}}

        remember(self._path, change)


def kept_code(renderer: str, version: str, api: str) -> KeptCode | None:
    """What the driver keeps for a device; None where it hands over all that it makes, or nothing can be kept."""
    is_kept = _DRIVER.exists() and os.environ.get(_KEEPS) == "1" and "nvidia" in renderer.lower()
    # Without a list all would wait for the next start in each of them.
    return KeptCode(f"{renderer} {version} {api}") if is_kept and _is_writable(own_folder("cache")) else None


def _is_writable(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def _listed(content: Content, gpu: str) -> list[str]:
    gpus = content.get("gpus") if content.get("format") == _FORMAT else None
    found = gpus.get(gpu) if isinstance(gpus, dict) else None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
