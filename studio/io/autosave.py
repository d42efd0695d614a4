"""What keeps unsaved work through a crash: one folder for every run of the studio, gone when that run ends well.

recovery/20261122-140305-4711/
    about.json       when, and of which preset
    preset/          the document, as a preset
    learning-N.safetensors   what the open lesson goes on from, after N changes of the document by hand
    lock             held by the run that writes here (not this module's)
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from studio.errors import StudioError
from studio.io.atomic import cannot_write, write_bytes
from studio.io.folders import subfolders
from studio.io.manifest import Line, Part, checked, read_manifest, to_json
from studio.io.presets import load_preset, save_preset
from studio.io.spelling import spelled, unspelled
from studio.model.networks.preset import Preset

ABOUT = "about.json"
_KIND = "studio-recovery"
_VERSION = 1


def _local(when: datetime) -> datetime:
    """The same moment in this place's time; ValueError for the first and last ones that a calendar knows."""
    try:
        return when.astimezone()
    except OverflowError as error:
        raise ValueError("is too far away") from error


class _About(Part):
    format: Literal["studio-recovery"]
    version: int
    name: Line
    when: Annotated[datetime, AfterValidator(_local)]
    path: Line | None = None
    weights_path: Line | None = None
    changes: int = 0


@dataclass(frozen=True)
class Kept:
    """Work that was kept.

    Attributes:
        folder: of the run that kept it.
        name: the preset's.
        when: local time of the last write.
        path: where the preset was last saved; None where never.
        weights_path: where its network lay.
        learning: the checkpoint of the lesson that was open; None where none was.
        is_as_new: whether that checkpoint has all in it that hands did to the preset.
    """

    folder: Path
    name: str
    when: datetime
    path: Path | None
    weights_path: Path | None
    learning: Path | None = None
    is_as_new: bool = True


class Recovery:
    """The folder of one run.

    Args:
        home: holds a folder for every run.
        now: the run's beginning.
    """

    def __init__(self, home: Path, now: datetime | None = None) -> None:
        self.home = home
        began = now or datetime.now().astimezone()
        # A clock that was set back, and numbers of processes that begin anew, give the same names again.
        self.folder = home / f"{began:%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(2)}"

    def begin(self) -> None:
        """Make the folder; StudioError where that cannot be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def keep(self, preset: Preset, path: Path | None, changes: int = 0) -> None:
        """Write the document, whole or not at all, in place of what was kept before.

        Args:
            preset: the document as it is.
            path: where it was last saved; None where never.
            changes: of the document by hand in this run so far; see `keep_learning`.

        Raises:
            StudioError: where it cannot be written.
        """
        self.begin()
        save_preset(preset, self.folder / "preset")
        now = datetime.now().astimezone()
        about: dict[str, object] = {"format": _KIND, "version": _VERSION, "name": preset.name, "when": now.isoformat()}
        about["changes"] = changes
        for key, value in (("path", path), ("weights_path", preset.weights_path)):
            if value is not None:
                about[key] = spelled(str(value))
        write_bytes(self.folder / ABOUT, to_json(about))

    def keep_learning(self, write: Callable[[Path], None] | None, changes: int = 0) -> None:
        """Write the checkpoint of the open lesson in place of the one before.

        Args:
            write: writes it to a file, whole or not at all; None where no lesson is open any more.
            changes: of the document when it was asked for, as `keep` was told.

        Raises:
            StudioError: where it cannot be written; the one before is kept then.
        """
        before = _checkpoints(self.folder)
        if write is not None:
            self.begin()
            now = self.folder / f"learning-{changes}.safetensors"
            write(now)
            before = [path for path in before if path != now]
        for path in before:
            path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Keep nothing of this run's document; the folder stays for what follows."""
        _remove(self.folder / "preset")
        self.keep_learning(None)
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
            paths = [None if text is None else Path(unspelled(text)) for text in (about.path, about.weights_path)]
            learning = max(_checkpoints(folder), key=_changes, default=None)
            is_as_new = learning is not None and _changes(learning) >= about.changes
            found.append(Kept(folder, about.name, about.when, paths[0], paths[1], learning, is_as_new))
        return sorted(found, key=lambda kept: kept.when, reverse=True)


def recovered(kept: Kept) -> Preset:
    """The document that was kept; StudioError where it cannot be read."""
    preset = load_preset(kept.folder / "preset")
    return replace(preset, weights_path=kept.weights_path or preset.weights_path)


def _checkpoints(folder: Path) -> list[Path]:
    """Those of lessons that a run has kept in its folder."""
    return [path for path in folder.glob("learning-*.safetensors") if path.stem.partition("-")[2].isdecimal()]


def _changes(checkpoint: Path) -> int:
    return int(checkpoint.stem.partition("-")[2])


def discard(kept: Kept) -> None:
    """Remove what was kept."""
    _remove(kept.folder)


def _remove(folder: Path) -> None:
    # What cannot be removed is offered once more at the next start, which does no harm.
    shutil.rmtree(folder, ignore_errors=True)
