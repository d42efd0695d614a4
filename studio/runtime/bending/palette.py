"""What each bend does to a network, as small pictures: made in a thread of its own, in a share of the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from studio.bends import registry
from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.io.resize import resized
from studio.model.bends.bend import Bend
from studio.model.bends.stage import Stage, made
from studio.model.declared.numbered import free_number
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.network import Network
from studio.model.networks.picture import DeepPicture, Picture, shallow
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.services.priority import step_back

SHARE = 0.2
"""Part of the time that it may take of one core."""

SIDE = 96
"""Pixels of the longer side of a picture."""

_WORK = 128
"""Pixels of the longer side at which the network works, where it takes any size."""


@dataclass(frozen=True)
class Asked:
    """What is to be shown.

    Attributes:
        network: as it is bent now.
        layer: behind which layer.
        stages: those that there are; what is shown stands behind them.
        film: some pictures in a row, for bends that remember; one at least.
        bypassed: the layers that are bypassed.
    """

    network: Network
    layer: str
    stages: tuple[Stage, ...]
    film: Sequence[DeepPicture]
    bypassed: frozenset[str] = frozenset()


class PaletteMaker:
    """Makes pictures until all are made or it is stopped.

    Args:
        asked: of what.
        took: called in its thread with the name of a bend and its picture, (H, W, 3) uint8 RGB.
        kinds: the bends, in the order in which they are wanted; None for all.
        share: part of the time that it may take.
    """

    def __init__(
        self,
        asked: Asked,
        took: Callable[[str, Picture], object],
        kinds: Iterable[type[Bend]] | None = None,
        share: float = SHARE,
    ) -> None:
        self._asked, self._took, self._kinds, self._share = asked, took, kinds, share
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="palette", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make no more; what is being made is finished."""
        self._stopped.set()

    def join(self, seconds: float) -> bool:
        """Wait for its end so long; whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        step_back()
        # The processor's time: while others have it, nothing is taken from them.
        begun = time.thread_time()
        for name, picture in pictures(self._asked, self._kinds):
            if self._stopped.is_set():
                return
            if picture is not None:
                self._took(name, picture)
            if self._stopped.wait((time.thread_time() - begun) * (1 / self._share - 1)):
                return
            begun = time.thread_time()


def pictures(asked: Asked, kinds: Iterable[type[Bend]] | None = None) -> Iterator[tuple[str, Picture | None]]:
    """Each bend with what it makes of the last picture of the film; None where it does not fit the layer."""
    engine, _ = open_engine(asked.network, "torch")
    try:
        engine.bypass(asked.bypassed)
        runner = FrameRunner(engine)
        film = [_sized(picture, engine) for picture in asked.film]
        lent = _lent(engine, runner, asked.layer, film[-1])
        for kind in kinds or registry().values():
            yield kind.__name__, _shown(engine, runner, asked, kind, film, lent)
    finally:
        engine.close()


def _lent(engine: Engine, runner: FrameRunner, layer: str, picture: DeepPicture) -> Array:
    """The layer's map of a second picture: the mirrored one."""
    runner.run(np.ascontiguousarray(picture[:, ::-1]))
    return engine.activation(made(layer))


def _shown(
    engine: Engine,
    runner: FrameRunner,
    asked: Asked,
    kind: type[Bend],
    film: list[DeepPicture],
    lent: Array,
) -> Picture | None:
    graph, layer = engine.graph, asked.layer
    before = [node.name for node in graph.nodes]
    earlier = before[: before.index(layer)]
    number = free_number(stage.id for stage in asked.stages)
    source = (earlier[-1] if earlier else graph.inputs[0].name) if kind.other == "layer" else None
    stages = tuple(stage for stage in asked.stages if stage.bend.other != "picture")
    try:
        bend = kind()
        engine.set_stages((*stages, Stage(number, layer, bend, source=source)))
        if kind.other == "picture":
            engine.lend(number, lent)
        engine.forget()
        whole = engine.moves
        for place, picture in enumerate(film if whole else film[-1:]):
            runner.tick = Tick(place, Fraction(place, 25))
            found = shallow(runner(picture))
    except BaseException:  # noqa: BLE001 - whatever a bend of a plug-in throws, the others are shown
        return None
    size = Size.of(found).within(SIDE)
    return np.asarray(cv2.resize(found, size.wh, interpolation=cv2.INTER_AREA), np.uint8)


def _sized(picture: DeepPicture, engine: Engine) -> DeepPicture:
    """A picture at the size at which the network works here."""
    return resized(picture, engine.graph.nearest(Size.of(picture).within(_WORK)))
