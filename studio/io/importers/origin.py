"""``origin.json`` beside an imported network: what the file that it came from calls its tensors, for the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from studio.io.atomic import replacing_folder
from studio.io.folders import carry_over, is_file, require_replaceable
from studio.io.importers.base import Imported
from studio.io.manifest import Line, Part, checked, read_manifest, to_json
from studio.io.networks import MANIFEST, belongs, write_network_files

ORIGIN = "origin.json"
KIND = "studio-origin"
VERSION = 1


class Origin(Part):
    """Where a network came from.

    Attributes:
        source: the format of its file.
        arch: the architecture that was recognised, or empty.
        size: (height, width) that it was traced for.
        names: for every tensor, what the file calls it; several names where they share one storage.
        leftover: whole numbers that the file holds besides, such as counters of batch norms.
    """

    format: Literal["studio-origin"] = "studio-origin"
    version: int = VERSION
    source: Line = ""
    arch: Line = ""
    size: tuple[int, int] = (0, 0)
    names: dict[str, list[str]] = Field(default_factory=dict)
    leftover: dict[str, int] = Field(default_factory=dict)


def save_imported(imported: Imported, path: Path) -> None:
    """Make ``path`` the folder of this network, with its origin beside it, whole or not at all.

    Raises:
        StudioError: as `studio.io.networks.save_network` does.
    """
    require_replaceable(path, MANIFEST, "network")
    names = {full: list(origin) for full, origin in imported.names.items() if origin}
    origin = Origin(
        source=imported.format,
        arch=imported.arch,
        size=imported.size,
        names=names,
        leftover=dict(imported.leftover),
    )
    with replacing_folder(path) as folder:
        carry_over(path, folder, lambda name: belongs(name) or name == ORIGIN)
        write_network_files(imported.network, folder)
        (folder / ORIGIN).write_bytes(to_json(origin.model_dump(mode="json")))


def read_origin(folder: Path) -> Origin:
    """What lies beside a network; an empty one where nothing does.

    Raises:
        StudioError: where it is damaged.
    """
    file = folder / ORIGIN
    if not is_file(file):
        return Origin()
    return checked(Origin, read_manifest(file, KIND, VERSION, {}), file)
