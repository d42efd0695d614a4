"""Arrays as Qt's images: the one place where Qt is told a size, the width first."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtGui import QImage

from studio.model.declared.size import Size
from studio.model.networks.picture import Picture

Format = QImage.Format


def image_over(values: NDArray[Any], form: QImage.Format) -> QImage:
    """An image that shares the array's memory, and so must not outlive it.

    Args:
        values: (H, W) or (H, W, channels), C-contiguous, of as many bytes a pixel as the format has.
        form: what they mean.
    """
    return QImage(values.data, *Size.of(values).wh, values.strides[0], form)


def image_of(picture: Picture) -> QImage:
    """(H, W, 3) uint8 RGB as an image; a copy."""
    # Of a part of a picture the rows do not follow each other.
    whole = picture if picture.flags.c_contiguous else picture.copy()
    return image_over(whole, Format.Format_RGB888).copy()
