"""What an outlet is."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Protocol

import numpy as np

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture

_SYSTEMS = {"win32": "Windows", "darwin": "macOS", "linux": "Linux"}

NAME = "Network Bending Studio"
"""What other programs find the picture under."""


class Line(Protocol):
    """An open outlet. It belongs to one thread, that which opened it."""

    @property
    def where(self) -> str:
        """What a person chooses in the other program: "/dev/video9", a name."""

    def send(self, picture: Picture) -> None:
        """Send (H, W, 3) uint8 RGB, contiguous, of the size that it was opened with.

        Raises:
            StudioError: where the other side is gone.
        """

    def close(self) -> None:
        """Send no more."""


class Rgbx:
    """Pictures with a fourth byte of each pixel, as graphics cards and NDI take them.

    Args:
        size: of the pictures.
        count: how many are kept, where the library still reads the one before.
    """

    def __init__(self, size: Size, count: int = 1) -> None:
        self._held = [np.full((*size, 4), 255, np.uint8) for _ in range(count)]
        self._turn = 0

    def of(self, picture: Picture) -> Picture:
        """(H, W, 4) uint8, which stays until as many others have been made."""
        self._turn = (self._turn + 1) % len(self._held)
        pixels = self._held[self._turn]
        pixels[:, :, :3] = picture
        return pixels


class Outlet(Protocol):
    """What a module declares as ``OUTLET``.

    Attributes:
        name: stable: "ndi".
        label: what menus call it.
        only_on: the system that it is for, as `sys.platform` names it; one for all systems may leave it out.
    """

    name: str
    label: str

    def open(self, size: Size, fps: float) -> Line:
        """Begin, in the thread that will send.

        Args:
            size: of the pictures.
            fps: about how many come in a second.

        Raises:
            StudioError: where the library, the device or the system is missing.
        """


def system_of(outlet: Outlet) -> str:
    """The system that an outlet needs and this is not, as people call it; empty where it works here."""
    only_on = getattr(outlet, "only_on", "")
    return "" if only_on in ("", sys.platform) else _SYSTEMS.get(only_on, only_on)


def library(module: str, extra: str, what: str, *, only_on: str = "") -> Any:
    """A library that is an optional extra.

    Args:
        module: its name for Python.
        extra: the studio's extra that brings it.
        what: what needs it, to begin a sentence.
        only_on: the system that it is for, as `sys.platform` names it; empty for all.

    Raises:
        StudioError: where it is not installed, or this is another system.
    """
    if only_on and sys.platform != only_on:
        raise StudioError(f"{what} is for {_SYSTEMS[only_on]} alone; NDI or a virtual camera do the same here.")
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise StudioError(
            f"{what} needs the package {module.partition('.')[0]}; install it with "
            f'pip install "network-bending-studio[{extra}]".'
        ) from error
