"""What matters: how far the picture moves when a channel of a layer is bent, measured on the running picture.

Channel by channel a stage of its own is put behind the layer, what follows the layer runs again, and the output is
compared: those first that are likely to matter most, since a wide layer takes its time. Nothing is compiled or made
for it but the stage, once; memories of bends stay where they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.bends.ablate import Ablate
from studio.bends.multiply import Multiply
from studio.engine.base import Engine
from studio.errors import Pending, StudioError
from studio.model.bends.stage import ChannelList, Guard, Stage
from studio.model.networks.shape import Array
from studio.runtime.bending.estimate import estimated

How = Literal["ablate", "scale"]
PLACES = 16
"""Places along each side of the picture for which the effect of a channel is kept."""

_NUMBER = -1
"""Of the stage that measures; stages of documents count from 1."""

_BENDS = {"ablate": Ablate(), "scale": Multiply(factor=2.0)}


class Impact:
    """Measures the channels of one layer, a few at a time.

    Args:
        engine: after a run; between two calls it makes what it made before.
        layer: whose channels.
        how: whether a channel is taken out, or doubled.

    Attributes:
        layer: the same.
        of: (channels,) float32: the root mean square of what the output changes by, in its own values; NaN for a
            channel that has not been measured.
        places: (channels, 16, 16) float32: the same for each part of the picture.
    """

    def __init__(self, engine: Engine, layer: str, how: How = "ablate") -> None:
        if how not in _BENDS:
            raise StudioError(f'"{how}" is no way to measure channels; there are {", ".join(_BENDS)}.')
        self.layer = engine.graph.node(layer).name
        self._engine = engine
        self._bend = _BENDS[how]
        count = engine.shape(layer).channels
        self.of: Array = np.full(count, np.nan, np.float32)
        self.places: Array = np.full((count, PLACES, PLACES), np.nan, np.float32)
        self._next = 0
        self._order: tuple[int, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether every channel has been measured."""
        return self._next >= len(self.of)

    def begin(self) -> None:
        """Measure all channels anew, of another picture; what was found stays until it is replaced."""
        self._next, self._order = 0, ()

    def measure(self, seconds: float = float("inf"), clock: Callable[[], float] = time.perf_counter) -> bool:
        """Measure further channels until this much time has passed, but at least one; whether all are done.

        What was to be run again before is run first, so that the picture that is compared is up to date. While the
        engine is unhurried, `Pending` where that would have to compile something: it is as it was then.
        """
        if self.is_done:
            return True
        until = clock() + seconds
        engine, stages = self._engine, self._others()
        engine.update()
        plain = engine.output()
        self._order = self._order or tuple(int(c) for c in np.argsort(-estimated(engine, self.layer), kind="stable"))
        is_late = False
        try:
            while not self.is_done:
                channel = self._order[self._next]
                engine.set_stages((*stages, self._stage(channel)))
                engine.update()
                self._take(channel, engine.output(), plain)
                self._next += 1
                if clock() >= until:
                    break
        except Pending:
            is_late = True
            raise
        finally:
            # A stage that bends no channel stays until the end: to take it out and put it back costs more.
            engine.set_stages(stages if self.is_done or is_late else (*stages, self._stage()))
            if not is_late:
                engine.update()
        return self.is_done

    def end(self) -> None:
        """Leave the engine with the stages of others alone, where not all channels have been measured."""
        self._engine.set_stages(self._others())

    def _others(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self._engine.stages if stage.id != _NUMBER)

    def _stage(self, *channels: int) -> Stage:
        chosen = ChannelList(channels=channels)
        return Stage(_NUMBER, self.layer, self._bend, chosen, guard=Guard(kind="none"))

    def strongest(self, count: int) -> tuple[int, ...]:
        """The channels that change the picture most, of those measured, the strongest first."""
        return ranked(self.of, count)

    def at(self, y: float, x: float, count: int) -> tuple[int, ...]:
        """The channels that change one place of the picture most.

        Args:
            y: the place from top, 0, to bottom, 1.
            x: from left to right.
            count: how many channels.
        """
        row, column = (min(PLACES - 1, max(0, int(part * PLACES))) for part in (y, x))
        return ranked(self.places[:, row, column], count)

    def _take(self, channel: int, bent: Array, plain: Array) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            squares = ((bent - plain).astype(np.float64) ** 2).mean(0)
        squares = np.nan_to_num(squares, nan=np.inf, posinf=np.inf)
        self.of[channel] = np.sqrt(squares.mean())
        self.places[channel] = np.sqrt(_in_places(squares))


def strongest_by_norm(activation: Array, count: int) -> tuple[int, ...]:
    """The channels of a map (C, H, W) with the largest root mean square, the strongest first."""
    return ranked(norms(activation), count)


def norms(activation: Array) -> Array:
    """(C,) float32, the root mean square of each channel of a map (C, H, W); what is not finite counts as zero."""
    finite = np.nan_to_num(activation, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64)
    return np.asarray(np.sqrt((finite * finite).mean((1, 2))), np.float32)


def ranked(strengths: Array, count: int) -> tuple[int, ...]:
    """Places of the largest numbers, or of all where there are fewer, the largest first and equal ones in their order.

    NaN has no place.

    Raises:
        StudioError: for less than one.
    """
    if count < 1:
        raise StudioError(f"Choose one of the strongest channels or more, not {count}.")
    order = np.argsort(-np.nan_to_num(strengths, nan=-np.inf), kind="stable")
    return tuple(int(c) for c in order[:count] if not np.isnan(strengths[c]))


def _in_places(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of the parts of a picture; parts of a picture of fewer pixels overlap."""
    rows, columns = (_parts(length) for length in values.shape)
    return np.array([[values[top:bottom, left:right].mean() for left, right in columns] for top, bottom in rows])


def _parts(length: int) -> list[tuple[int, int]]:
    return [(k * length // PLACES, max(k * length // PLACES + 1, (k + 1) * length // PLACES)) for k in range(PLACES)]
