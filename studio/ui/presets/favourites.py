"""Presets and snapshots on the keys 1 to 9."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu

from studio.ui.kit.command import Command, Context, Place
from studio.ui.services.parts import Parts

NUMBERS = range(1, 10)


def _open(number: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        parts = context[Parts]
        path = parts.session.favourites.get(number)
        # What was taken a moment ago comes before what was chosen some day.
        if number in parts.fades.snapshots:
            parts.fades.go(number)
        elif path is not None:
            parts.opener.open(path)

    return run


def _has(number: int, context: Context) -> bool:
    parts = context[Parts]
    return number in parts.fades.snapshots or number in parts.session.favourites


def numbers_of(favourites: dict[int, Path]) -> dict[Path, int]:
    """The key of each preset that has one."""
    return {path: number for number, path in favourites.items()}


COMMANDS = tuple(
    Command(
        f"preset.favourite_{number}",
        f"Snapshot or favourite {number}",
        _open(number),
        Place("Run/Favourites", 10, number),
        keys=(str(number),),
        tip="Fade to the snapshot on this key, else to the preset whose menu in the deck gave it the key",
        enabled=partial(_has, number),
        follows=frozenset({"favourites"}),
    )
    for number in NUMBERS
)


def keys_menu(menu: QMenu, now: int | None, choose: Callable[[int | None], object]) -> QMenu:
    """A menu of the keys that a preset may have, within another; it has ``now``, and gets what is chosen."""
    keys = QMenu("Key", menu)
    for number in (None, *NUMBERS):
        action = keys.addAction("None" if number is None else str(number))
        action.setCheckable(True)
        action.setChecked(number == now)
        action.triggered.connect(lambda _=False, number=number: choose(number))
    return keys
