"""Pictures by Pillow: opened from memory, by the formats that are meant, and without its warnings.

What is wrong with a file is said in a sentence; Pillow says it by warnings, and by exceptions of many kinds, and
libtiff beneath it writes to standard error.
"""

from __future__ import annotations

import ctypes
import io
import warnings
from functools import cache
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
    _quieten()
    return Image.open(io.BytesIO(data), formats=formats)


@cache
def _quieten() -> None:
    """Have libtiff write nothing, where Pillow's own can be reached."""
    from PIL import _imaging

    try:
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            setting = getattr(library, name)
            setting.argtypes, setting.restype = [ctypes.c_void_p], ctypes.c_void_p
            setting(None)
    except (AttributeError, OSError, TypeError):
        # Linked in without its names, as on Windows.
        return
