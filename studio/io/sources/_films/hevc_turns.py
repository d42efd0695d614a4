"""HEVC pictures that say how they are held: FFmpeg's decoder takes what one said for all that follow, for good.

Source: ITU-T H.265, 7.3.1 (units), 7.3.5 (SEI), D.2.17 (display orientation).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.io.sources._films.gif import like

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

_BEFORE, _HELD, _PICTURES = 39, 47, range(32)
# One that says that none is turned any more.
_CANCELLED = b"\x4e\x01\x2f\x01\xc0\x80"


def unsaid(packets: Iterator[Packet[VideoStream]], stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The same packets; key frames that do not say how they are held tell the decoder so.

    Args:
        packets: of a film.
        stream: of its pictures; of any codec.
    """
    if stream.codec_context.name != "hevc":
        yield from packets
        return
    extra = stream.codec_context.extradata or b""
    wide = (extra[21] & 3) + 1 if len(extra) > 21 and extra[0] == 1 else 0
    is_turned = False
    for packet in packets:
        made = packet
        if packet.size and packet.is_keyframe:
            data = bytes(packet)
            says, place = _look(data, wide)
            if is_turned and not says and not packet.is_discard and place is not None:
                head = len(_CANCELLED).to_bytes(wide, "big") if wide else b"\0\0\0\1"
                made = like(data[:place] + head + _CANCELLED + data[place:], packet)
            is_turned = is_turned or says
        yield made


def _look(data: bytes, wide: int) -> tuple[bool, int | None]:
    """Whether a packet says how its picture is held, and where its first picture begins."""
    says = False
    for place, begin, end in _units(data, wide):
        kind = data[begin] >> 1 & 63
        if kind in _PICTURES:
            return says, place
        says = says or (kind == _BEFORE and _is_held(data[begin + 2 : end].replace(b"\0\0\3", b"\0\0")))
    return says, None


def _units(data: bytes, wide: int) -> Iterator[tuple[int, int, int]]:
    """Where each unit's head, its content and the next one begin."""
    place = 0
    if wide:
        while place + wide < len(data):
            end = place + wide + int.from_bytes(data[place : place + wide], "big")
            yield place, place + wide, end
            place = end
        return
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        end = data.find(b"\0\0\1", place + 3)
        # A byte of zero more may stand in front.
        yield place - (place > 0 and not data[place - 1]), place + 3, end if end >= 0 else len(data)
        place = end


def _is_held(message: bytes) -> bool:
    place = 0
    while place + 2 < len(message):
        kind = size = 0
        for is_kind in (True, False):
            while place < len(message) and message[place] == 255:
                kind, size, place = kind + 255 * is_kind, size + 255 * (not is_kind), place + 1
            if place >= len(message):
                return False
            kind, size, place = kind + message[place] * is_kind, size + message[place] * (not is_kind), place + 1
        if kind == _HELD:
            return True
        place += size
    return False
