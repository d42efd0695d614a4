"""Brushes by name: how they paint, how large they are; a person's own are kept from one start to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from pydantic import ValidationError
from PySide6.QtCore import QObject, Signal

from studio.errors import StudioError
from studio.model.views.brush import Brush
from studio.model.views.workspace import BrushUnit, Workspace
from studio.runtime.live.report import Message
from studio.ui.services.messages import Action
from studio.ui.services.session import Session

MOST = 60
"""So many can be kept."""

_LONGEST = 30
"""Letters of a name."""


@dataclass(frozen=True)
class NamedBrush:
    """Attributes:
    name: what a person calls it.
    brush: how it paints.
    unit: what its radius counts.
    """

    name: str
    brush: Brush
    unit: BrushUnit = "screen"


FIRST = (
    NamedBrush("Touch", Brush(radius=8.0, value=0.03)),
    NamedBrush("Broad swell", Brush(radius=28.0, hardness=0.1, value=0.02)),
    NamedBrush("Eraser", Brush(mode="erase", radius=12.0, hardness=0.8)),
    NamedBrush("Smoother", Brush(mode="smooth", radius=18.0, hardness=0.2, opacity=0.7)),
    NamedBrush("Grain", Brush(mode="noise", radius=20.0, value=0.08)),
)
"""Those that there are at first; they can be renamed, replaced and removed like any."""


class Brushes(QObject):
    """The brushes by name, and the one that is held.

    ``changed`` comes when there are others, or another one is held.

    Args:
        workspace: whose brush they set.
        session: keeps them.
        say: takes sentences with buttons.
    """

    changed = Signal()

    def __init__(
        self, workspace: Workspace, session: Session, say: Callable[[Message, Sequence[Action]], object]
    ) -> None:
        super().__init__()
        self._workspace, self._session, self._say = workspace, session, say
        stored = session.brushes
        self._all = FIRST if stored is None else tuple(found for each in stored if (found := _read(each)) is not None)
        workspace.changed.connect(self._follow)

    @property
    def all(self) -> tuple[NamedBrush, ...]:
        """In their order; the first is number 1."""
        return self._all

    @property
    def number(self) -> int:
        """Of the one that is held as it is kept; 0 where the brush is set otherwise."""
        brush, unit = self._workspace.brush, self._workspace.brush_unit
        return next((at for at, each in enumerate(self._all, 1) if (each.brush, each.unit) == (brush, unit)), 0)

    def take(self, number: int) -> None:
        """Paint with one of them; StudioError where there is none of this number."""
        named, workspace = self._named(number), self._workspace
        workspace.paints, workspace.tool = "weights", "paint"
        workspace.brush_unit, workspace.brush = named.unit, named.brush

    def step(self, by: int) -> None:
        """Take the one so many places on, round and round."""
        if self._all:
            here = self.number
            self.take((here - 1 + by) % len(self._all) + 1 if here else (1 if by > 0 else len(self._all)))

    def keep(self, name: str) -> None:
        """Keep the present brush under a name; one of the same name is replaced, and can be put back.

        Raises:
            StudioError: for an empty name, or where there are as many as can be kept.
        """
        name = _named(name)
        kept = NamedBrush(name, self._workspace.brush, self._workspace.brush_unit)
        place = next((at for at, each in enumerate(self._all) if each.name.casefold() == name.casefold()), None)
        if place is not None:
            before = self._all
            self._have((*before[:place], kept, *before[place + 1 :]))
            self._offer(f"The brush “{name}” is replaced.", before)
            return
        if len(self._all) >= MOST:
            raise StudioError(f"{MOST} brushes are kept at most; remove one first.")
        self._have((*self._all, kept))
        self._say(Message(f"The brush “{name}” is kept, as number {len(self._all)}."), [])

    def rename(self, number: int, name: str) -> None:
        """Call one of them something else.

        Raises:
            StudioError: for an empty name, that of another brush, or a number that none has.
        """
        named, name = self._named(number), _named(name)
        others = [each.name.casefold() for at, each in enumerate(self._all, 1) if at != number]
        if name.casefold() in others:
            raise StudioError(f"Another brush is called “{name}”; choose another name.")
        self._have(tuple(replace(each, name=name) if each is named else each for each in self._all))

    def remove(self, number: int) -> None:
        """Have one no more; a button of the message brings it back. StudioError where there is none."""
        named, before = self._named(number), self._all
        self._have(tuple(each for each in before if each is not named))
        self._offer(f"The brush “{named.name}” is removed.", before)

    def report(self, problem: str) -> None:
        """Say what could not be done."""
        self._say(Message(problem, "error"), [])

    def _offer(self, text: str, before: tuple[NamedBrush, ...]) -> None:
        self._say(Message(text), [("Put back", lambda: self._have(before))])

    def _named(self, number: int) -> NamedBrush:
        if not 1 <= number <= len(self._all):
            raise StudioError(f"There is no brush {number}: there are {len(self._all)}.")
        return self._all[number - 1]

    def _have(self, brushes: tuple[NamedBrush, ...]) -> None:
        self._all = brushes
        self._session.brushes = [[each.name, each.brush.model_dump_json(), each.unit] for each in brushes]
        self.changed.emit()

    def _follow(self, field: str) -> None:
        if field in ("brush", "brush_unit"):
            self.changed.emit()


def _named(name: str) -> str:
    name = " ".join(name.split())[:_LONGEST]
    if not name:
        raise StudioError("A brush needs a name.")
    return name


def _read(stored: object) -> NamedBrush | None:
    """What an earlier or later studio has written may not be a brush of this one's."""
    units: dict[object, BrushUnit] = {unit: unit for unit in get_args(BrushUnit)}
    match stored:
        case [str() as name, str() as brush, str() as unit] if unit in units and name.strip():
            try:
                return NamedBrush(name, Brush.model_validate_json(brush), units[unit])
            except ValidationError:
                return None
    return None
