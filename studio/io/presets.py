"""Presets on disk: ``presets/NAME/`` with preset.json, a .npy for every tensor it changed, and a thumbnail.

A preset names the network it bends by a relative path and a hash. The path is looked for in the preset's own folder,
then in the folder that holds its ``presets/`` (or ``snapshots/``), then among the studio's own data.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from studio import paths
from studio.errors import StudioError
from studio.io._later import Stamp
from studio.io.atomic import cannot_write, replacing_folder
from studio.io.folders import (
    carry_over,
    contained,
    find_folder,
    is_file,
    manifest_in,
    require_replaceable,
    steadily,
    subfolders,
    write_into,
)
from studio.io.manifest import Migration
from studio.io.networks import MANIFEST as NETWORK
from studio.io.networks import load_network, write_network_files
from studio.io.networks import owned_by as owned_by_network
from studio.io.npy import encode_npy, read_npy
from studio.io.preset_file import (
    KIND,
    MANIFEST,
    MIGRATIONS,
    VERSION,
    Core,
    preset_file,
    read_preset_file,
    sections_to_json,
)
from studio.io.preset_weights import path_from_outside, resolve, roots
from studio.io.thumbnail import encode_thumbnail
from studio.model.networks.network import Network, same_bits
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array

THUMBNAIL = "thumbnail.png"


@dataclass(frozen=True)
class PresetCard:
    """What a list of presets shows, read from preset.json alone.

    Attributes:
        name: the folder's name, by which it is opened.
        title: the name that the artist gave it.
        description: one line.
        path: the folder.
        weights: relative path of the network it bends.
        thumbnail: its picture; None where it has none.
        problem: why it cannot be opened; empty where nothing is known against it.
    """

    name: str
    title: str
    description: str
    path: Path
    weights: str
    thumbnail: Path | None
    problem: str = ""


def load_preset(path: Path, migrations: Mapping[int, Migration] = MIGRATIONS, version: int = VERSION) -> Preset:
    """A preset from its folder or its preset.json, and the network it bends.

    Args:
        path: the folder or the file.
        migrations: for each version before ``version``, what makes it the next one.
        version: the version that needs no migration.

    Raises:
        StudioError: naming the file and the field, layer or tensor at fault, or that the network is not the one that
            the preset was made on.
    """
    file = manifest_in(path, MANIFEST)
    networks: dict[str, Network] = {}
    return steadily(file.parent, lambda: _read(file, networks, migrations, version))


def _read(file: Path, networks: dict[str, Network], migrations: Mapping[int, Migration], version: int) -> Preset:
    """The preset; networks read on the way are kept by hash, so that to read it again takes little time."""
    described = read_preset_file(file, migrations, version)
    core = described.core
    weights = resolve(core.weights.path, file.parent)
    if weights is None:
        raise StudioError(
            f'{file}: the network "{core.weights.path}" that this preset bends is not there; put it into one of '
            f"{', '.join(str(root) for root in roots(file.parent))}."
        )
    network = networks.get(core.weights.sha256) or load_network(weights)
    found = network.sha256()
    networks[found] = network
    if found != core.weights.sha256:
        raise StudioError(
            f"{file}: this preset was made on weights {core.weights.sha256[:12]}, but {weights} holds "
            f"{found[:12]}; restore those weights, or make the preset anew on these."
        )
    described = described.settled(network)
    described.check(network, file)
    changed = {name: _tensor(file, name, network) for name in core.tensors}
    told = described.sections, described.unread
    return Preset(core.name, network, changed, core.description, core.author, weights, *told)


def save_preset(preset: Preset, path: Path, thumbnail: Picture | None = None, *, overwrite: bool = True) -> None:
    """Make ``path`` the folder of this preset, whole or not at all; what others have put there stays.

    Only tensors that differ from the network's, in any bit, are written. Where the network does not lie at a place
    in which the preset will look for it, or has changed there, a copy goes into the preset's own folder.

    Args:
        preset: what to save.
        path: the folder; its parent must exist.
        thumbnail: (H, W, 3) uint8 RGB, shrunk to 256 pixels; without one, that which lies there stays.
        overwrite: whether a preset that stands there may be replaced.

    Raises:
        FileExistsError: without ``overwrite``, where something stands there by then.
        StudioError: where the preset could not be read again (NaN in a tensor, a tensor that does not fit), where
            ``path`` is a folder of something else, or where it cannot be written.
    """
    what = f'The preset "{preset.name}" cannot be saved'
    sha256, changed = preset.network.sha256(), _changed(preset)
    require_replaceable(path, MANIFEST, KIND, "preset")
    outside = path_from_outside(preset.weights_path, path, sha256)
    core = {
        "format": KIND,
        "version": VERSION,
        "name": preset.name,
        "description": preset.description,
        "author": preset.author,
        "weights": {"path": outside or _path_inside(preset), "sha256": sha256},
        "tensors": sorted(changed),
    }
    written, versions = sections_to_json(preset.sections, preset.unread)
    # Read as it will be read again, so that nothing is saved that could not be opened.
    described = preset_file(core | written | {"versions": versions}, what)
    # What was set aside when it was read is written as it was, though it does not fit.
    replace(described, sections=preset.sections).check(preset.network, what)
    picture = None if thumbnail is None else encode_thumbnail(thumbnail)

    def goes_along(name: str) -> bool:
        # Where the network is not carried any more, nor is what came with it.
        return outside is not None and preset.weights_path is not None and is_file(preset.weights_path / name)

    with replacing_folder(path, overwrite=overwrite) as folder:
        carry_over(path, folder, _owned_by(path, picture is not None, goes_along))
        if outside is None:
            _copy_network(preset, folder / described.core.weights.path)
        for name, tensor in changed.items():
            write_into(folder, f"{name}.npy", encode_npy(tensor, f'tensor "{name}"'))
        if picture is not None:
            write_into(folder, THUMBNAIL, picture)
        write_into(folder, MANIFEST, described.to_json())


def digest_of(path: Path) -> str:
    """SHA-256 of what a preset's folder says and holds, by which it is known again; empty where there is none."""

    def read() -> str:
        summed = hashlib.sha256((path / MANIFEST).read_bytes())
        for name in sorted(read_preset_file(path / MANIFEST).core.tensors):
            summed.update(name.encode() + (path / f"{name}.npy").read_bytes())
        return summed.hexdigest()

    try:
        return steadily(path, read)
    except (StudioError, OSError):
        return ""


