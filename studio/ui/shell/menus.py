"""The menu bar, made of commands by their places."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtWidgets import QMenu, QMenuBar

from studio.ui.kit.actions import Actions
from studio.ui.kit.command import MENUS, Command
from studio.ui.shell.declared import Declared


def fill_menus(bar: QMenuBar, declared: Declared, actions: Actions) -> dict[str, QMenu]:
    """A menu for each name that a command stands in, "Tools/Brush" within "Tools"; by name.

    "Panels" is made, too: it gets its entries from the docks.
    """
    menus: dict[str, QMenu] = {}
    commands = declared.menus()
    own = [name for name in MENUS if name in commands or name == "Panels"]
    others = [name for name in commands if name.partition("/")[0] not in MENUS]
    for name in (*own[:-1], *others, *own[-1:]):
        _menu(bar, menus, name)
    for name, entries in commands.items():
        fill(_menu(bar, menus, name), entries, actions)
    return menus


def fill(menu: QMenu, entries: Iterable[Command], actions: Actions) -> None:
    """Put commands into a menu, in their order; a line parts their groups."""
    group = None
    for command in entries:
        assert command.menu is not None
        if group is not None and command.menu.group != group:
            menu.addSeparator()
        group = command.menu.group
        menu.addAction(actions[command.id])


def with_key(title: str, taken: Collection[str]) -> str:
    """A menu's title with the letter that opens it behind Alt: the first that no other has, if there is one.

    Args:
        title: as a plug-in may have given it.
        taken: small letters of other menus.
    """
    for at, letter in enumerate(title):
        if letter.isalnum() and letter.lower() not in taken:
            return f"{title[:at]}&{title[at:]}"
    return title


def _menu(bar: QMenuBar, menus: dict[str, QMenu], name: str) -> QMenu:
    if name not in menus:
        above, _, title = name.rpartition("/")
        taken = {menu.title().partition("&")[2][:1].lower() for menu in menus.values()}
        menus[name] = _menu(bar, menus, above).addMenu(title) if above else bar.addMenu(with_key(title, taken))
        menus[name].setToolTipsVisible(True)
    return menus[name]
