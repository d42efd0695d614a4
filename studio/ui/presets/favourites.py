"""Presets on the keys 1 to 9."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from studio.ui.kit.command import Command, Context, Place
from studio.ui.services.parts import Parts

NUMBERS = range(1, 10)


def _open(number: int) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        parts = context[Parts]
        path = parts.session.favourites.get(number)
        if path is not None:
            parts.opener.open(path)

    return run


def _has(number: int, context: Context) -> bool:
    return number in context[Parts].session.favourites


def numbers_of(favourites: dict[int, Path]) -> dict[Path, int]:
    """The key of each preset that has one."""
    return {path: number for number, path in favourites.items()}


COMMANDS = tuple(
    Command(
        f"preset.favourite_{number}",
        f"Favourite {number}",
        _open(number),
        Place("Run/Favourites", 10, number),
        keys=(str(number),),
        tip="Open the preset that has this key; its menu in the deck gives it one",
        enabled=partial(_has, number),
        follows=frozenset({"favourites"}),
    )
    for number in NUMBERS
)
