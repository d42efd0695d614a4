"""The small picture of a preset."""

from __future__ import annotations

import numpy as np

from studio.model.picture import Picture

SIZE = 256
"""Pixels on the long side, at most."""


def encode_thumbnail(picture: Picture) -> bytes:
    """(H, W, 3) uint8 RGB, shrunk to at most 256 pixels on its long side, as a PNG."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"a picture is (H, W, 3) uint8, not {picture.shape} {picture.dtype}")
    import cv2  # 0.1 s that `studio --help` need not wait

    height, width = picture.shape[:2]
    scale = min(1.0, SIZE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    written, data = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    assert written, "the PNG encoder takes every 8-bit picture"
    return data.tobytes()
