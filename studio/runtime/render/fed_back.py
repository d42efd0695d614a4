"""The output of the frame before, mixed into the picture that the network is fed."""

from __future__ import annotations

import cv2
import numpy as np

from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.movement.feedback import Feedback
from studio.model.networks.picture import DeepPicture, Picture


def fed_back(picture: DeepPicture, output: Picture, feedback: Feedback) -> DeepPicture:
    """The picture with what comes back of the output; the same values give the same bytes.

    Args:
        picture: (H, W, 3) RGB of 8 or 16 bits.
        output: (H', W', 3) uint8 RGB of the frame before, of any size.
        feedback: how much, how large, how turned, how faded.
    """
    size = Size.of(picture)
    full = 255.0 if picture.dtype == np.uint8 else 65535.0
    back = resized(output, size).astype(np.float32)
    # About the middle of the picture; OpenCV counts from the middle of the first pixel.
    matrix = cv2.getRotationMatrix2D(((size.width - 1) / 2, (size.height - 1) / 2), -feedback.turn, feedback.zoom)
    moved = cv2.warpAffine(back, matrix, size.wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    share = np.float32(feedback.amount * (1.0 - feedback.decay) * full / 255.0)
    mixed = picture.astype(np.float32) * np.float32(1.0 - feedback.amount) + moved * share
    return np.clip(np.rint(mixed), 0.0, full).astype(picture.dtype)
