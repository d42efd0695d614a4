"""A fade between two networks: both run, each as its preset says, and their pictures are mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.control.crossing import FADE
from studio.control.matrix import Matrix
from studio.control.measuring import PREFIX, PictureMeter
from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.movement.modulator import Measurements
from studio.model.movement.route import Routes
from studio.model.movement.tempo import TEMPO
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Bend, Mover


class TwoNetworks:
    """Makes the mixed picture at a time; what `Mover` bends by in the place of the first network alone.

    The same pictures at the same times give the same pictures. Where time goes back, the other network begins anew.

    Args:
        first: makes the picture of the network that is faded from.
        feeder: that of the first network; the other's pictures are as deep.
        other: moves and runs the network that is faded to.
        other_feeder: that of the other one.
        preset: that is faded from; by its tempo the fade moves.
        routes: what moves ``/fade``.
        listen: what is heard until a time.
    """

    def __init__(
        self,
        first: Bend,
        feeder: FrameRunner,
        other: Mover,
        other_feeder: FrameRunner,
        preset: Preset,
        routes: Routes,
        listen: Callable[[float], Measurements],
    ) -> None:
        self._first, self._feeder = first, feeder
        self._other, self._other_feeder, self._listen = other, other_feeder, listen
        self._matrix = Matrix([(FADE, FADE.default)], routes, tempo=preset.section(TEMPO))
        self._meter = PictureMeter()
        self._time, self._frame = float("inf"), 0

    def __call__(self, picture: DeepPicture, time: float) -> DeepPicture:
        """(H, W, 3) RGB of the size that the first network makes.

        Args:
            picture: (H, W, 3) of 8 or 16 bits.
            time: in seconds.
        """
        if time <= self._time:
            self._other.begin()
            self._matrix.reset()
            self._meter.reset()
            self._frame = 0
        self._time = time
        part = self._matrix.values(time, self._measured(picture, time)).get(FADE.address, FADE.default)
        bent = self._first(picture, time)
        self._other_feeder.deep = self._feeder.deep
        # It runs where nothing of it is seen as well, so that its bends with memory are where they would be.
        other = self._other(picture, time, self._frame)
        self._frame += 1
        if part <= 0.0:
            return bent
        fitted = other if other.shape == bent.shape else resized(other, Size.of(bent))
        if part >= 1.0:
            return np.ascontiguousarray(fitted)
        mixed = (1.0 - part) * bent.astype(np.float32) + part * fitted.astype(np.float32)
        return np.rint(mixed).astype(bent.dtype)

    def _measured(self, picture: DeepPicture, time: float) -> Measurements:
        heard = self._listen(time)
        if not any(name.startswith(PREFIX) for name in self._matrix.signals):
            return heard
        return Measurements({**heard.values, **self._meter.measure(picture)}, heard.began, heard.ended)
