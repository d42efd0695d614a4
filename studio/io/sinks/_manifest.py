"""Which pictures of a folder the studio recorded there: a list with a sum for each, checked file by file.

    recording.json    {"format": "studio-recording", "version": 1, "files": {"frame_00000.png": "9f86d081..."}}

A name says nothing: other programs number their pictures in the same way. A picture that was changed since, or that
the list does not have, belongs to a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from studio.errors import StudioError
from studio.io.folders import is_file
from studio.io.manifest import Part, checked, read_manifest, to_json

NAME = "recording.json"
_KIND = "studio-recording"
_VERSION = 1
_NUMBERED = re.compile(r"frame_[0-9]+\.[A-Za-z0-9]+")


class _Manifest(Part):
    format: Literal["studio-recording"]
    version: int
    files: dict[str, str]


def digest(data: bytes) -> str:
    """The sum by which a picture is known again: SHA-256."""
    return hashlib.sha256(data).hexdigest()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Say which files of a folder are the recording, with the sum of each.

    Raises:
        OSError: when it cannot be written.
    """
    (folder / NAME).write_bytes(to_json({"format": _KIND, "version": _VERSION, "files": dict(files)}))


def recorded(folder: Path) -> set[str]:
    """The names in a folder that are a recording of the studio's, as it was written; empty where there is none."""
    if not is_file(folder / NAME):
        return set()
    try:
        manifest = checked(_Manifest, read_manifest(folder / NAME, _KIND, _VERSION, {}), folder / NAME)
    except StudioError:
        return set()
    return {NAME, *(name for name, known in manifest.files.items() if _is(folder, name, known))}


def _is(folder: Path, name: str, known: str) -> bool:
    # No other file is ever written there, whatever a list says that somebody else has made.
    return bool(_NUMBERED.fullmatch(name)) and is_as_written(folder / name, known)


def is_as_written(path: Path, known: str) -> bool:
    """Whether a picture is the one of this sum, and no link to it."""
    if path.is_symlink() or not is_file(path):
        return False
    try:
        return digest(path.read_bytes()) == known
    except OSError:
        return False
