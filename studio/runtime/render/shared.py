"""A film's frames shared among devices: each bends every n-th, in a process of its own, and they come out in order.

::

    pictures ──┬── lane 0: frames 0, 2, 4 ... ──┬── recording
               └── lane 1: frames 1, 3, 5 ... ──┘

Lanes of one process would wait for each other: Python runs in one thread at a time. What a preset moves by is measured
once, here; how it moves is worked out in every lane for every frame, for that may remember the frames before. Only the
network runs in one of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, dataclass

from studio.control.measuring import PREFIX, PictureMeter
from studio.io.packed import packed
from studio.model.declared.size import Size
from studio.model.movement.modulator import Measurements
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.lane import Lane
from studio.runtime.render.mover import Listen, Mover, feeds_back, matrix_of
from studio.runtime.render.offline import HELD, Recorder, Taker, ahead

_AHEAD = 3
"""Frames of its own that wait in front of a lane."""

TimeOf = Callable[[int], float]


@dataclass(eq=False)
class Lanes:
    """What bends, in a process for each of several devices.

    Attributes:
        preset: what is bent, how, and what moves.
        engine: its name, not "auto".
        devices: of `studio.engine.devices.devices_of`.
        feeder: says, once the first picture comes, how vectors move, and whether pictures have 16 bits a value.
        listen: what else was measured until a time: of sound.
        broken: at the end, the layer from which on the last frame's values are not finite; empty where they are.
    """

    preset: Preset
    engine: str
    devices: tuple[str, ...]
    feeder: FrameRunner
    listen: Listen
    broken: str = ""

    def begin(self, picture: DeepPicture, running: list[Lane]) -> None:
        """Add a lane for each device, for pictures of the size of this one, to those that are running."""
        size = self.feeder.size_for(Size.of(picture))
        count = len(self.devices)
        # What is made of a picture is not copied: it lies in the lane's memory until it is recorded.
        held = _AHEAD + -(-(HELD + 1) // count)
        for number, device in enumerate(self.devices):
            running.append(Lane(device, number, count, held, (size.picture, size.output)))
        preset, tensors = packed(self.preset)
        path = None if self.feeder.path is None else asdict(self.feeder.path)
        document = {"preset": preset, "engine": self.engine, "path": path, "deep": self.feeder.deep}
        for lane in running:
            lane.begin(document, tensors)

    def measuring(self) -> Callable[[DeepPicture, float], Measurements]:
        """What measures all that the preset moves by, of one picture after the other."""
        meter = PictureMeter()
        if not any(name.startswith(PREFIX) for name in matrix_of(self.preset).signals):
            return lambda _, time: self.listen(time)
        return lambda picture, time: self.listen(time) | Measurements(meter.measure(picture))


def render_shared(
    pictures: Iterable[DeepPicture], lanes: Lanes, time_of: TimeOf, sink: Taker
) -> Generator[int, None, None]:
    """Bend every picture into the sink, each on one of several devices; as `offline.render`.

    Args:
        pictures: what is bent, of one size.
        lanes: what bends.
        time_of: the time of a frame in seconds.
        sink: takes them, in order.

    Yields:
        How many pictures have been handed to the recording, after each.
    """
    recorder = Recorder(sink)
    decoded = ahead(pictures)
    measure = lanes.measuring()
    running: list[Lane] = []
    given = taken = 0
    try:
        for picture in decoded:
            if not running:
                lanes.begin(picture, running)
            time = time_of(given)
            told = _told(given, time, measure(picture, time))
            for lane in running:
                lane.give(given, picture, told)
            given += 1
            if given - taken > _AHEAD * len(running):
                recorder.write(running[taken % len(running)].take(taken))
                taken += 1
                yield taken
        for lane in running:
            lane.last()
        while taken < given:
            recorder.write(running[taken % len(running)].take(taken))
            taken += 1
            yield taken
        if taken:
            lanes.broken = running[(taken - 1) % len(running)].broken()
    finally:
        decoded.close()
        for lane in running:
            lane.close()
        try:
            recorder.finish()
        finally:
            for lane in running:
                lane.join()


def _told(frame: int, time: float, measured: Measurements) -> str:
    """What every lane is told of a frame."""
    signals = ({name: float(value) for name, value in each.items()} for each in vars(measured).values())
    return json.dumps([frame, time, *signals])


def why_alone(mover: Mover, *, tiled: bool, layer: bool, second: bool, played: bool, fades: bool) -> str:
    """Why frames cannot be shared, in words that complete "because ..."; empty where they can."""
    reasons = {
        "each frame of a bend with memory needs the one before it": mover.remembers,
        "what is fed back is the frame before": feeds_back(mover.shown),
        "what moves by a layer's map needs the frame before it": mover.looks_at_layers,
        "a layer's tiles share one scale": layer,
        "a second film's maps are made on one": second,
        "a performance is played in order": played,
        "a fade changes the weights in order": fades,
        "tiles and what is enlarged are made one after the other": tiled,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
