"""A model of another program becomes a network of the person's own."""

from __future__ import annotations

import re
from pathlib import Path

from studio.io.atomic import cannot_write, exists
from studio.io.importers import Options, open_model, save_imported
from studio.io.networks import load_network
from studio.model.preset import Preset


def import_model(model: Path, home: Path) -> tuple[Preset, tuple[str, ...]]:
    """Import a model into a new folder, and open it; nothing of the model is executed.

    Args:
        model: the file or the folder.
        home: where the person's networks are; made where it is not there.

    Returns:
        A preset that bends nothing, and what the importer has to remark.

    Raises:
        StudioError: where it is no model that the studio can open, or the folder cannot be written.
    """
    imported = open_model(model, Options())
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(home, error) from error
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", model.stem).strip("-")[:80] or "network"
    number, folder = 2, home / stem
    while exists(folder):
        folder, number = home / f"{stem}-{number}", number + 1
    save_imported(imported, folder)
    network = load_network(folder)
    return Preset(network.name, network, {}, network.description, weights_path=folder), tuple(imported.notes)
