"""A fade between different networks: the picture of the one before lies over that of the other, and goes.

It lies there as a bend behind the output, with the place 0 that no stage of a preset has::

    output ── stages ──> stage 0 <── the picture of the network before
                            amount from 1 to 0

so that the window, films and stills have it alike, on every engine. The network before runs on beside the other where
there is time for both; where there is not, its last picture stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np

from studio.bends.from_picture import FromPicture
from studio.engine.base import Engine
from studio.model.bends.stage import VEIL, Stage
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture, Picture
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.modulators.keyframes import Easing, ease
from studio.runtime.live.engine_host import EngineHost
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.movement import Move
from studio.runtime.live.orders import Bypass, Setting
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.veil import laid_over

Listen = Callable[[float], Measurements]

_BOTH = 0.05
"""Seconds that a frame of the network before may take, so that both run."""


@dataclass(frozen=True)
class FadePictures(Setting):
    """Let the network that is opened next come with a fade of pictures.

    Attributes:
        seconds: how long it takes.
        easing: how it goes.
    """

    seconds: float
    easing: Easing = "in and out"


@dataclass(eq=False)
class _Leaving:
    """The network before.

    Attributes:
        picture: its last one, (H, W, 3).
        mover: runs it on; None where its last picture stays.
        engine: that it runs in, to be closed; None where it does not.
        start: when the first frame of the other network was; None before that.
        lent: the picture whose map the other network was lent last, and its size.
    """

    order: FadePictures
    picture: Picture
    mover: Mover | None = None
    engine: Engine | None = None
    start: float | None = None
    lent: tuple[Picture, Size] | None = None


class PictureFade(Feature):
    """Keeps what is left of the network before until it has gone.

    Args:
        host: opens engines and closes them.
        listen: what was measured until a time in seconds, for what moves in the network before.
    """

    def __init__(self, host: EngineHost, listen: Listen = lambda _: NOTHING) -> None:
        self._host, self._listen = host, listen
        self._order: FadePictures | None = None
        self._frame: Frame | None = None
        self._moves: Preset | None = None
        self._graph: Graph | None = None
        self._began, self._seconds = 0.0, 0.0
        self._leaving: _Leaving | None = None
        host.keep = self.keep

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {FadePictures: self._take, Move: self._move, Bypass: self._bypass}

    def _take(self, order: FadePictures) -> None:
        self._order = order

    def _move(self, order: Move) -> None:
        self._moves = order.preset

    def _bypass(self, order: Bypass) -> None:
        if self._moves is not None:
            self._moves = self._moves.with_section(BYPASSED, order.layers)

    @property
    def under_way(self) -> FadePictures | None:
        """The fade that is under way."""
        return None if self._leaving is None else self._leaving.order

    @property
    def is_under_way(self) -> bool:
        """Whether there is something left of another network."""
        return self._leaving is not None

    @property
    def runs_both(self) -> bool:
        """Whether the network before runs as well."""
        return self._leaving is not None and self._leaving.mover is not None

    # -- from one network to the other ------------------------------------------------------------------------------

    def keep(self, engine: Engine, runner: FrameRunner) -> bool:
        """Another network is opened in place of this; whether its engine must live on, and is closed here later."""
        order, self._order, frame, self._frame = self._order, None, self._frame, None
        if order is None or frame is None or frame.engine is not engine or order.seconds <= 0.0:
            self._end()
            return False
        height, width = frame.crops[engine.graph.output]
        leaving, is_mixed = _Leaving(order, engine.picture()[:height, :width]), self._leaving is not None
        self._end()
        self._leaving = leaving
        # Where a fade was under way, what was on the screen is no network's picture, and stays as it was.
        if is_mixed or self._moves is None or self._seconds > _BOTH:
            return False
        leaving.engine, leaving.mover = engine, Mover(self._moves, engine, runner, listen=self._listen)
        return True

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`: the picture before lies over the first of this network."""
        if graph is self._graph:
            self._end()  # another engine runs, which has nothing of it
        self._graph = graph
        if self._leaving is not None:
            bend = FromPicture()
            self._host.veil = Stage(VEIL, engine.graph.output, bend)

    def close(self) -> None:
        """See `Feature.close`."""
        self._end()

    def moves(self, engine: Engine) -> bool:
        """See `Feature.moves`."""
        del engine
        return self._leaving is not None

    # -- frames -----------------------------------------------------------------------------------------------------

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """See `Feature.before`."""
        self._began = monotonic()
        leaving, now = self._leaving, float(tick.time)
        if leaving is None:
            return
        if leaving.start is None:
            leaving.start = now
        gone = (now - leaving.start) / leaving.order.seconds
        if gone >= 1.0:
            self._end()
            return
        if leaving.mover is not None:
            self._run_on(leaving, leaving.mover, tick, picture)
        size = Size.of(picture)
        if leaving.lent is None or leaving.lent[0] is not leaving.picture or leaving.lent[1] != size:
            leaving.lent = leaving.picture, size
            runner.engine.lend(VEIL, laid_over(leaving.picture, runner, size))
        self._host.lift(1.0 - ease(leaving.order.easing, gone))

    def _run_on(self, leaving: _Leaving, mover: Mover, tick: Tick, picture: DeepPicture) -> None:
        try:
            bent = mover(picture, float(tick.time), tick.frame)
            leaving.picture = bent.view(np.uint8)
        except BaseException:
            # Its last picture does, and the sentence says why.
            self._drop(leaving)
            raise

    def took(self, frame: Frame) -> None:
        """See `Feature.took`."""
        self._frame = frame
        if frame.is_new:
            self._seconds = monotonic() - self._began

    def blank(self) -> None:
        """See `Feature.blank`."""
        self._frame = None

    def _end(self) -> None:
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            self._drop(leaving)
            self._host.unveil()

    def _drop(self, leaving: _Leaving) -> None:
        engine, leaving.engine, leaving.mover = leaving.engine, None, None
        if engine is not None:
            engine.close()
