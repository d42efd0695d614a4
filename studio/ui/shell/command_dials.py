"""Commands as dials: ``/command/edit.undo`` does what the menu does, ``/command/output.black`` is on or off."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QTimer

from studio.errors import StudioError
from studio.model.movement.address import Dial, Number, joined
from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Command
from studio.ui.kit.keys import keyed
from studio.ui.kit.reached import COMMAND

KEPT_FROM = frozenset({"file.quit"})
"""What no message from elsewhere does: a show does not end by a knob."""


def command_number(command: Command) -> Number:
    """What a command is among the numbers: a switch where it is on or off, else a trigger."""
    kind = "trigger" if command.is_on is None else "switch"
    where = command.menu.menu.replace("/", " › ") if command.menu else ""
    label, doc = command.text.rstrip("…"), keyed(command.tip) or where
    return Number(joined(COMMAND, command.id), label, kind, 0.0, 0.0, 1.0, "", doc)  # type: ignore[arg-type]


def command_dials(actions: Actions) -> Iterator[Dial]:
    """All of them, but for `KEPT_FROM`."""
    for command in actions.commands.values():
        if command.id not in KEPT_FROM:
            yield Dial(command_number(command), partial(_is_on, actions, command), partial(_do, actions, command))


def find_command(actions: Actions, address: str) -> Dial | None:
    """The one at an address; None where there is none."""
    command = actions.commands.get(address.removeprefix(f"/{COMMAND}/"))
    if command is None or command.id in KEPT_FROM:
        return None
    return Dial(command_number(command), partial(_is_on, actions, command), partial(_do, actions, command))


def _is_on(actions: Actions, command: Command) -> float:
    return float(actions[command.id].isCheckable() and actions[command.id].isChecked())


def _do(actions: Actions, command: Command, value: float) -> None:
    action, wanted = actions[command.id], value >= 0.5
    if wanted == bool(_is_on(actions, command)):
        return
    if not action.isEnabled():
        raise StudioError(f"“{command.text.rstrip('…')}” is greyed out at the moment.")
    if command.is_on is not None:
        action.trigger()
    else:
        # What it opens may wait for an answer, which must not hold up what else has come in.
        QTimer.singleShot(0, action, action.trigger)
