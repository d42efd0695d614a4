"""The panels and commands that there are: found by scanning, those of plug-ins among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from studio import ui
from studio.model.declared import plugins, registry
from studio.ui.kit.command import MENUS, Command
from studio.ui.kit.panel import Panel
from studio.ui.shell import commands as _commands
from studio.ui.shell.commands import output

D = TypeVar("D", Panel, Command)

OTHERS = "Mouse and keys held"
"""Title of the gestures in the shortcut sheet."""


@dataclass(frozen=True)
class Declared:
    """Attributes:
    panels: by area, stack and order.
    commands: by menu, group and order; those without a menu last.
    """

    panels: tuple[Panel, ...]
    commands: tuple[Command, ...]

    def without(self, panel: Panel) -> Declared:
        """All but this panel and its commands."""
        kept = tuple(command for command in self.commands if command not in panel.commands)
        return Declared(tuple(other for other in self.panels if other is not panel), kept)

    def gestures(self) -> Iterator[tuple[str, str]]:
        """What mouse and held keys do, panel by panel."""
        for panel in self.panels:
            yield from panel.gestures

    def menus(self) -> dict[str, list[Command]]:
        """The commands of each menu, in their order; menus that plug-ins invent come before "Help"."""
        found: dict[str, list[Command]] = {}
        for command in self.commands:
            if command.menu is not None:
                found.setdefault(command.menu.menu, []).append(command)
        return found


def declared() -> Declared:
    """Everything that the rooms of `studio.ui`, `studio.ui.shell.commands` and plug-ins declare.

    A room holds its panels as ``PANELS`` and commands that belong to none of them as ``COMMANDS``. There is one more
    command for each outlet, a plug-in's too. A plug-in names a module with panels or commands in the entry point groups
    ``studio.panels`` and ``studio.commands``; what of it is no panel and no command is left out and told of by
    `plugins.problems`.
    """
    rooms = list(registry.modules(ui.__name__, ui.__path__, "studio.panels"))
    singles = list(registry.modules(_commands.__name__, _commands.__path__, "studio.commands"))
    panels = [panel for room in rooms for panel in _of(room, "PANELS", Panel)]
    found = [command for panel in panels for command in panel.commands]
    found += [command for module in (*rooms, *singles) for command in _of(module, "COMMANDS", Command)]
    found += output.commands()
    return Declared(
        tuple(_unique(sorted(panels, key=lambda panel: (panel.area, panel.stack, panel.order)))),
        tuple(_unique(sorted(found, key=_place))),
    )


def _of(module: ModuleType, name: str, kind: type[D]) -> Iterator[D]:
    """What a module declares under a name; a plug-in's may be anything."""
    declared, plugin = getattr(module, name, ()), plugins.owner_of(module)
    if plugin is None:
        yield from declared
        return
    things = declared if isinstance(declared, tuple | list) else (declared,)
    for thing in things:
        if isinstance(thing, kind):
            yield thing
        else:
            plugins.report(plugin, f"declares {name} with something that is no {kind.__name__}")


def _place(command: Command) -> tuple[int, int, int]:
    if command.menu is None:
        return len(MENUS) + 1, 0, 0
    head = command.menu.menu.partition("/")[0]
    # What a plug-in invents stands before "Help".
    number = MENUS.index(head) if head in MENUS else len(MENUS) - 1.5
    return round(number * 2), command.menu.group, command.menu.order


def _unique(declared: Iterable[D]) -> Iterator[D]:
    """The first of each id: a module that two entry points name adds its things once."""
    seen: set[str] = set()
    for each in declared:
        if each.id not in seen:
            seen.add(each.id)
            yield each
