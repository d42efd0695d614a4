"""Numbered pictures by a pattern: ``frames/img_%04d.png``, ``frames/img_####.png``, ``frames/*.png``."""

from __future__ import annotations

import fnmatch
import re
from fractions import Fraction
from pathlib import Path

from studio.errors import StudioError
from studio.io.sources.base import Source, file_at, folder_at
from studio.io.sources.folder import DEFAULT_RATE, PicturesSource, listed

_NUMBER = re.compile(r"%0?(\d{0,2})d")
# As programs for animation and compositing write it.
_HASHES = re.compile(r"#{2,}")
_SIGNS = "*?["


def matching(pattern: Path) -> list[Path]:
    """The files that fit a pattern, in the order of their numbers.

    Raises:
        StudioError: when the folder cannot be listed.
    """
    name = pattern.name
    if not any(sign in name for sign in _SIGNS):
        name = _HASHES.sub(lambda hashes: f"%0{len(hashes[0])}d", name)
    parts = _NUMBER.split(name)
    if len(parts) > 1:
        # Texts and widths in turn; a number may have more digits than its width.
        rule = "".join(
            re.escape(part) if place % 2 == 0 else rf"\d{{{int(part or 1)},}}" for place, part in enumerate(parts)
        )
    else:
        rule = fnmatch.translate(pattern.name)
    try:
        return listed(path for path in pattern.parent.iterdir() if re.fullmatch(rule, path.name))
    except OSError as error:
        raise StudioError(f"the folder {pattern.parent} cannot be listed ({error.strerror})") from error


class PatternKind:
    """The name of a file with ``%04d``, ``####``, ``*``, ``?`` or ``[...]`` in it, where there is no file of just that
    name.
    """

    name = "pattern"
    order = 15

    def match(self, spec: str) -> bool:
        """Whether the last part of `spec` is a pattern, and its folder is there."""
        name = Path(spec).name
        has_pattern = bool(_NUMBER.search(name) or _HASHES.search(name)) or any(sign in name for sign in _SIGNS)
        return has_pattern and file_at(spec) is None and folder_at(str(Path(spec).parent)) is not None

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open the pictures that fit at `fps` frames per second, 25 when None, in the order of their numbers.

        Raises:
            StudioError: when none fits, or none can be read.
        """
        pattern = Path(spec)
        found = matching(pattern)
        if not found:
            raise StudioError(f'no file in {pattern.parent} fits the pattern "{pattern.name}"; check its digits')
        return PicturesSource(found, fps or DEFAULT_RATE)


KIND = PatternKind()
