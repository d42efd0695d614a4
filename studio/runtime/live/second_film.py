"""The second film or picture: its maps are lent to the stages that take them, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.io.resize import resized
from studio.model.bends.stage import VEIL, Stage, made
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.runtime.live.feature import Feature, Handlers
from studio.runtime.live.following import Following
from studio.runtime.live.orders import Setting
from studio.runtime.render.frame_runner import FrameRunner

_PATIENCE = 0.05
"""Seconds that a frame waits for the second film's, so that both go together as in a render."""


@dataclass(frozen=True)
class PlaySecond(Setting):
    """Take the maps of this film or picture; empty for none."""

    spec: str


class SecondFilm(Feature):
    """Runs the network on it besides, on the same weights, in an engine that lives while a stage takes its maps.

    Args:
        patience: for how many seconds at most a frame waits for the second film's.
        given: plays instead of all that is asked for; empty for none.
    """

    def __init__(self, patience: float = _PATIENCE, given: str = "") -> None:
        self._patience, self._given = patience, given
        self._film: Following | None = None
        self._runner: FrameRunner | None = None
        self._seen: tuple[DeepPicture, Size] | None = None
        self._lent: Mapping[int, str] = {}
        self._has_failed = False

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {PlaySecond: lambda order: self.play(order.spec)}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del engine, graph
        self._drop()

    def closing(self) -> None:
        """See `Feature.closing`: what shares the engine's weights goes before it."""
        self._drop()

    def moves(self, engine: Engine) -> bool:
        """See `Feature.moves`: a film does, beside a still picture, and a picture until it has been lent."""
        takers = _takers(engine)
        if self._film is None or not takers or self._has_failed:
            return False
        return not self._film.is_still or self._seen is None or any(stage.id not in self._lent for stage in takers)

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """See `Feature.before`."""
        takers = _takers(runner.engine)
        if self._film is None or not takers:
            self._drop()
            return
        size = Size.of(picture)
        try:
            other = self._film.at(float(tick.time), self._patience)
        except StudioError:
            self._has_failed = True
            raise
        if other is None:
            return
        lent = {stage.id: stage.layer for stage in takers}
        if self._seen is None or self._seen[0] is not other or self._seen[1] != size:
            if self._runner is None:
                self._runner = FrameRunner(runner.engine.beside())
            self._runner.run(resized(other, size), float(tick.time))
            # It begins in the usual ways, as whoever it was opened beside did.
            self._runner.engine.tune()
            self._seen = other, size
        elif lent == self._lent:
            return
        assert self._runner is not None
        maps = {layer: self._runner.engine.activation(made(layer)) for layer in set(lent.values())}
        for number, layer in lent.items():
            runner.engine.lend(number, maps[layer])
        self._lent = lent

    def close(self) -> None:
        """See `Feature.close`."""
        self._drop()
        if self._film is not None:
            self._film.close()

    def play(self, spec: str) -> None:
        """Take the maps of this film or picture, as the command line names it; empty for none."""
        spec = self._given or spec
        if self._film is not None:
            if self._film.spec == spec:
                return
            self._film.close()
        self._film = Following(spec) if spec else None
        self._seen, self._has_failed = None, False

    def _drop(self) -> None:
        runner, self._runner = self._runner, None
        self._seen, self._lent = None, {}
        if runner is not None:
            runner.engine.close()


def _takers(engine: Engine) -> list[Stage]:
    return [stage for stage in engine.stages if stage.on and stage.bend.other == "picture" and stage.id != VEIL]