def find_preset(name_or_path: str) -> Path:
    """A preset's folder by its path, else by its name in presets/; StudioError lists the names there are."""
    return find_folder(name_or_path, paths.PRESETS, MANIFEST, "preset")


def list_presets(home: Path | None = None) -> list[PresetCard]:
    """The presets in a folder, presets/ where none is given, by name; a damaged one with its problem."""
    cards = []
    for folder, core in _described(home or paths.PRESETS):
        picture = _thumbnail(folder)
        if isinstance(core, StudioError):
            cards.append(PresetCard(folder.name, folder.name, "", folder, "", picture, str(core)))
        else:
            cards.append(PresetCard(folder.name, core.name, core.description, folder, core.weights.path, picture))
    return cards


def list_titles(home: Path) -> list[str]:
    """The titles of presets, of which only those that have changed are read; a damaged one has its folder's."""
    return [folder.name if isinstance(core, StudioError) else core.name for folder, core in _described(home)]


_listed: dict[Path, dict[Path, tuple[Stamp, Core]]] = {}
"""What the presets of each folder said of themselves when it was last listed."""


def _described(home: Path) -> list[tuple[Path, Core | StudioError]]:
    """The presets of a folder and what each says of itself, read again only where its file is another."""
    before, now = _listed.get(home, {}), dict[Path, tuple[Stamp, Core]]()
    found: list[tuple[Path, Core | StudioError]] = []
    for folder in subfolders(home, MANIFEST):
        stamp, core = _stamp_of(folder / MANIFEST), None
        if stamp is not None and folder in before and before[folder][0] == stamp:
            core = before[folder][1]
        try:
            core = core or read_preset_file(folder / MANIFEST).core
        except StudioError as error:
            found.append((folder, error))
            continue
        found.append((folder, core))
        if stamp is not None:
            now[folder] = stamp, core
    _listed[home] = now
    return found


