"""What moves by itself: the cost of many routes, how late sound arrives, how far an LFO is off its ideal.

``python -m benchmarks.instrument``; time of the processor in one thread, so that other work counts for little.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from studio.bends import registry as bends
from studio.build import Conv2D, Input, build
from studio.control import microphone
from studio.control.matrix import Matrix
from studio.control.move import move
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.movement.modulator import Measurements, Moment
from studio.model.movement.route import ROUTES, Routes
from studio.model.networks.preset import Preset
from studio.modulators import make_modulator
from studio.runtime.render.mover import matrix_of

ROUTES_AT_ONCE = 200
FRAMES = 400
RATE = 48_000
BLOCK = 256
"""Samples that a sound card hands over at once, where a low latency is asked for."""

SOURCES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lfo", {"shape": "sine", "rate": 0.7}),
    ("lfo", {"shape": "smooth random", "beats": 2.0, "jitter": 0.3, "lag": 0.2}),
    ("envelope", {"trigger": "sound/onset", "attack": 0.05}),
    ("keyframes", {"in_beats": True, "repeats": True}),
    ("stepsequence", {"glide": 0.2}),
    ("drift", {"seconds": 4.0}),
    ("sound", {"band": "low", "attack_release": (0.01, 0.3)}),
    ("osc", {"one_euro": (1.0, 0.5)}),
)
"""A little of everything, with curves."""

HEARD = Measurements({"sound/low": 0.6, "osc/fader": 0.4}, {"sound/onset": 0.1})


def mixed(count: int) -> Matrix:
    """So many routes, each to a number of its own."""
    picture = Input(3)
    preset = Preset("many", build(Conv2D(picture, 3, kernel=1)).network, {})
    bend, routes = bends()["Multiply"](), ()
    layer = preset.network.graph.nodes[0].name
    preset = preset.with_section(STAGES, tuple(Stage(number, layer, bend) for number in range(1, count + 1)))
    found: Routes = routes
    for number, (source, settings) in zip(range(1, count + 1), itertools.cycle(SOURCES)):
        found, _ = move(found, f"/bend/{number}/amount", source, depth=0.5, **settings)
    return matrix_of(preset.with_section(ROUTES, found))


def cost(matrix: Matrix) -> float:
    """Milliseconds of the processor for all that moves in a frame; the median."""
    taken = []
    for frame in range(FRAMES):
        began = time.thread_time_ns()
        matrix.values(frame / 60, HEARD)
        taken.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(taken)


class Stream:
    """Stands for a microphone: hands over blocks when it is told to."""

    active, samplerate = True, float(RATE)

    def __init__(self, callback: Callable[..., object], **_: object) -> None:
        self.callback = callback

    def start(self) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to close."""


class Library:
    """Stands for sounddevice."""

    PortAudioError = OSError

    def __init__(self) -> None:
        self.stream: Stream | None = None

    def InputStream(self, callback: Callable[..., object], **_: object) -> Stream:  # noqa: N802 - the library's name
        """The stream."""
        self.stream = Stream(callback)
        return self.stream


def sound_delays(bursts: int = 40) -> Iterator[tuple[float, float]]:
    """From the first sample of a burst to the level and to the onset that routes see, in milliseconds of sound.

    A render thread looks after every block; what its work takes is added.
    """
    library, original = Library(), microphone._library
    microphone._library = lambda: library
    try:
        heard = microphone.Microphone()
    finally:
        microphone._library = original
    assert library.stream is not None
    tone = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 10) / RATE)).astype(np.float32)
    random = np.random.default_rng(0)
    at = 0
    for _ in range(bursts):
        sound = np.zeros(RATE // 2, np.float32)
        start = int(random.integers(RATE // 5, RATE // 4))
        sound[start : start + len(tone)] = tone
        seen: dict[str, float] = {}
        before = heard.listen(at / RATE).began.get("sound/onset", -1.0)
        for first in range(0, len(sound), BLOCK):
            block = sound[first : first + BLOCK]
            library.stream.callback(block[:, None], len(block), None, None)
            at += len(block)
            began = time.thread_time()
            measured = heard.listen(at / RATE)
            late = 1000 * ((first + len(block) - start) / RATE + time.thread_time() - began)
            if first + len(block) > start:
                if measured.values["sound/level"] > 0.5:
                    seen.setdefault("level", late)
                if measured.began.get("sound/onset", -1.0) > before:
                    seen.setdefault("onset", late)
        yield seen["level"], seen["onset"]
    heard.close()


def jitter(seconds: int = 600) -> float:
    """Largest error of phase of a sine against its ideal at 60 fps, in milliseconds."""
    lfo, worst = make_modulator("lfo", {"shape": "sine", "rate": 1.0}), 0.0
    for frame in range(60 * seconds):
        at = Fraction(frame, 60)
        value = lfo.value(Moment(float(at), 2 * float(at), 1 / 60, 2.0), Measurements())
        ideal = 2 * math.pi * float(at % 1)
        # The angle between where it is and where it should be, by its sine and the ideal's slope.
        worst = max(worst, abs(value - math.sin(ideal)) / (2 * math.pi) * 1000)
    return worst


def main() -> None:
    """Measure and print."""
    one, many = cost(mixed(1)), cost(mixed(ROUTES_AT_ONCE))
    print(f"{ROUTES_AT_ONCE} routes: {many:.3f} ms a frame (one: {one:.4f} ms); aim 1 ms")
    levels, onsets = zip(*sound_delays(), strict=True)
    for what, found in (("level", levels), ("onset", onsets)):
        print(f"microphone to {what}: {statistics.median(found):.1f} ms, {max(found):.1f} at most; aim 50 ms")
    print(f"LFO against its ideal over ten minutes at 60 fps: {jitter():.2e} ms of phase; aim 1 ms")


if __name__ == "__main__":
    main()
