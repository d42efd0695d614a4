"""Where a dialog that asks for a file begins: where one of its kind was chosen last, else beside what is open."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from studio import paths

Kind = Literal["picture", "network", "model", "export", "checkpoint", "performance"]

_chosen: dict[Kind, Path] = {}


def folder_for(kind: Kind, *otherwise: Path | str | None) -> str:
    """The folder that a dialog begins in; Qt's own choice would be where any dialog at all was last.

    Args:
        kind: what is asked for.
        otherwise: files or folders beside which to begin where none of the kind has been chosen yet, best first; those
            that are not paths, such as "demo", or are gone, are passed over. At last it is the person's home.
    """
    for place in (_chosen.get(kind), *otherwise):
        # Beside a folder, not in it: within one that can be chosen there is nothing to choose.
        if place and Path(place).is_absolute() and Path(place).parent.is_dir():
            return str(Path(place).parent)
    return str(paths.home())


def note_chosen(kind: Kind, path: Path | str) -> None:
    """A person has chosen this: the next dialog of the kind begins there."""
    if path:
        _chosen[kind] = Path(path)


def own(path: Path | None) -> Path | None:
    """A path, but none among what came with the studio, where nothing of the person's is to be written."""
    shipped = (paths.PRESETS, paths.WEIGHTS)
    return None if path is None or any(path.is_relative_to(folder) for folder in shipped) else path
