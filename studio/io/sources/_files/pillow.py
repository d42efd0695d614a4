"""Pictures by Pillow: opened from memory, by the formats that are meant, and without its warnings.

What is wrong with a file is said in a sentence; Pillow says it by warnings, and by exceptions of many kinds.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def open_picture(data: bytes, formats: tuple[str, ...] | None = None) -> Image:
    """The picture file whose content is `data`, not decoded yet.

    Args:
        data: content of the file.
        formats: by Pillow's names, those that it may be; any where None.

    Raises:
        Exception: of any kind, where the file is damaged.
    """
    from PIL import Image

    # Set each time: whoever resets the filters of warnings, a test say, would let one become an exception.
    warnings.filterwarnings("ignore", module="PIL")
    return Image.open(io.BytesIO(data), formats=formats)
