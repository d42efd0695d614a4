"""What keeps unsaved work through a crash: one folder for every run of the studio, gone when that run ends well.

recovery/20261122-140305-4711/
    about.json       when, and of which preset
    preset/          the document, as a preset
    lock             held by the run that writes here (not this module's)
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from studio.errors import StudioError
from studio.io.atomic import cannot_write, write_bytes
from studio.io.folders import subfolders
from studio.io.manifest import Line, Part, checked, read_manifest, to_json
from studio.io.presets import load_preset, save_preset
from studio.model.preset import Preset

ABOUT = "about.json"
_KIND = "studio-recovery"
_VERSION = 1


class _About(Part):
    format: Literal["studio-recovery"]
    version: int
    name: Line
    when: datetime
    path: Line | None = None
    weights_path: Line | None = None


@dataclass(frozen=True)
class Kept:
    """Work that was kept.

    Attributes:
        folder: of the run that kept it.
        name: the preset's.
        when: local time of the last write.
        path: where the preset was last saved; None where never.
        weights_path: where its network lay.
    """

    folder: Path
    name: str
    when: datetime
    path: Path | None
    weights_path: Path | None


class Recovery:
    """The folder of one run.

    Args:
        home: holds a folder for every run.
        now: the run's beginning.
    """

    def __init__(self, home: Path, now: datetime | None = None) -> None:
        self.home = home
        began = now or datetime.now().astimezone()
        self.folder = home / f"{began:%Y%m%d-%H%M%S}-{os.getpid()}"

    def begin(self) -> None:
        """Make the folder; StudioError where that cannot be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def keep(self, preset: Preset, path: Path | None) -> None:
        """Write the document, whole or not at all, in place of what was kept before.

        Args:
            preset: the document as it is.
            path: where it was last saved; None where never.

        Raises:
            StudioError: where it cannot be written.
        """
        self.begin()
        save_preset(preset, self.folder / "preset")
        now = datetime.now().astimezone()
        about: dict[str, object] = {"format": _KIND, "version": _VERSION, "name": preset.name, "when": now.isoformat()}
        for key, value in (("path", path), ("weights_path", preset.weights_path)):
            if value is not None:
                about[key] = str(value)
        write_bytes(self.folder / ABOUT, to_json(about))

    def drop(self) -> None:
        """Keep nothing of this run's document; the folder stays for what follows."""
        _remove(self.folder / "preset")
        (self.folder / ABOUT).unlink(missing_ok=True)

    def end(self) -> None:
        """The run has ended well."""
        _remove(self.folder)

    def others(self) -> list[Kept]:
        """What other runs have kept, newest first; they may be running still."""
        found = []
        for folder in subfolders(self.home, ABOUT):
            if folder == self.folder:
                continue
            try:
                file = folder / ABOUT
                about = checked(_About, read_manifest(file, _KIND, _VERSION, {}), file)
            except StudioError:
                continue
            paths = [None if text is None else Path(text) for text in (about.path, about.weights_path)]
            found.append(Kept(folder, about.name, about.when.astimezone(), paths[0], paths[1]))
        return sorted(found, key=lambda kept: kept.when, reverse=True)


def recovered(kept: Kept) -> Preset:
    """The document that was kept; StudioError where it cannot be read."""
    preset = load_preset(kept.folder / "preset")
    return replace(preset, weights_path=kept.weights_path or preset.weights_path)


def discard(kept: Kept) -> None:
    """Remove what was kept."""
    _remove(kept.folder)


def _remove(folder: Path) -> None:
    # What cannot be removed is offered once more at the next start, which does no harm.
    shutil.rmtree(folder, ignore_errors=True)
