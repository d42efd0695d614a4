"""Pictures that other programs send, by an optional library: what NDI, Spout and Syphon have in common as sources."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from studio.errors import StudioError
from studio.io.sources.base import Source
from studio.io.sources.camera import CameraSource

LOOKS = 60.0
"""Looks a second at who sends, where the library does not say how fast that is."""


class Sent:
    """A sender as `CameraSource` captures it; see `studio.io.sources._capture.CaptureLike`.

    Attributes:
        names: of the senders that there are; None where the library does not tell them.
    """

    def __init__(self) -> None:
        self.names: list[str] | None = None

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is such a sender."""
        raise NotImplementedError

    def read(self) -> tuple[bool, Any]:
        """The newest picture, (H, W, 3) uint8 BGR; whoever reads waits for the next."""
        raise NotImplementedError

    def release(self) -> None:
        """Receive no more."""
        raise NotImplementedError

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return LOOKS

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """Pictures a second, where that is asked for."""
        return self.rate if propId == 5 else 0.0

    def set(self, propId: int, value: float, /) -> bool:  # noqa: ARG002, N803 - OpenCV's name
        """Nothing can be asked for."""
        return False


class SentKind:
    """The specs "NAME", the first or the active sender, and "NAME:WHICH", that of this name or a part of it.

    Args:
        name: stable: "ndi".
        label: what messages call it: "NDI".
        order: among kinds of sources.
        sender: what a sender is called: "NDI sender".
        advice: what to do where there is none, as a clause.
        capture: opens the sender asked for; empty for any.
    """

    def __init__(
        self, name: str, label: str, order: int, sender: str, advice: str, capture: Callable[[str], Sent]
    ) -> None:
        self.name, self.order = name, order
        self._label, self._sender, self._advice, self._capture = label, sender, advice, capture

    def match(self, spec: str) -> bool:
        """Whether `spec` is the word, with or without a sender's name."""
        return spec == self.name or spec.startswith(f"{self.name}:")

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a sender gives what it gives
        """Open the sender.

        Raises:
            StudioError: where the library or the system is not there, there is no such sender, or it gives no picture.
        """
        wanted = spec.partition(":")[2]
        called = f'{self._label} "{wanted}"' if wanted else self._label
        names: list[str] | None = None

        def opened(_: int) -> Sent:
            nonlocal names
            capture = self._capture(wanted)
            names = capture.names
            return capture

        try:
            return CameraSource(opener=opened, name=called)
        except StudioError as error:
            if not str(error).startswith(f"{called} cannot be opened"):
                raise
            raise StudioError(self._missing(wanted, names)) from error

    def _missing(self, wanted: str, names: list[str] | None) -> str:
        if wanted and names:
            return f'no {self._sender} is called "{wanted}"; there are {", ".join(names)}'
        if wanted and names is None:
            return f'no {self._sender} is called "{wanted}"; {self._advice}, and try again'
        return f"no {self._sender} was found; {self._advice}, and try again"
