"""Cue points of the film that plays: set, gone to, named, kept from one start to the next.

They belong to the film, not to the preset: who changes presets while a film plays goes on jumping in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from studio.errors import StudioError
from studio.model.performances import cue as lists
from studio.model.performances.cue import Cue
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.clock import clock
from studio.ui.services.messages import Action
from studio.ui.services.session import Session

_LONGEST = 40
"""Letters of a name."""


class FilmCues(QObject):
    """Those of what plays.

    ``changed`` comes when another film plays, or its cues are others.

    Args:
        telemetry: tells what plays, and where it is.
        session: keeps them.
        seek: goes to a place of the film, in seconds.
        say: takes sentences with buttons.
    """

    changed = Signal()

    def __init__(
        self,
        telemetry: Telemetry,
        session: Session,
        seek: Callable[[float], object],
        say: Callable[[Message, Sequence[Action]], object],
    ) -> None:
        super().__init__()
        self._telemetry, self._session, self._seek, self._say = telemetry, session, seek, say
        self._film = ""
        self._cues: lists.Cues = ()
        telemetry.on(PlayerState, self._follow)
        self._follow(telemetry[PlayerState])

    @property
    def cues(self) -> lists.Cues:
        """By time; the first is number 1."""
        return self._cues

    @property
    def can_have(self) -> bool:
        """Whether what plays has places to come back to: a camera and a still have none."""
        return bool(self._film)

    @property
    def number(self) -> int:
        """Of the last cue that has gone by; 0 before the first."""
        return lists.number_at(self._cues, self._telemetry[PlayerState].position)

    def text(self, number: int) -> str:
        """What a cue is called in lists."""
        cue = self._cue(number)
        return f"Cue {number}" + (f" · {cue.name}" if cue.name else "") + f" · {clock(cue.time)}"

    def set_here(self) -> None:
        """Have a cue at the picture that is shown.

        Raises:
            StudioError: where what plays has no places, or the film has as many cues as it can have.
        """
        if not self.can_have:
            raise StudioError("What plays now has no length, so no place in it can be marked; play a film.")
        if len(self._cues) >= lists.MOST:
            raise StudioError(f"A film has {lists.MOST} cues at most; remove one first.")
        position = self._telemetry[PlayerState].position
        near = (each for each in self._cues if abs(each.time - position) <= lists.SAME)
        cue = next(near, Cue(round(position, 3)))
        self._keep(lists.added(self._cues, cue))
        self._say(Message(f"{self.text(self._cues.index(cue) + 1)} is set."), [])

    def go(self, number: int) -> None:
        """Go to a cue; 0 is the film's beginning.

        Raises:
            StudioError: where there is none of this number.
        """
        if number == 0 and self.can_have:
            self._seek(0.0)
        else:
            self._seek(self._cue(number).time)

    def go_back(self) -> None:
        """To the cue before, or to the beginning."""
        found = lists.before(self._cues, self._telemetry[PlayerState].position)
        if self.can_have:
            self._seek(found.time if found is not None else 0.0)

    def go_on(self) -> None:
        """To the next cue; behind the last one there is nothing to go to."""
        found = lists.after(self._cues, self._telemetry[PlayerState].position)
        if found is not None:
            self._seek(found.time)

    def rename(self, number: int, name: str) -> None:
        """Call a cue something else; StudioError where there is none of this number."""
        self._cue(number)
        self._keep(lists.renamed(self._cues, number, " ".join(name.split())[:_LONGEST]))

    def remove(self, number: int) -> None:
        """Have a cue no more; a button of the message brings it back. StudioError where there is none."""
        text, cue, film = self.text(number), self._cue(number), self._film
        self._keep(lists.without(self._cues, number))

        def put_back() -> None:
            cues = lists.added(self._session.cues(film), cue)
            self._session.set_cues(film, cues)
            if film == self._film:
                self._show(cues)

        self._say(Message(f"{text} is removed."), [("Put back", put_back)])

    def report(self, problem: str) -> None:
        """Say what could not be done."""
        self._say(Message(problem, "error"), [])

    def _cue(self, number: int) -> Cue:
        if not 1 <= number <= len(self._cues):
            there = f"it has {len(self._cues)}" if self._cues else "it has none; J sets one"
            raise StudioError(f"The film has no cue {number}: {there}.")
        return self._cues[number - 1]

    def _follow(self, state: PlayerState) -> None:
        film = state.spec if state.duration and not state.is_camera else ""
        if film != self._film:
            self._film = film
            self._show(self._session.cues(film) if film else ())

    def _keep(self, cues: lists.Cues) -> None:
        self._session.set_cues(self._film, cues)
        self._show(cues)

    def _show(self, cues: lists.Cues) -> None:
        self._cues = cues
        self.changed.emit()
