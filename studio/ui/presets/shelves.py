"""What the deck shows: presets, the networks that they bend, or what was open lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QImage

from studio.io.folders import subfolders
from studio.io.library import Library
from studio.io.networks import MANIFEST
from studio.io.presets import PresetCard
from studio.ui.presets.preset_tiles import PresetTile, read_tiles

Shelf = Literal["presets", "networks", "recent"]

SHELVES: dict[Shelf, str] = {"presets": "Presets", "networks": "Networks", "recent": "Recent"}


def read_shelves(
    library: Library, networks: Iterable[Path], recent: Iterable[Path], *, own: bool = True
) -> dict[Shelf, list[PresetTile]]:
    """The tiles of every shelf; for a worker.

    Args:
        library: where presets are.
        networks: folders of networks.
        recent: what was open lately, newest first.
        own: whether the person's own presets are looked at.

    Raises:
        StudioError: where the disk of those does not answer.
    """
    presets = read_tiles(library, own=own)
    pictures = {network_of(tile): tile.image for tile in reversed(presets) if not tile.image.isNull()}
    counts = Counter(network_of(tile) for tile in presets)
    found = [folder for home in networks for folder in subfolders(home, MANIFEST)]
    tiles = {path: _network(path, pictures, counts[path.name]) for path in found}
    everything = {**tiles, **{tile.card.path: tile for tile in presets}}
    return {
        # Those of one network stand together; the person's own come first, damaged ones last.
        "presets": sorted(presets, key=lambda tile: (tile.shipped, bool(tile.card.problem), network_of(tile))),
        "networks": list(tiles.values()),
        "recent": [everything[path] for path in recent if path in everything],
    }


def network_of(tile: PresetTile) -> str:
    """The name of the network that a preset bends, or of the network that a tile is."""
    return Path(tile.card.weights).name if tile.card.weights else tile.card.name


def _network(path: Path, pictures: dict[str, QImage], presets: int) -> PresetTile:
    says = f"a network; {presets} preset{'' if presets == 1 else 's'} bend{'s' if presets == 1 else ''} it"
    card = PresetCard(path.name, path.name, says, path, path.name, None)
    return replace(PresetTile(card, pictures.get(path.name, QImage()), True), is_network=True)
