"""Keys within sentences, as the people of a system know them."""

from __future__ import annotations

import re
import sys

PLATFORM = sys.platform
"""Whose keys they are."""

_ON_MACOS = {"Ctrl": "⌘", "Alt": "⌥", "Shift": "⇧", "Meta": "⌃"}
_CHORD = re.compile(rf"\b(?:(?:{'|'.join(_ON_MACOS)})\+)+")
_ALONE = re.compile(r"\b(?:Ctrl|Alt|Meta)\b")


def keyed(text: str) -> str:
    """A sentence whose keys are those of this system: what Qt calls Ctrl is ⌘ on macOS, and Alt is ⌥.

    Args:
        text: with keys as Linux and Windows have them: "Save (Ctrl+S)", "Ctrl adds".
    """
    if PLATFORM != "darwin":
        return text
    text = _CHORD.sub(lambda found: "".join(_ON_MACOS[key] for key in found[0].split("+") if key), text)
    return _ALONE.sub(lambda found: _ON_MACOS[found[0]], text)
