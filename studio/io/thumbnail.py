"""The small picture of a preset."""

from __future__ import annotations

import numpy as np

from studio.model.declared.size import Size
from studio.model.networks.picture import Picture

SIZE = 256
"""Pixels on the long side, at most."""


def encode_thumbnail(picture: Picture) -> bytes:
    """(H, W, 3) uint8 RGB, shrunk to at most 256 pixels on its long side, as a PNG."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"a picture is (H, W, 3) uint8, not {picture.shape} {picture.dtype}")
    import cv2  # 0.1 s that `studio --help` need not wait

    own = Size.of(picture)
    size = own.within(SIZE)
    small = cv2.resize(picture, size.wh, interpolation=cv2.INTER_AREA) if size != own else picture
    written, data = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    assert written, "the PNG encoder takes every 8-bit picture"
    return data.tobytes()
