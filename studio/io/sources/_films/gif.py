"""GIFs as browsers show them: what is cleared, or not painted yet, is transparent; 1/100 s or less is a tenth.

FFmpeg takes the file's background colour where a picture names no colour as transparent. So its decoder is told by
pictures that paint nothing and name one, which are not given on. Nor does it lengthen what is to stay for 1/100 s, and
a picture without a control it leaves in the packet of the one before, where its decoder does not look at it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CLEARED = 2
_SIGNATURES = (b"GIF87a", b"GIF89a")
_EXTENSION, _CONTROL, _PICTURE = 0x21, 0xF9, 0x2C
# Hundredths of a second: what is shown no longer than the first stays for the second.
_TOO_SHORT, _USUAL = 1, 10


def packets_from_start(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The packets of a film, where that is a GIF with the times at which browsers show them.

    Args:
        container: a film; a GIF stands at its beginning.
        stream: of its pictures.

    Raises:
        av.FFmpegError: when it cannot be read.
    """
    if container.format.name != "gif":
        yield from container.demux(stream)
        return
    time = 0
    for packet in container.demux(stream):
        parts = _pictures(bytes(packet)) if packet.size else []
        for data in parts:
            control, _ = _places(data, _start(data))
            said = 0 if control is None else int.from_bytes(data[control + 1 : control + 3], "little")
            made = packet if len(parts) == 1 else like(data, packet)
            made.pts = made.dts = time
            made.duration = said if said > _TOO_SHORT else _USUAL
            time += made.duration
            yield made
        if not parts:
            yield packet


class GifDecoder:
    """Decodes the packets of a GIF.

    Args:
        context: FFmpeg's decoder.
        damaged: called for each picture that is cut off.
    """

    def __init__(self, context: VideoCodecContext, damaged: Callable[[], None]) -> None:
        self._context, self._damaged = context, damaged

    def decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """The frames of a packet; of None those that the decoder still holds.

        Raises:
            av.FFmpegError: when it cannot be decoded.
        """
        if packet is None:
            return self._context.decode(None)
        data = bytes(packet)
        start = _start(data)
        control, picture = _places(data, start)
        if picture is None:
            return self._context.decode(packet)
        # What ends the last of its blocks may be missing.
        if _behind_blocks(data, _codes(data, picture)) > len(data) + 1:
            self._damaged()
        if start:
            self._tell(data[:start] + _nothing(bytes(8), 0), packet)
            data, control, picture = data[start:], control and control - start, picture - start
        clears = control is not None and data[control] >> 2 & 7 == _CLEARED and not data[control] & 1
        if control is not None and clears:
            data = data[:control] + bytes([data[control] & ~0x1C]) + data[control + 1 :]
        frames = self._context.decode(like(data, packet))
        if clears:
            self._tell(_nothing(data[picture + 1 : picture + 9], _CLEARED), packet)
        return frames

    def _tell(self, data: bytes, packet: Packet[VideoStream]) -> None:
        self._context.decode(like(data, packet))


def like(data: bytes, packet: Packet[VideoStream]) -> Packet[VideoStream]:
    """A packet with the times of another and content of its own."""
    from av.packet import Packet as Made

    made = cast("Packet[VideoStream]", Made(data))
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
    return made


def _nothing(where: bytes, after: int) -> bytes:
    """A picture without data at a place, of which colour 0 is transparent; `after` says what becomes of the place."""
    where = where if any(where[4:]) else struct.pack("<4H", 0, 0, 1, 1)
    control = bytes([_EXTENSION, _CONTROL, 4, after << 2 | 1, 0, 0, 0, 0])
    # It has two colours of its own, as the file may have none. Of its data a clear code and an end code are all.
    return control + bytes([_PICTURE]) + where + bytes([0x80, *bytes(6), 2, 1, 0x2C, 0])


def _pictures(data: bytes) -> list[bytes]:
    """The pictures of a packet, each with what stands before it; all of it where it is one or none."""
    place, ends = _start(data), list[int]()
    while (picture := _places(data, place)[1]) is not None:
        place = _behind_blocks(data, _codes(data, picture))
        ends.append(place)
    cuts = [0, *ends[:-1], len(data)]
    return [data[begin:end] for begin, end in pairwise(cuts)]


def _codes(data: bytes, picture: int) -> int:
    """Where the codes of the picture that begins at a place do: behind its colours, and how wide the codes are."""
    flags = data[picture + 9]
    return picture + 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)


def _start(data: bytes) -> int:
    """How long the file's own header is, its colours with it; 0 of a packet without one."""
    if data[:6] not in _SIGNATURES or len(data) < 13:
        return 0
    return 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)


def _places(data: bytes, place: int) -> tuple[int | None, int | None]:
    """Where the flags of the control in front of the picture stand, and where the picture begins; None for neither."""
    control: int | None = None
    while place + 2 < len(data) and data[place] == _EXTENSION:
        if data[place + 1] == _CONTROL:
            control = place + 3
        place = _behind_blocks(data, place + 2)
    return control, place if place + 10 < len(data) and data[place] == _PICTURE else None


def _behind_blocks(data: bytes, place: int) -> int:
    """Where what begins at a place and stands in blocks ends."""
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1
