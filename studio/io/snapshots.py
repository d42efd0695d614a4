"""Snapshots on disk: a preset for each of the keys 1 to 9, so that they outlive the window.

snapshots/3/preset.json ...     as any preset; its network stands where presets look for theirs, or lies in it
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.errors import StudioError
from studio.io.atomic import cannot_write
from studio.io.folders import is_file
from studio.io.preset_file import MANIFEST
from studio.io.presets import load_preset, remove_preset, save_preset
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset


class Shelf:
    """The folder of them; every window of a person's has the same.

    Args:
        home: the folder; made when the first is kept.
        numbers: of the keys.
    """

    def __init__(self, home: Path, numbers: range = range(1, 10)) -> None:
        self._home, self._numbers = home, numbers

    def keep(self, number: int, preset: Preset) -> None:
        """Write a snapshot, whole or not at all, in place of the one before; StudioError where it cannot be written."""
        try:
            self._home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._home, error) from error
        save_preset(preset, self._home / str(number))

    def drop(self, number: int) -> None:
        """Keep nothing under a key; StudioError where it cannot be removed."""
        remove_preset(self._home / str(number))

    def read(self, known: Network) -> tuple[dict[int, Preset], list[str]]:
        """All that are kept, and a sentence for each that cannot be read, which stays as it is.

        Args:
            known: a network that is open; those of it share its memory, and others share theirs.
        """
        found: dict[int, Preset] = {}
        problems: list[str] = []
        networks = {known.sha256(): known}
        for number in self._numbers:
            folder = self._home / str(number)
            if not is_file(folder / MANIFEST):
                continue
            try:
                preset = load_preset(folder)
            except StudioError as error:
                problems.append(f"Snapshot {number} cannot be read: {error}")
                continue
            network = networks.setdefault(preset.network.sha256(), preset.network)
            found[number] = replace(preset, network=network)
        return found, problems
