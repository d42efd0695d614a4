"""The tensors of other networks that edits mix with."""

from __future__ import annotations

from pathlib import Path

from studio.errors import StudioError
from studio.io.networks import MANIFEST as NETWORK
from studio.io.networks import load_network
from studio.io.preset_file import MANIFEST as PRESET
from studio.io.presets import load_preset
from studio.model.filters.live_edits import as_run
from studio.model.networks.network import Network
from studio.model.networks.shape import Array


def read_network(path: Path) -> Network:
    """The network of a weights folder, or of a preset's as the preset bends it.

    Raises:
        StudioError: where the folder is neither, or is damaged.
    """
    folder = path if path.is_dir() else path.parent
    if (folder / PRESET).is_file():
        return as_run(load_preset(folder))
    if (folder / NETWORK).is_file():
        return load_network(folder)
    raise StudioError(f"{folder} holds neither a {NETWORK} nor a {PRESET}; choose the folder of a network or a preset.")


def counterpart(network: Network, name: str, shape: tuple[int, ...]) -> Array:
    """The tensor of the same name in another network.

    Raises:
        StudioError: where it has none, or one of another shape.
    """
    if name not in network.tensors:
        raise StudioError(f'The network "{network.name}" has no tensor "{name}"; choose one with the same layers.')
    found = network.tensors[name]
    if found.shape != shape:
        a, b = ("×".join(map(str, size)) for size in (found.shape, shape))
        raise StudioError(f'"{name}" of the network "{network.name}" is {a}, not {b}; choose one of the same sizes.')
    return found