def _stamp_of(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _thumbnail(folder: Path) -> Path | None:
    try:
        picture = contained(folder, THUMBNAIL)
    except StudioError:
        return None
    return picture if is_file(picture) else None


def _path_inside(preset: Preset) -> str:
    return f"weights/{re.sub(r'[^A-Za-z0-9_-]+', '-', preset.network.name).strip('-')[:80] or 'network'}"


def _copy_network(preset: Preset, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if preset.weights_path is not None:
        # The licence goes where the weights go.
        carry_over(preset.weights_path, folder, owned_by_network(preset.weights_path))
    write_network_files(preset.network, folder)


def remove_preset(path: Path) -> None:
    """Remove the files of a preset, and its folder where nothing else lies in it; StudioError where that cannot be."""
    if not is_file(path / MANIFEST):
        return
    owned = _owned_by(path, thumbnail=True, goes_along=lambda _: True)
    try:
        for folder, _, names in os.walk(path, topdown=False):
            here = Path(folder)
            for name in names:
                if owned((here / name).relative_to(path).as_posix()):
                    (here / name).unlink()
            if not any(here.iterdir()):
                here.rmdir()
    except OSError as error:
        raise cannot_write(path, error) from error


def _owned_by(path: Path, thumbnail: bool, goes_along: Callable[[str], bool]) -> Callable[[str], bool]:
    """Whether a file in the preset's folder, by its path within, belongs to the preset, and is not somebody else's.

    Args:
        path: the folder.
        thumbnail: whether the picture does.
        goes_along: whether what lies beside the network within (a licence, an origin) does, by its path from there.
    """
    # As with networks: a file that the old preset.json does not tell of is somebody else's, and stays.
    names = {MANIFEST, *((THUMBNAIL,) if thumbnail else ())}
    try:
        core = read_preset_file(path / MANIFEST).core
    except StudioError:
        return lambda name: name in names
    names.update(f"{name}.npy" for name in core.tensors)
    within = path / core.weights.path
    if not is_file(within / NETWORK):
        return lambda name: name in names
    start, of_network = f"{core.weights.path}/", owned_by_network(within)

    def owned(name: str) -> bool:
        rest = name.removeprefix(start)
        return name in names or (rest != name and (of_network(rest) or goes_along(rest)))

    return owned


def owned_by(path: Path) -> Callable[[str], bool]:
    """Whether a file of this name in a preset's folder is one that its preset.json tells of, or that file itself."""
    return _owned_by(path, thumbnail=True, goes_along=lambda _: False)


def _changed(preset: Preset) -> dict[str, Array]:
    base = preset.network.tensors
    return {
        name: tensor
        for name, tensor in preset.bent.tensors.items()
        if tensor is not base[name] and not same_bits(tensor, base[name])
    }


def _tensor(file: Path, name: str, network: Network) -> Array:
    shapes = network.graph.tensor_shapes
    if name not in shapes:
        layer, _, tensor = name.rpartition(".")
        missing = f'no tensor "{tensor}" in its layer "{layer}"' if layer in network.graph else f'no layer "{layer}"'
        raise StudioError(f'{file}: it changes "{name}", but the network "{network.name}" has {missing}.')
    path = contained(file.parent, f"{name}.npy")
    if not is_file(path):
        raise StudioError(f'{file}: the changed tensor "{name}" has no file {path.name} beside it; restore it.')
    return read_npy(path, shapes[name])
