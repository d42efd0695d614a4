"""The process of a lane: ``python -m studio.runtime.render.lane_child NAME SIZE``, a ring's memory. See `lane`."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import IO, Any

import numpy as np

from studio.ending import requests_to_end
from studio.engine.devices import open_on
from studio.errors import StudioError
from studio.io.packed import unpacked
from studio.model.latent import LatentPath
from studio.model.modulator import NOTHING, Measurements
from studio.model.op import Array
from studio.model.size import Size
from studio.pipe import read, write
from studio.runtime.live.health import broken_from
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
    ring = Ring(shared_memory(name, size), 2 * own["held"])
    engine = open_on(preset.bent, own["engine"], own["device"])
    try:
        engine.time_every = math.inf
        feeder = FrameRunner(engine, None, LatentPath(**own["path"]) if own["path"] else None)
        feeder.deep = own["deep"]
        heard = _Heard()
        mover = Mover(preset, engine, feeder, None, heard)
        mover.begin()
        while (found := read(asked)) is not None and found[0] == Told.FRAMES:
            for frame, time, *measured in json.loads(found[1]):
                heard.newest = Measurements(*measured)
                if frame % own["count"] != own["number"]:
                    mover.pass_by(time)
                    continue
                number = frame // own["count"]
                picture, place = ring.picture(place_of(number)), place_of(number, made=True)
                feeder.out = ring.room(place, feeder.size_for(Size.of(picture)).output).view(np.uint8)
                ring.put(place, mover(picture, time, frame))
                write(told, Says.MADE, b"")
        if found is not None:
            write(told, Says.BROKEN, (broken_from(engine) or "").encode())
    finally:
        engine.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
