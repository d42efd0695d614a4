"""NDI, the network's video, as a source, through cyndilib; an optional extra, imported when one is opened."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from studio.io.outlets.base import library
from studio.io.sources._sent import Sent, SentKind
from studio.model.declared.size import Size

_PATIENCE = 5.0
"""Seconds in which senders on the network are found."""


class _Capture(Sent):
    """See `Sent`."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        finding, receiving = library("cyndilib.finder", "ndi", "NDI"), library("cyndilib.receiver", "ndi", "NDI")
        frames, recv = library("cyndilib.video_frame", "ndi", "NDI"), library("cyndilib.wrapper.ndi_recv", "ndi", "NDI")
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
        time.sleep(max(0.0, self._read + 1 / min(max(self.rate, 10.0), 120.0) - time.monotonic()))
        self._read = time.monotonic()
        self._receiver.frame_sync.capture_video()
        size = Size.from_wh((self._frame.xres, self._frame.yres))
        if not size.pixels:
            return False, None
        pixels = np.asarray(self._frame.get_array(), np.uint8).reshape(size.height, -1, 4)[:, : size.width]
        return True, pixels[:, :, 2::-1]

    @property
    def rate(self) -> float:
        """See `Sent.rate`."""
        return float(self._frame.get_frame_rate()) if self._receiver is not None else 0.0

    def release(self) -> None:
        """Receive no more."""
        if self._receiver is not None:
            self._receiver.disconnect()
        self._finder.close()


KIND = SentKind("ndi", "NDI", 1, "NDI sender", "start one on this network", _Capture)
