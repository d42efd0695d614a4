"""Paths in files of text: where a name's bytes are no UTF-8, as a file: URL, which any text can hold."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_START = "file://"


def spelled(path: str) -> str:
    """A path, or what else names a source, as text: the same, unless it has bytes that are no UTF-8."""
    if _is_text(path):
        return path
    whole = path if Path(path).is_absolute() else str(Path(path).absolute())
    return f"{_START}{quote(os.fsencode(whole))}"


def unspelled(text: str) -> str:
    """What `spelled` was given; other text is given back as it is."""
    if not text.startswith(_START):
        return text
    path = os.fsdecode(unquote_to_bytes(text.removeprefix(_START)))
    return text if _is_text(path) else path


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
