"""What a panel of the window is: its place, how it is made, its commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtWidgets import QDockWidget, QWidget

from studio.model.movement.address import Dial
from studio.ui.kit.command import Command, Context
from studio.ui.kit.entry import Entry

Area = Literal["left", "right", "bottom", "middle"]


def bring_forward(widget: QWidget) -> None:
    """Show the dock that a panel lies in, before those that cover it."""
    parent: QWidget | None = widget
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    if parent is not None:
        parent.show()
        parent.raise_()


def _nothing(_: Context) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Panel:
    """One panel. A package in `studio/ui` that has a tuple of them called ``PANELS`` adds them to the window.

    Attributes:
        id: stable, by which the layout is saved: "history".
        title: on its tab, and in the menu that shows and hides it.
        area: "left", "right" or "bottom" for a dock; "middle" for what is always there, one above the other.
        make: makes the widget; parts and other rooms' services come from the context. The widget is then found there
            by its type.
        stack: panels of one area and stack share a place as tabs; stacks stand one above the other, rising.
        order: within its stack, rising; the first is in front.
        starts_hidden: whether it is not there until it is asked for.
        comes_later: whether it has nothing to show before the first picture, so that it can be made after it.
        modules: what it needs that takes long to import: done by another thread before it is made at leisure. Behind
            a colon stands what is called then. No Qt object may come into being by that.
        scrolled: whether it may be higher than its place.
        stretches: in the middle, whether it takes the room that is left.
        commands: what it adds to menus and keys.
        gestures: what mouse and held keys do in it, for the shortcut sheet: pairs of keys and meaning.
        entries: what it adds to the command palette, asked for whenever that opens: its layers, its presets.
        dials: numbers that can be turned in it and are no part of the preset, under addresses of their own:
            ``/view/zoom``. Asked for whenever one is looked for.
    """

    id: str
    title: str
    area: Area
    make: Callable[[Context], QWidget]
    stack: int = 0
    order: int = 50
    starts_hidden: bool = False
    comes_later: bool = False
    modules: tuple[str, ...] = ()
    scrolled: bool = False
    stretches: bool = False
    commands: tuple[Command, ...] = ()
    gestures: tuple[tuple[str, str], ...] = ()
    entries: Callable[[Context], Iterable[Entry]] = _nothing
    dials: Callable[[Context], Iterable[Dial]] = _nothing
