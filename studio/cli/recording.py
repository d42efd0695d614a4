"""A recording made by ``studio render``: pictures go in, and it is finished however that ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from studio.cli.common import Exit, human_count, note
from studio.cli.progress import show_progress
from studio.cli.streams import say
from studio.ending import await_ends, requests_to_end
from studio.errors import StudioError
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from studio.io.sinks import Sink
    from studio.model.networks.picture import DeepPicture
    from studio.runtime.render.coming import DeepComing
    from studio.runtime.render.enlarge import Restored
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Mover
    from studio.runtime.render.scenes import Scenes
    from studio.runtime.render.shared import Lanes
    from studio.runtime.render.turns import Turn


@dataclass(frozen=True)
class RecordingSettings:
    """Attributes:
    output: the recording.
    codec: its codec.
    rate: frames a second.
    sound: what its sound is taken from; None for none.
    frames: of the film, from one up to but not another.
    overwrite: whether it may take the place of what is there.
    bits: of a value; None for the codec's own.
    """

    output: Path
    codec: str
    rate: Fraction
    sound: Path | None
    frames: tuple[int, int | None]
    overwrite: bool
    bits: int | None


def record_frames(
    pictures: Iterator[DeepPicture],
    mover: Mover,
    feeder: FrameRunner,
    settings: RecordingSettings,
    total: int | None,
    lanes: Lanes | None = None,
) -> None:
    """Record a frame for every picture, on several devices where there are lanes; see `_record`."""
    from studio.runtime.live.health import broken_from

    (first, end), rate = settings.frames, settings.rate
    heard = float(first / rate), float(end / rate) if end is not None else None

    def time_of(number: int) -> float:
        return float((first + number) / rate)

    score = _Score(
        lambda picture, number: mover.later(picture, time_of(number), number), heard, total, None, lanes, time_of
    )
    _record(pictures, score, mover, feeder, settings)
    # It was recorded, and may be black.
    if broken := broken_from(feeder.engine) if lanes is None else lanes.broken:
        note(
            f'The last picture has values that are not finite, from the layer "{broken}" on; weaken what bends it, or '
            "hold its bends by guard=finite."
        )


def record_turns(
    pictures: Iterator[DeepPicture],
    turns: Sequence[Turn],
    mover: Mover | Scenes | Restored,
    feeder: FrameRunner,
    settings: RecordingSettings,
) -> None:
    """Record what a performance shows of its runs; see `_record`."""
    from studio.runtime.render.coming import there
    from studio.runtime.render.turns import sound_of

    shown = [turn.shown for turn in turns]
    straight = sound_of(turns)
    if straight is None:
        settings = replace(settings, sound=None)
    began = straight[0] if straight is not None else 0.0
    heard = began, began + float(sum(shown) / settings.rate)
    score = _Score(lambda picture, number: there(mover.replayed(picture, turns[number])), heard, sum(shown), shown)
    _record(pictures, score, mover, feeder, settings)


@dataclass(frozen=True)
class _Score:
    """How pictures begin to be bent, by their numbers, and are shown; and what of the sound belongs to them."""

    bend: Callable[[DeepPicture, int], DeepComing]
    heard: tuple[float, float | None]
    total: int | None
    shown: Sequence[int] | None = None
    lanes: Lanes | None = None
    time_of: Callable[[int], float] = float

    def run(
        self, pictures: Iterator[DeepPicture], bend: Callable[[DeepPicture], DeepComing], sink: Sink
    ) -> Generator[int, None, None]:
        """Bend all pictures into a sink, here or on several devices."""
        from studio.runtime.render.offline import render
        from studio.runtime.render.shared import render_shared

        if self.lanes is not None:
            return render_shared(pictures, self.lanes, self.time_of, sink)
        return render(pictures, bend, sink, self.shown)


def _record(
    pictures: Iterator[DeepPicture],
    score: _Score,
    mover: Mover | Scenes | Restored,
    feeder: FrameRunner,
    settings: RecordingSettings,
) -> None:
    """Record pictures.

    Raises:
        StudioError: where there is no picture, or it cannot be recorded.
        typer.Exit: where it was interrupted; what was recorded is kept.
    """
    from studio.io.sinks import open_sink

    # The first picture tells the size of the recording: a layer's tiles are of another than the source.
    first = next(pictures, None)
    if first is None:
        raise StudioError(f"The source has no frame {settings.frames[0]}; choose an earlier one with --frames.")
    # What has more bits than the recording is dithered down to it.
    feeder.deep = feeder.deep or first.itemsize > 1
    rate = settings.rate
    size = Size.of(score.bend(first, 0)())
    mover.begin()
    numbers = count()
    interrupted = False

    def begun(picture: DeepPicture) -> DeepComing:
        return score.bend(picture, next(numbers))

    def all_pictures() -> Iterator[DeepPicture]:
        yield first
        yield from pictures

    with open_sink(
        settings.output,
        codec=settings.codec,
        size=size,
        fps=rate,
        audio=settings.sound,
        audio_range=score.heard,
        overwrite=settings.overwrite,
        bits=settings.bits,
        ahead=True,
    ) as sink:
        try:
            # Closing ends the decoder's and the encoder's threads, also when the person interrupts.
            with ended_kindly(), closing(score.run(all_pictures(), begun, sink)) as counts:
                show_progress(counts, score.total)
        except KeyboardInterrupt:
            interrupted = True
            if not sink.frames:
                raise  # nothing to keep: the sink removes its part file
            sink.keep()
    _report(sink, rate)
    if interrupted:
        older = "" if sink.kept == sink.path else f" {sink.path} is the older one, as it was."
        note(f"Interrupted: the recording ends here.{older}")
        raise typer.Exit(Exit.INTERRUPTED)


@contextmanager
def ended_kindly() -> Iterator[None]:
    """Let a request to end, from a shell that logs out or a machine that shuts down, be what Ctrl+C is."""
    # Who starts a program with nohup wants it to go on.
    found = {number: signal.getsignal(number) for number in requests_to_end()}
    before = {number: handler for number, handler in found.items() if handler == signal.SIG_DFL}
    if threading.current_thread() is not threading.main_thread():
        before = {}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    await_ends()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(sink: Sink, rate: Fraction) -> None:
    if sink.warning:
        note(sink.warning)
    frames = "1 frame" if sink.frames == 1 else f"{sink.frames} frames"
    say(f"{sink.kept or sink.path}: {frames}, {float(sink.frames / rate):.2f} s, {human_count(sink.bytes_written)}B")
