"""A preset or a network, whichever a name or a path means."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.io.answering import answered, await_answer
from studio.io.atomic import is_other
from studio.io.networks import find_network, list_networks, load_network
from studio.io.presets import find_preset, list_presets, load_preset
from studio.model.networks.preset import Preset

_SHOWN = 6


def find_and_open(name_or_path: str) -> tuple[Preset, Path | None]:
    """A preset by path or name, and its folder; a network as a preset that bends nothing and has no folder.

    Raises:
        StudioError: where there is neither, or it cannot be read, or does not answer.
    """
    await_answer(name_or_path)
    return answered(name_or_path, partial(_found, name_or_path))


def open_preset(name_or_path: str) -> Preset:
    """A preset by path or name; a network as a preset that bends nothing."""
    return find_and_open(name_or_path)[0]


def _found(name_or_path: str) -> tuple[Preset, Path | None]:
    try:
        folder = find_preset(name_or_path)
    except StudioError:
        try:
            folder = find_network(name_or_path)
        except StudioError:
            raise _nothing_called(name_or_path) from None
        network = load_network(folder)
        return Preset(network.name, network, {}, network.description, weights_path=folder), None
    return load_preset(folder), folder


def _nothing_called(name: str) -> StudioError:
    presets, networks = ([card.name for card in cards] for cards in (list_presets(), list_networks()))
    close = difflib.get_close_matches(name.lower(), presets + networks, n=1, cutoff=0.5)
    meant = f' Did you mean "{close[0]}"?' if close else ""
    if is_other(Path(name)):
        return StudioError(
            f'There is no preset or network "{name}", but a file: "studio import" makes a network of a model, and '
            f"pictures and films are sources.{meant}"
        )
    more = f" and {len(networks) - _SHOWN} more" if len(networks) > _SHOWN else ""
    listed = '"studio presets" lists the presets; ' if presets else ""
    if networks:
        listed += f"the network{'s are' if len(networks) > 1 else ' is'} {', '.join(networks[:_SHOWN])}{more}; "
    there = f"{listed}a path names a folder with a preset.json or a network.json."
    return StudioError(f'There is no preset or network "{name}".{meant} {there[0].upper()}{there[1:]}')
