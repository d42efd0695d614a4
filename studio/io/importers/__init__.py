"""Models of others as networks of the studio: one file for each format, found by scanning.

A module of this folder that declares ``IMPORTER`` is a format; others add theirs by the entry point group
``studio.importers``. Nothing heavy is imported until a file is opened.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import cast

from studio.errors import StudioError
from studio.io.answering import await_answer
from studio.io.folders import is_file, is_folder
from studio.io.importers._by_content import format_of
from studio.io.importers._channel_map import CHANNEL_WAYS, mapped, unfed_input
from studio.io.importers._foreign import refuse_foreign
from studio.io.importers._state import STATE_WAYS, fed_back, stated
from studio.io.importers.base import Imported, Importer, Options
from studio.io.origin import save_imported
from studio.model.declared.plugins import answer, guarded, owner_of
from studio.model.declared.registry import declared, having

__all__ = [
    "CHANNEL_WAYS",
    "STATE_WAYS",
    "Imported",
    "Importer",
    "Options",
    "families",
    "fed_back",
    "format_of",
    "formats",
    "open_model",
    "save_imported",
    "takes_folder",
    "unfed_input",
]


def formats() -> list[Importer]:
    """All formats, built in and plugged in."""
    check = having("name", "suffixes", "match", "open")
    return [cast(Importer, importer) for importer in declared("IMPORTER", __name__, __path__, check)]


def takes_folder(path: Path) -> bool:
    """Whether a plug-in's format reads this folder as a model; of files their names say it, see `Importer.suffixes`."""
    theirs = [importer for importer in formats() if owner_of(importer) is not None]
    return any(answer(importer, partial(importer.match, path), otherwise=False) for importer in theirs)


def families() -> dict[str, str]:
    """The architectures that state dicts are recognised as: their titles for people, by name."""
    from studio.io.importers._state_dict.match import architectures

    return {known.name: known.title for known in architectures()}


def open_model(path: Path, options: Options | None = None) -> Imported:
    """The network in a file or a folder.

    Raises:
        StudioError: where nothing is there, the format is not known, or it holds what the studio cannot run; of files
            of other programs with the way to one that opens.
    """
    await_answer(path)
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where a name is too long
        raise StudioError(f"{path} does not exist; check the name.")
    if not is_file(path) and not is_folder(path):
        raise StudioError(f"{path} is a pipe or a device, and models are read more than once; save it to a file.")
    told = format_of(path)
    refuse_foreign(path, known=bool(told))
    for importer in formats():
        own = owner_of(importer) is None
        if importer.name == told if told and own else answer(importer, partial(importer.match, path), otherwise=False):
            try:
                with guarded(importer):
                    imported = importer.open(path, options or Options())
                asked = options or Options()
                return mapped(stated(imported, asked.state or imported.state), asked.channels)
            except MemoryError as error:
                raise StudioError(f"{path}: the model needs more memory than there is; open a smaller one.") from error
    if path.is_dir():
        raise StudioError(f"{path}: there are no .npy files in this folder, nor any other model.")
    kinds = "; ".join(f"{i.name} ({' '.join(i.suffixes)})" for i in formats())
    raise StudioError(f"{path}: the studio opens no such file; it opens {kinds}.")
