"""What is measured of pictures: brightness, contrast, motion, hue and saturation, each from 0 to 1."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.model.networks.picture import DeepPicture

PREFIX = "picture/"
_SIDE = 64
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class PictureMeter:
    """Measures one picture after the other; motion is the change since the one before.

    The same pictures give the same numbers, whatever their size: they are looked at in 64×64.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None

    def reset(self) -> None:
        """Begin anew: the next picture has no motion."""
        self._before = None

    def measure(self, picture: DeepPicture) -> dict[str, float]:
        """The signals of an (H, W, 3) RGB picture of 8 or 16 bits, by their names: "picture/brightness" and so on."""
        full = 255.0 if picture.dtype == np.uint8 else 65535.0
        small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / full
        luma = np.asarray(small @ _LUMA, np.float32)
        motion = 0.0 if self._before is None else float(np.abs(luma - self._before).mean())
        self._before = luma
        red, green, blue = (float(value) for value in small.mean(axis=(0, 1)))
        hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
        return {
            f"{PREFIX}brightness": float(luma.mean()),
            f"{PREFIX}contrast": min(1.0, 2.0 * float(luma.std())),
            f"{PREFIX}motion": min(1.0, 4.0 * motion),
            f"{PREFIX}hue": hue,
            f"{PREFIX}saturation": saturation,
        }
