"""Maps of a second picture or film, lent to the stages that take them: feature transplants, and styles of pictures."""

from __future__ import annotations

from collections.abc import Iterator

from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.model.bends.stage import made
from studio.model.networks.network import Network
from studio.model.networks.picture import DeepPicture
from studio.runtime.render.frame_runner import FrameRunner


class Lender:
    """Runs the network on other pictures, in an engine of its own, and lends what its layers make.

    Args:
        network: the one that is bent; its stages play no part.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        pictures: the second film's, from its beginning; when it has ended its last one stays.
        rate: of both films, frames a second.
        start: the time of the first of them, in seconds.
    """

    def __init__(
        self, network: Network, engine: str, pictures: Iterator[DeepPicture], rate: float = 25.0, start: float = 0.0
    ) -> None:
        self._engine, _ = open_engine(network, engine)
        self._runner = FrameRunner(self._engine)
        self._pictures = pictures
        self._rate, self._start = rate, start
        self._at = -1
        self._seen: DeepPicture | None = None

    def close(self) -> None:
        """Free what its engine holds."""
        self._engine.close()

    def lend(self, to: Engine, time: float) -> None:
        """Lend the stages of an engine the maps of the frame at this time; times rise from call to call."""
        wanted = max(0, round((time - self._start) * self._rate))
        takers = [stage for stage in to.stages if stage.bend.other == "picture"]
        if not takers:
            return
        before = self._seen
        while self._at < wanted:
            found = next(self._pictures, None)
            self._seen = self._seen if found is None else found
            self._at = wanted if found is None else self._at + 1
        if self._seen is None:
            return
        if self._seen is not before:
            self._runner.run(self._seen, time)
        for stage in takers:
            to.lend(stage.id, self._engine.activation(made(stage.layer)))
