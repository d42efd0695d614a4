"""The networks that a performance was played on, found where they lay or by their names; or kept beside it."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

from studio.errors import StudioError
from studio.io.atomic import cannot_write
from studio.io.networks import load_network, save_network
from studio.io.opening import open_preset
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.performances.performance import Performance, Scene


def network_of(scene: Scene, beside: Path | None = None) -> Preset:
    """The network of a part of a performance, as a preset that bends nothing.

    It is looked for where it lay, beside the performance's file (also in the folder of those that were kept with it),
    and by its folder's and the preset's names.

    Args:
        scene: the part.
        beside: the folder of the performance's file; None where it has none.

    Raises:
        StudioError: where it is not found, or what is there is another network by now.
    """
    return _found(scene, beside)[1]


def place_of(scene: Scene, beside: Path | None = None) -> str:
    """Where `network_of` finds it, as the command line names it; StudioError as there."""
    return _found(scene, beside)[0]


def _found(scene: Scene, beside: Path | None) -> tuple[str, Preset]:
    own = scene.own
    where, name = own.take.weights, Path(own.take.weights).name
    near = () if beside is None or not name else (str(beside / name), str(beside / Path(where).parent.name / name))
    other = ""
    for place in dict.fromkeys(each for each in (where, *near, name, own.preset) if each):
        with suppress(StudioError):
            found = _network_in(open_preset(place), scene)
            if found is not None:
                return place, found
            other = other or place
    when = "" if scene.opened is None else f", which is opened at {scene.opened.time:.1f} s,"
    said = f'The network of the preset "{own.preset}"{when}'
    if other:
        raise StudioError(f"{said} is another by now: {other} has other layers or weights; bring the former one back.")
    raise StudioError(f"{said} is not found at {where or own.preset}; put it there, or beside the performance.")


def networks_of(performance: Performance, beside: Path | None = None) -> tuple[Preset, ...]:
    """Those of all parts but the first, in order; see `network_of`."""
    return tuple(network_of(scene, beside) for scene in performance.scenes()[1:])


def kept_network(network: Network, performance: Path) -> Path:
    """Save a network that lies in no folder beside a performance's file; the folder in which it lies then.

    It is called by the network's digest, in a folder called as the file: ``evening.networks/783fc7d9a1b2c3d4``. What
    lies there already is left as it is.

    Raises:
        StudioError: where it cannot be written.
    """
    digest = network.sha256()
    home = performance.absolute().with_suffix(".networks")
    try:
        home.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(home, error) from error
    for number in count():
        folder = home / (digest[:16] + (f"-{number + 1}" if number else ""))
        with suppress(StudioError):
            if load_network(folder).sha256() == digest:
                return folder
        with suppress(FileExistsError):
            if not os.path.lexists(folder):
                save_network(network, folder, overwrite=False)
                return folder
    raise AssertionError("counting does not end")


def _network_in(found: Preset, scene: Scene) -> Preset | None:
    """The network alone; None where it is another than that which was played on."""
    network = found.network
    if network.sha256() != scene.own.network and scene.opened is not None and scene.opened.values is not None:
        network = network.with_values(scene.opened.values)
    if network.sha256() != scene.own.network:
        return None
    return Preset(scene.own.preset, network, {}, weights_path=found.weights_path)
