"""NDI, the network's video, as a source, through cyndilib; an optional extra, imported when one is opened."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.outlets.base import library
from studio.io.sources.base import Source
from studio.io.sources.camera import CameraSource

_PATIENCE = 5.0
"""Seconds in which senders on the network are found."""


class _Capture:
    """A sender on the network as `CameraSource` captures it; see `studio.io.sources.camera.CaptureLike`."""

    def __init__(self, wanted: str) -> None:
        finding, receiving = library("cyndilib.finder", "ndi", "NDI"), library("cyndilib.receiver", "ndi", "NDI")
        frames, recv = library("cyndilib.video_frame", "ndi", "NDI"), library("cyndilib.wrapper.ndi_recv", "ndi", "NDI")
        self.names: list[str] = []
        self._receiver: Any = None
        self._read = 0.0
        self._finder = finding.Finder()
        self._finder.open()
        self._finder.wait_for_sources(_PATIENCE)
        self.names = [str(name) for name in self._finder.get_source_names()]
        found = next((name for name in self.names if not wanted or wanted.lower() in name.lower()), None)
        if found is None:
            return
        self._frame = frames.VideoFrameSync()
        self._receiver = receiving.Receiver(color_format=recv.RecvColorFormat.RGBX_RGBA)
        self._receiver.frame_sync.set_video_frame(self._frame)
        self._receiver.set_source(self._finder.get_source(found))

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is such a sender."""
        return self._receiver is not None

    def read(self) -> tuple[bool, Any]:
        """The newest picture, (H, W, 3) uint8 BGR; it is there at once, so that whoever reads waits for the next."""
        rate = self.get(5)
        time.sleep(max(0.0, self._read + 1 / min(max(rate, 10.0), 120.0) - time.monotonic()))
        self._read = time.monotonic()
        self._receiver.frame_sync.capture_video()
        width, height = self._frame.xres, self._frame.yres
        if not width or not height:
            return False, None
        pixels = np.asarray(self._frame.get_array(), np.uint8).reshape(height, -1, 4)[:, :width]
        return True, pixels[:, :, 2::-1]

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """Pictures a second, where that is asked for."""
        return float(self._frame.get_frame_rate()) if propId == 5 and self._receiver is not None else 0.0

    def set(self, propId: int, value: float, /) -> bool:  # noqa: ARG002, N803 - OpenCV's name
        """Nothing can be asked for."""
        return False

    def release(self) -> None:
        """Receive no more."""
        if self._receiver is not None:
            self._receiver.disconnect()
        self._finder.close()


class NdiKind:
    """The specs "ndi", the first sender on the network, and "ndi:NAME", one whose name holds that."""

    name = "ndi"
    order = 1

    def match(self, spec: str) -> bool:
        """Whether `spec` is the word "ndi", with or without a name."""
        return spec == "ndi" or spec.startswith("ndi:")

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a sender gives what it gives
        """Open the sender.

        Raises:
            StudioError: where the library is missing, there is no such sender, or it gives no picture.
        """
        wanted = spec.partition(":")[2]
        seen: list[str] = []

        def opened(_: int) -> _Capture:
            capture = _Capture(wanted)
            seen[:] = capture.names
            return capture

        try:
            return CameraSource(opener=opened, name=f'NDI "{wanted}"' if wanted else "NDI")
        except StudioError as error:
            if "cannot be opened" not in str(error):
                raise
            if not seen:
                raise StudioError("no NDI sender was found on this network; start one, and try again") from error
            raise StudioError(f'no NDI sender is called "{wanted}"; there are {", ".join(seen)}') from error


KIND = NdiKind()
