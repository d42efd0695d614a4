"""Cineon pictures (.cin): scans of film by its density, ten bits a colour, held in any of eight ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.screens import DENSITY, Colours
from studio.io.sources._files.cineon_head import head_of_cineon
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._still import Still, remark_of
from studio.io.sources.base import Reading, orient, undecodable


def read_cineon(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode a Cineon picture.

    Args:
        path: of the file, for messages.
        data: its content, of which `head_of_cineon` knows the header.
        reading: how it is read.

    Raises:
        StudioError: when it is damaged, or stored in another way than three colours of ten bits.
    """
    head = head_of_cineon(data)
    assert head is not None, "its header has been read"
    if not head.is_usual:
        raise StudioError(f"{path} is a Cineon picture of another kind than RGB of 10 bits; save it as DPX")
    try:
        line = 4 * head.size.width + head.padding
        words = np.ndarray(head.size, f"{head.order}u4", data, head.begins, (line, 4))
    except (TypeError, ValueError) as error:
        raise undecodable(path) from error
    values = np.stack([words >> shift & 1023 for shift in (22, 12, 2)], axis=-1)
    colours = Colours(transfer=DENSITY)
    deep = ((values * 65535 + 511) // 1023).astype(np.uint16)
    picture = rgb_of(deep, colours, reading.tone_map)
    return Still(orient(picture, *head.turn), remark_of(path, colours.remark(reading.tone_map)))
