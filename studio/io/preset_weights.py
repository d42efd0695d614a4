"""Where a preset finds the network it bends."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from studio import paths
from studio.errors import StudioError
from studio.io._later import Stamp, contents_of
from studio.io.folders import contained, is_file
from studio.io.networks import MANIFEST, load_network
from studio.io.preset_file import RelativePath

_HELD = "presets", "snapshots"
"""Folders of presets, whose networks may lie beside them."""

_RELATIVE = TypeAdapter[str](RelativePath)


def roots(folder: Path) -> list[Path]:
    """Where a preset's path to its network may start, in this order."""
    real = Path(os.path.realpath(folder))
    holder = [real.parent.parent] if real.parent.name in _HELD else []
    return list(dict.fromkeys([real, *holder, Path(os.path.realpath(paths.DATA))]))


def resolve(relative: str, folder: Path) -> Path | None:
    """The network's folder for a preset in this folder; None where there is none, StudioError where it leads out."""
    for root in roots(folder):
        if is_file(root / relative / MANIFEST):
            return contained(root, relative)
    return None


def path_from_outside(weights_path: Path | None, destination: Path, sha256: str) -> str | None:
    """The relative path by which a preset there would find its network without carrying it; None if it would not."""
    if weights_path is None:
        return None
    weights = Path(os.path.realpath(weights_path))
    _, *outside = roots(destination)
    for root in outside:
        relative = weights.relative_to(root).as_posix() if weights.is_relative_to(root) else ""
        # The copy inside another preset would vanish with that preset.
        if not _nameable(relative) or relative.startswith("presets/"):
            continue
        if next((r for r in outside if is_file(r / relative / MANIFEST)), None) == root:
            return relative if _holds(weights, sha256) else None
    return None


def _nameable(relative: str) -> bool:
    try:
        _RELATIVE.validate_python(relative)
    except ValidationError:
        return False
    return True


def _holds(weights: Path, sha256: str) -> bool:
    lies = contents_of(weights)
    try:
        return lies is not None and _digest(weights, frozenset(lies.files.items())) == sha256
    except StudioError:
        return False


@lru_cache(maxsize=16)
def _digest(weights: Path, files: frozenset[tuple[str, Stamp]]) -> str:
    """The network's digest as long as its folder has these files: saving again and again reads it once."""
    del files
    return load_network(weights).sha256()
