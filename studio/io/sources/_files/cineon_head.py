"""What a Cineon picture says of itself in its header. Source: Kodak, Cineon Digital Film System, draft 2.1."""

from __future__ import annotations

import struct
from typing import NamedTuple

from studio.model.declared.size import Size

_ORDERS = {b"\x80\x2a\x5f\xd7": ">", b"\xd7\x5f\x2a\x80": "<"}
_HELD, _CHANNELS, _LAID, _PADDING = 192, 193, 680, 684
_UNDEFINED = 0xFFFFFFFF
# By the number of the orientation, for `base.orient`.
_TURNS = (
    (False, False, False),
    (False, False, True),
    (False, True, False),
    (False, True, True),
    (True, False, False),
    (True, True, False),
    (True, False, True),
    (True, True, True),
)
_BY_PIXEL, _LEFT_IN_32 = 0, 5


class CineonHead(NamedTuple):
    """What a Cineon file says.

    Attributes:
        size: of what is stored.
        turn: for `base.orient`.
        begins: where its values do.
        padding: bytes behind each line.
        order: of the bytes, for `struct`.
        is_usual: whether it is three colours of ten bits, in words of 32.
    """

    size: Size
    turn: tuple[bool, bool, bool]
    begins: int
    padding: int
    order: str
    is_usual: bool


def head_of_cineon(data: bytes) -> CineonHead | None:
    """The header of a Cineon file; None of any other."""
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < _PADDING + 4:
        return None
    (begins,) = struct.unpack_from(f"{order}I", data, 4)
    (padding,) = struct.unpack_from(f"{order}I", data, _PADDING)
    held, channels = data[_HELD], data[_CHANNELS]
    across, down = struct.unpack_from(f"{order}II", data, _CHANNELS + 3 + 4)
    bits = {data[_CHANNELS + 3 + 28 * place + 2] for place in range(min(channels, 8))}
    is_usual = channels == 3 and bits == {10} and data[_LAID] == _BY_PIXEL and data[_LAID + 1] == _LEFT_IN_32
    turn = _TURNS[held] if held < len(_TURNS) else _TURNS[0]
    return CineonHead(Size(down, across), turn, begins, padding if padding != _UNDEFINED else 0, order, is_usual)
