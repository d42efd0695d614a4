"""A performance of several networks, one after the other; the picture of each fades in over that of the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from studio.bends.from_picture import FromPicture
from studio.engine.base import Engine
from studio.io.resize import letterboxed
from studio.model.bends.stage import VEIL, Stage
from studio.model.declared.size import Size
from studio.model.movement.modulator import Measurements
from studio.model.networks.picture import DeepPicture, Picture, shallow
from studio.model.performances.performance import NetworkOpened, Scene
from studio.modulators.keyframes import Easing, ease
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Bend, Listen, Mover
from studio.runtime.render.turns import Turn
from studio.runtime.render.veil import laid_over


@dataclass(eq=False)
class Running:
    """A network that runs.

    Attributes:
        mover: moves and bends by it.
        feeder: feeds it.
        engine: runs it.
        close: frees what it holds.
        bend: what the mover bends by in place of the feeder, by tiles; None for whole pictures.
    """

    mover: Mover
    feeder: FrameRunner
    engine: Engine
    close: Callable[[], object]
    bend: Bend | None = None


@dataclass(eq=False)
class _Leaving:
    """What is left of the network before; as `studio.runtime.live.picture_fade` has it in the window."""

    how: NetworkOpened
    picture: Picture
    start: float
    before: Running | None = None
    lent: Picture | None = None
    amount: float = 1.0


class Scenes:
    """Replays all parts of a performance: what `Mover` is for one network.

    Args:
        first: the network that it begins on.
        scenes: its parts; see `Performance.scenes`.
        run: has the network of a part run, by its number from 1.
        listen: what else was heard until a time.
        by_layer: whether maps of a layer are shown. Nothing can lie over those, so the pictures made of them are mixed.
    """

    def __init__(
        self,
        first: Running,
        scenes: Sequence[Scene],
        run: Callable[[int], Running],
        listen: Listen,
        *,
        by_layer: bool = False,
    ) -> None:
        self._first, self._scenes, self._run, self._listen = first, scenes, run, listen
        self._by_layer = by_layer
        self._now, self._number = first, 0
        self._leaving: _Leaving | None = None
        self._veil: Stage | None = None
        self._size: Size | None = None  # of the first picture
        self._bent: DeepPicture | None = None  # the newest picture; None before it

    def begin(self) -> None:
        """Start from the beginning."""
        self._end()
        if self._now is not self._first:
            self._now.close()
        self._now, self._number, self._bent = self._first, 0, None
        self._first.mover.begin()

    def close(self) -> None:
        """Free what was opened since the first."""
        self._end()
        if self._now is not self._first:
            self._now.close()

    def replayed(self, picture: DeepPicture, turn: Turn) -> DeepPicture:
        """A run as it took place; see `Mover.replayed`."""
        if turn.scene != self._number:
            self._enter(turn)

        def ahead(played: Measurements) -> None:
            if not turn.is_again:
                self._mix(picture, turn, played)

        bent = self._now.mover.replayed(picture, turn, ahead)
        if self._by_layer:
            bent = self._mixed(shallow(bent))
        self._bent = bent
        self._size = self._size or Size.of(bent)
        # As a recording has it whose pictures become others.
        return bent if Size.of(bent) == self._size else np.ascontiguousarray(letterboxed(bent, self._size))

    # -- from one network to the next -------------------------------------------------------------------------------

    def _enter(self, turn: Turn) -> None:
        before, is_mixed, bent = self._now, self._leaving is not None, self._bent
        how = self._scenes[turn.scene].opened
        assert how is not None, "only the first has not been opened"
        leaving = None
        if turn.scene == self._number + 1 and bent is not None and how.seconds > 0.0:
            leaving = _Leaving(how, self._last(bent), float(turn.tick.time))
        self._end()
        deep = before.feeder.deep
        if leaving is not None and how.both and not is_mixed:
            before.mover.finish()
            before.feeder.deep = False
            runs_on = Mover(before.mover.shown, before.engine, before.feeder, before.bend, self._listen)
            leaving.before = replace(before, mover=runs_on)
        elif before is not self._first:
            before.close()
        self._now, self._number, self._leaving = self._run(turn.scene), turn.scene, leaving
        self._now.feeder.deep = deep
        if leaving is not None and not self._by_layer:
            self._veil = Stage(VEIL, self._now.engine.graph.output, FromPicture())
            self._now.mover.veil(self._veil)

    def _last(self, bent: DeepPicture) -> Picture:
        """The newest picture, of 8 bits, as the window has it."""
        if self._by_layer or self._now.bend is not None:
            return np.array(shallow(bent))
        height, width = Size.of(bent)
        return np.array(self._now.engine.picture()[:height, :width])

    def _mix(self, picture: DeepPicture, turn: Turn, played: Measurements) -> None:
        leaving = self._leaving
        if leaving is None:
            return
        gone = (float(turn.tick.time) - leaving.start) / leaving.how.seconds
        if gone >= 1.0:
            self._end()
            return
        if leaving.before is not None:
            time = float(turn.tick.time)
            bent = leaving.before.mover.run(picture, turn.tick, time, played, time)
            leaving.picture = bent.view(np.uint8)
        easing = next(each for each in get_args(Easing) if each == leaving.how.easing)
        leaving.amount = 1.0 - ease(easing, gone)
        if self._veil is None:
            return
        if leaving.lent is not leaving.picture:
            leaving.lent = leaving.picture
            self._now.engine.lend(VEIL, laid_over(leaving.picture, self._now.feeder, Size.of(picture)))
        self._veil = replace(self._veil, amount=leaving.amount)
        self._now.mover.veil(self._veil)

    def _mixed(self, picture: Picture) -> Picture:
        """A picture with what is left of the one before, of its own proportions, over it."""
        leaving = self._leaving
        if leaving is None:
            return picture
        before = letterboxed(leaving.picture, Size.of(picture))
        mixed = (1.0 - leaving.amount) * picture.astype(np.float32) + leaving.amount * before.astype(np.float32)
        return np.rint(mixed).astype(np.uint8)

    def _end(self) -> None:
        """Nothing is left of the network before."""
        leaving, self._leaving, self._veil = self._leaving, None, None
        if leaving is None:
            return
        self._now.mover.veil(None)
        self._now.engine.lend(VEIL, None)
        if leaving.before is not None and leaving.before.engine is not self._first.engine:
            leaving.before.close()
