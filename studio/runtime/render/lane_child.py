"""The process of a lane: ``python -m studio.runtime.render.lane_child NAME SIZE``, a ring's memory. See `lane`."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import IO, Any

import numpy as np

from studio.ending import requests_to_end
from studio.engine.base import Engine
from studio.engine.devices import open_on
from studio.errors import StudioError
from studio.io.packed import unpacked
from studio.model.declared.size import Size
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.networks.latent import LatentPath
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.pipe import read, write
from studio.runtime.live.health import broken_from
from studio.runtime.render.coming import DeepComing
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.lane import Says, Told, place_of
from studio.runtime.render.mover import Mover
from studio.runtime.render.ring import Ring, shared_memory


class _Heard:
    """What was measured of the frame that is on, by whoever gives it."""

    def __init__(self) -> None:
        self.newest = NOTHING

    def __call__(self, time: float) -> Measurements:
        del time
        return self.newest


def main(name: str, size: int) -> None:
    """Bend until nothing more comes."""
    # Whoever has started it ends it, by telling it nothing more.
    for number in (signal.SIGINT, *requests_to_end()):
        signal.signal(number, signal.SIG_IGN)
    # Whatever else may print something does so to the errors.
    saying = os.dup(1)
    os.dup2(2, 1)
    with suppress(OSError), os.fdopen(saying, "wb") as told:
        try:
            _bend(name, size, sys.stdin.buffer, told)
        except StudioError as error:
            write(told, Says.REFUSED, str(error).encode())
        except BrokenPipeError:
            pass  # nobody asks any more
        except BaseException:  # noqa: BLE001 - raised again where frames are taken
            write(told, Says.DEFECT, traceback.format_exc().encode())


class _Bending:
    """The frames of a lane.

    Args:
        own: what the lane is.
        preset: what it bends by.
        ring: where pictures come and go.
        engine: with its network loaded.
        told: hears of every frame that is there.
    """

    def __init__(self, own: dict[str, Any], preset: Preset, ring: Ring, engine: Engine, told: IO[bytes]) -> None:
        self._own, self._ring, self._told = own, ring, told
        self._feeder = FrameRunner(engine, None, LatentPath(**own["path"]) if own["path"] else None)
        self._feeder.deep = own["deep"]
        self._heard = _Heard()
        self._mover = Mover(preset, engine, self._feeder, None, self._heard)
        self._mover.begin()
        self._coming: deque[Callable[[], None]] = deque()

    def run(self, asked: IO[bytes]) -> bool:
        """Bend what comes, each while the one before it is on its way; whether it ended with the last."""
        try:
            while (found := read(asked)) is not None and found[0] == Told.FRAMES:
                for frame in json.loads(found[1]):
                    self._begin(*frame)
        finally:
            # Also where the next one fails.
            for each in self._coming:
                each()
        return found is not None

    def _begin(self, frame: int, time: float, *measured: dict[str, float]) -> None:
        self._heard.newest = Measurements(*measured)
        if frame % self._own["count"] != self._own["number"]:
            self._mover.pass_by(time)
            return
        number = frame // self._own["count"]
        picture, place = self._ring.picture(place_of(number)), place_of(number, made=True)
        self._feeder.out = self._ring.room(place, self._feeder.size_for(Size.of(picture)).output).view(np.uint8)
        self._coming.append(partial(self._hand_over, place, self._mover.later(picture, time, frame)))
        if len(self._coming) > 1:
            self._coming.popleft()()

    def _hand_over(self, place: int, picture: DeepComing) -> None:
        self._ring.put(place, picture())
        write(self._told, Says.MADE, b"")


def _bend(name: str, size: int, asked: IO[bytes], told: IO[bytes]) -> None:
    first = read(asked)
    if first is None:
        return
    own: dict[str, Any] = json.loads(first[1])

    def tensor(shape: tuple[int, ...]) -> Array:
        found = read(asked)
        if found is None:
            raise BrokenPipeError
        return np.frombuffer(found[1], np.float32).reshape(shape).copy()

    preset = unpacked(own["preset"], tensor)
    memory = shared_memory(name, size)
    engine = open_on(preset.bent, own["engine"], own["device"])
    try:
        engine.reach(np.frombuffer(memory, np.uint8))
        engine.time_every = math.inf
        is_whole = _Bending(own, preset, Ring(memory, 2 * own["held"]), engine, told).run(asked)
        if is_whole and read(asked) is not None:
            write(told, Says.BROKEN, (broken_from(engine) or "").encode())
    finally:
        engine.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
