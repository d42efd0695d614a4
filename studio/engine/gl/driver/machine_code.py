"""NVIDIA's driver keeps the machine code of shaders on disk, where processes that begin later find it.

A process has one file of its own to write into, whose name ends in a digit where others have the same name at the same
time, and finds nothing in those of others unless it is told their names. So the window and each process that compiles
for it have names of their own, and all read what lies in the others' files when they begin::

    window  writes window0      reads compile-00, compile-10 ...
    first   writes compile-00   reads window0, compile-10 ...
    second  writes compile-10   reads window0, compile-00 ...

A lesson in the window runs in another library of the driver's (`apart`), which writes lesson0.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.engine.remembered import Content, remember, remembered
from studio.paths import own_folder

_KEEPS, _WHERE = "__GL_SHADER_DISK_CACHE", "__GL_SHADER_DISK_CACHE_PATH"
_NAME, _READS = "__GL_SHADER_DISK_CACHE_APP_NAME", "__GL_SHADER_DISK_CACHE_READ_ONLY_APP_NAME"
_DRIVER = Path("/dev/nvidiactl")

_WINDOW, _LESSON = "window", "lesson"
PROCESSES = 4
"""That compile for a window, at most."""

_AT_ONCE = 2
"""Windows that are open at the same time, whose files are read."""

_FORMAT = 2
_MOST = 4000
"""Shaders that are listed of a GPU; the driver makes room on the disk, too."""

_naming = threading.Lock()


def is_nvidia() -> bool:
    """Whether NVIDIA's driver is loaded."""
    return _DRIVER.exists()


def keep_machine_code() -> None:
    """Let the driver keep what it compiles, in the studio's own folder; before the process has its first context.

    What it hands over of a program (`Calls.binary`) holds no machine code: whoever takes that compiles anew with the
    first dispatch, for a second and more, in which every other call of OpenGL in the process waits. What is on disk it
    takes in milliseconds. By itself the driver keeps nothing for root, as in containers. What people have set stays.
    """
    if not is_nvidia() or any(name in os.environ for name in (_KEEPS, _WHERE, _NAME, _READS)):
        return
    folder = own_folder("cache") / "shaders"
    # Where there is no such folder, it keeps what it can where it would.
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[_WHERE] = str(folder)
    os.environ.update({_KEEPS: "1", **_files_of(_WINDOW)})


def environment_of(number: int) -> dict[str, str]:
    """The environment of a process that compiles for this one's contexts: the how manieth it is, from 0."""
    with _naming:
        return {**os.environ, **(_files_of(f"compile-{number}") if os.environ.get(_NAME) == _WINDOW else {})}


@contextmanager
def files_apart() -> Iterator[None]:
    """While this lasts, a library of the driver's that this process uses for the first time takes files of its own."""
    with _naming:
        before = os.environ.get(_NAME)
        if before == _WINDOW:
            os.environ[_NAME] = _LESSON
        try:
            yield
        finally:
            if before == _WINDOW:
                os.environ[_NAME] = _WINDOW


def _files_of(own: str) -> dict[str, str]:
    """What has the driver write into files of this name, and read all others."""
    names = _WINDOW, *(f"compile-{number}" for number in range(PROCESSES))
    # Semicolons: by colons or commas the driver finds none.
    read = (f"{name}{digit}" for digit in range(_AT_ONCE) for name in names if name != own)
    return {_NAME: own, _READS: ";".join(read)}


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
    is_kept = is_nvidia() and os.environ.get(_NAME) == _WINDOW and "nvidia" in renderer.lower()
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
