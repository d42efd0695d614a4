"""The text of files that people write."""

from __future__ import annotations

import codecs
from pathlib import Path

from studio.errors import StudioError

# Editors on Windows write one of these first; that of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(data: bytes, path: Path) -> str:
    """What a file says: in UTF-8, or in UTF-16 or UTF-32 where it begins with their mark.

    Raises:
        StudioError: naming the file, where it is no text.
    """
    coding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(coding)
    except UnicodeDecodeError as error:
        raise no_text(path, error.start) from None
    if "\0" in text:
        raise no_text(path, data.index(b"\0"))
    return text


def no_text(path: Path, byte: int) -> StudioError:
    """What is said of a file that is no text from this byte on."""
    return StudioError(f"{path} is no text from byte {byte} on; choose another file, or save this one as UTF-8.")
