"""A film's frames on one device and on all of the machine: ``python -m benchmarks.shared [PAIRS [CASE ...]]``.

A case is an engine, a size and, for a preset that moves, a word: ``gl:1024`` or ``gl:1024:moving``. Pictures lie in
memory and frames go nowhere, so that neither decoding nor encoding is measured. With ``film`` the demo film is decoded,
again and again, and what comes of it encoded in H.264, both as by ``studio render``; these are then measured by
themselves as well, and one behind the other without a network, for no stream is faster. ``codec:1024`` measures these
alone. The network is the autoencoder; with ``painter`` a new painter of styles of twice the usual width, for which one
device takes longer than a codec. Each frame is what the first device alone makes, to a grey level.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import numpy as np

from benchmarks.networks import autoencoder_transposed
from studio import paths
from studio.cli.bending import parse_bend, with_stages
from studio.cli.filmed import pictures_of, reading_of
from studio.cli.moving import with_movement
from studio.engine.devices import devices_of, open_on
from studio.io.sinks import open_sink
from studio.io.sources import open_source
from studio.learn.networks import parse_new
from studio.model.declared.size import Size
from studio.model.movement.modulator import NOTHING
from studio.model.networks.picture import DeepPicture, Picture
from studio.model.networks.preset import Preset
from studio.runtime.render.coming import DeepComing, there
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.offline import Taker, render
from studio.runtime.render.shared import Lanes, render_shared

RATE = 25
PAIRS = 3
FRAMES = 6000
"""Of 512², in a film; of others as many as have so many pixels."""

CASES = (
    *("gl:512", "gl:1024", "torch:1024", "torch-tf32:1024", "gl:1024:moving", "torch:1024:moving"),
    *("gl:512:film", "gl:1024:film", "gl:512:film:painter", "torch:512:film:painter"),
)
PAINTER = "painter,width=64,seed=1"
BEND, MOVE = "enc2:Rotate,angle=10@random=0.5,seed=1", "/bend/1/angle=lfo,rate=0.5,depth=0.3"


class Kept:
    """Takes frames, keeps the first few, and hands them on where that is asked for."""

    def __init__(self, onward: Taker | None = None) -> None:
        self.kept: list[DeepPicture] = []
        self._onward = onward

    def write(self, picture: DeepPicture) -> None:
        """See `Taker.write`."""
        if len(self.kept) < 16:
            self.kept.append(picture.copy())
        if self._onward is not None:
            self._onward.write(picture)


class Alone:
    """The first device by itself."""

    def __init__(self, preset: Preset, engine: str, device: str) -> None:
        self._engine = open_on(preset.bent, engine, device)
        self._engine.time_every = math.inf
        self.feeder = FrameRunner(self._engine)
        self._mover = Mover(preset, self._engine, self.feeder)

    def run(self, pictures: Iterator[DeepPicture], count: int, sink: Taker) -> Timed:
        """Bend them into the sink."""
        numbers = iter(range(count))
        self._mover.begin()

        def bend(picture: DeepPicture) -> DeepComing:
            number = next(numbers)
            return self._mover.later(picture, number / RATE, number)

        return _timed(render(pictures, bend, sink), count)

    def close(self) -> None:
        """Let go of the device."""
        self._engine.close()


def main() -> None:
    """Time every case; exit with status 1 where frames differ."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    still = Preset("autoencoder", autoencoder_transposed()[1], {})
    painter = Preset("painter", parse_new(PAINTER).make(), {})
    moving = with_movement(with_stages(still, (parse_bend(BEND),)), (MOVE,), "")
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, autoencoder, transposed; moving: {BEND}, {MOVE}; painter: {PAINTER}")
    columns = "frames a second on one | on all | all / one (least to most) | s to begin and end on all | levels apart"
    print(f"| case | devices | {columns} |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    good = True
    for case in sys.argv[2:] or CASES:
        engine, size, *words = case.split(":")
        if engine == "codec":
            print(_limits(int(size)), flush=True)
            continue
        of_film = "film" in words
        preset = painter if "painter" in words else moving if "moving" in words else still
        apart = _measure(case, preset, engine, int(size), pairs, of_film=of_film)
        good &= apart <= 1
        if of_film:
            print(_limits(int(size)), flush=True)
    sys.exit(0 if good else 1)


def _measure(case: str, preset: Preset, engine: str, size: int, pairs: int, *, of_film: bool) -> int:
    """Print the case's row; the grey levels by which frames differ, at most."""
    names = devices_of(engine, "all")
    count = _count(size) // (3 if of_film else 1)
    made, taken = (_decoded, _encoded) if of_film else (_pictures, _nowhere)
    ratios, rates, around, apart = [], [], [], 0
    alone = Alone(preset, engine, names[0])
    for _ in range(pairs):
        with taken(size) as sink:
            one, first = alone.run(made(size, count), count, sink).rate, sink.kept
        lanes = Lanes(preset, engine, names, alone.feeder, lambda _: NOTHING)
        with taken(size) as sink:
            every, seconds = _timed(render_shared(made(size, count), lanes, lambda number: number / RATE, sink), count)
        assert len(first) == len(sink.kept) == 16
        apart = max(apart, *(int(np.abs(a.astype(int) - b).max()) for a, b in zip(first, sink.kept, strict=True)))
        ratios.append(every / one)
        rates.append((one, every))
        around.append(seconds)
    alone.close()
    one, every = np.median(rates, axis=0)
    low, middle, high = np.percentile(ratios, [0, 50, 100])
    ratio, extra = f"{middle:.2f} ({low:.2f} to {high:.2f})", f"{np.median(around):.1f}"
    cells = (case, str(len(names)), f"{one:.1f}", f"{every:.1f}", ratio, extra, str(apart))
    print(f"| {' | '.join(cells)} |", flush=True)
    return apart


def _limits(size: int) -> str:
    """What decoding and encoding take by themselves, and both without a network, in frames a second."""
    count = _count(size) // 3
    decoded = _timed((number for number, _ in enumerate(_decoded(size, count))), count).rate

    def encoded(sink: Kept) -> Iterator[int]:
        for number, picture in enumerate(few[k % len(few)] for k in range(count)):
            sink.write(picture)
            yield number

    few = list(_decoded(size, 50))
    with _encoded(size) as sink:
        rate = _timed(encoded(sink), count).rate
    with _encoded(size) as sink:
        both = _timed(render(_decoded(size, count), there, sink), count).rate
    rates = f"decoding {decoded:.1f} | encoding {rate:.1f} | both {both:.1f}"
    return f"| {size}², by themselves | | {rates} | | |"


def _count(size: int) -> int:
    return FRAMES * 512 * 512 // (size * size)


@contextmanager
def _nowhere(size: int) -> Iterator[Kept]:
    del size
    yield Kept()


@contextmanager
def _encoded(size: int) -> Iterator[Kept]:
    """A recording that is thrown away."""
    with (
        TemporaryDirectory() as folder,
        open_sink(
            Path(folder) / "made.mp4", codec="h264", size=Size(size, size), fps=Fraction(RATE), ahead=True
        ) as sink,
    ):
        yield Kept(sink)


def _decoded(size: int, count: int) -> Iterator[DeepPicture]:
    """The demo film, again and again, as ``studio render`` reads a long one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        _repeat(path, count)
        with open_source(str(path), reading=reading_of("knee", deinterlace=False, ahead=True)) as source:
            yield from pictures_of(source, Fraction(RATE), 0, count, Size(size, size))


def _repeat(path: Path, count: int) -> None:
    """Write a film of at least so many frames."""
    with av.open(str(paths.DEMO_CLIP)) as demo, av.open(str(path), "w") as made:
        stream = demo.streams.video[0]
        packets = [packet for packet in demo.demux(stream) if packet.size]
        own = made.add_stream_from_template(stream)
        times = [(packet.pts or 0, packet.dts or 0) for packet in packets]
        length = len(packets) * (packets[0].duration or 1)
        for lap in range(-(-count // len(packets))):
            for packet, (shown, decoded) in zip(packets, times, strict=True):
                again = av.Packet(bytes(packet))
                again.time_base, again.stream, again.is_keyframe = packet.time_base, own, packet.is_keyframe
                again.pts, again.dts, again.duration = shown + lap * length, decoded + lap * length, packet.duration
                made.mux(again)


def _pictures(size: int, count: int) -> Iterator[Picture]:
    rng = np.random.default_rng(0)
    few = [rng.integers(0, 256, (size, size, 3), np.uint8) for _ in range(8)]
    for number in range(count):
        yield few[number % len(few)]


class Timed(NamedTuple):
    """A render.

    Attributes:
        rate: frames a second, once the first third has warmed everything up, until the last is there.
        around: seconds before the first frame is there, and behind the last.
    """

    rate: float
    around: float


def _timed(counts: Iterator[int], count: int) -> Timed:
    warm = count // 3
    began = time.perf_counter()
    first = start = now = 0.0
    for number in counts:
        now = time.perf_counter()
        first = first or now
        if number == warm:
            start = now
    ended = time.perf_counter()
    return Timed((count - warm) / (now - start), first - began + ended - now)


if __name__ == "__main__":
    main()
