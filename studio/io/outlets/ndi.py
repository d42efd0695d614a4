"""NDI, the network's video, through cyndilib."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from studio.errors import StudioError
from studio.io.outlets.base import NAME, Line, Rgbx, library
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture


class _Sender:
    def __init__(self, sender: Any, size: Size) -> None:
        self._sender = sender
        # Two, since the library still reads the one that was sent last.
        self._pixels = Rgbx(size, 2)

    @property
    def where(self) -> str:
        return NAME

    def send(self, picture: Picture) -> None:
        try:
            self._sender.write_video_async(self._pixels.of(picture).reshape(-1))
        except (RuntimeError, OSError) as error:
            raise StudioError(f"NDI takes no pictures any more ({error}).") from error

    def close(self) -> None:
        self._sender.close()


class Ndi:
    """See `Outlet`."""

    name = "ndi"
    label = "NDI"

    def open(self, size: Size, fps: float) -> Line:
        """See `Outlet.open`."""
        library("cyndilib", "ndi", "NDI")
        sending, frames = library("cyndilib.sender", "ndi", "NDI"), library("cyndilib.video_frame", "ndi", "NDI")
        structs = library("cyndilib.wrapper.ndi_structs", "ndi", "NDI")
        try:
            # It paces nothing: pictures come when they come.
            sender = sending.Sender(NAME, clock_video=False, clock_audio=False)
            frame = frames.VideoSendFrame()
            frame.set_resolution(*size.wh)
            frame.set_fourcc(structs.FourCC.RGBX)
            frame.set_frame_rate(Fraction(fps).limit_denominator(1001))
            sender.set_video_frame(frame)
            sender.open()
        except (RuntimeError, OSError, ValueError) as error:
            raise StudioError(f"NDI cannot be opened ({error}).") from error
        return _Sender(sender, size)


OUTLET = Ndi()
