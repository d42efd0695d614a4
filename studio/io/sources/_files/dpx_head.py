"""What a DPX picture says of itself in its header. Source: SMPTE ST 268-1."""

from __future__ import annotations

import struct
from typing import NamedTuple

from studio.model.declared.size import Size

_ORDERS = {b"SDPX": ">", b"XPDS": "<"}
_CREATOR, _HELD, _ELEMENT = 160, 768, 800
# By the number of the orientation, for `base.orient`: lines go from the left, right, top or bottom, or are columns.
_TURNS = (
    (False, False, False),
    (False, True, False),
    (False, False, True),
    (False, True, True),
    (True, False, False),
    (True, True, False),
    (True, False, True),
    (True, True, True),
)
_LINEAR, _DENSITIES = 2, (1, 3)


class DpxHead(NamedTuple):
    """What a DPX says.

    Attributes:
        size: of what is stored.
        turn: for `base.orient`.
        is_density: whether its values are film's density.
        is_light: whether they are light, in enough bits for that.
    """

    size: Size
    turn: tuple[bool, bool, bool]
    is_density: bool
    is_light: bool


def head_of(data: bytes) -> DpxHead | None:
    """The header of a DPX; None of any other file."""
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < _ELEMENT + 4:
        return None
    held, _, across, down = struct.unpack_from(f"{order}HHII", data, _HELD)
    transfer, bits = data[_ELEMENT + 1], data[_ELEMENT + 3]
    # FFmpeg's encoder said light of all pictures, and tells its name.
    is_light = transfer == _LINEAR and bits > 12 and not data.startswith(b"Lavc", _CREATOR)
    turn = _TURNS[held] if held < len(_TURNS) else _TURNS[0]
    return DpxHead(Size(down, across), turn, transfer in _DENSITIES and bits > 8, is_light)
