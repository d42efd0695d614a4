"""Options that are on or off take no value, so help names none behind them; typer writes ``<bool>``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup


def _without_values(params: list[Any]) -> list[Any]:
    for each in params:
        if getattr(each, "is_flag", False) and each.metavar is None:
            each.metavar = ""
    return params


class Command(TyperCommand):
    """A command of the studio."""

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperCommand.get_params`; ``--help`` is among them."""
        return _without_values(super().get_params(ctx))


class Commands(TyperGroup):
    """The studio's commands together."""

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperGroup.get_params`."""
        return _without_values(super().get_params(ctx))
