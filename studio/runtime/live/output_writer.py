"""What leaves the running studio: recordings and single pictures. Lives in the render thread, and never waits there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from studio.engine.display import PictureMaker
from studio.model.networks.picture import Picture
from studio.runtime.live.contact_sheet import write_sheet
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.journal import Journal
from studio.runtime.live.orders import Order
from studio.runtime.live.recorder import LiveRecorder, RecordingStatus, RecordingTarget, still
from studio.runtime.live.report import Message, Part
from studio.runtime.services.failures import told


@dataclass(frozen=True)
class Record(Order):
    """Begin a recording.

    Attributes:
        target: where and how.
        name: the preset's, for the recording's name.
        shown: record the layer or the filters that are on the screen, rather than the output.
        fresh: begin with the next run of the network, rather than with the picture that stands.
    """

    target: RecordingTarget
    name: str
    shown: bool = False
    fresh: bool = False


@dataclass(frozen=True)
class StopRecording(Order):
    """End the recording."""


@dataclass(frozen=True)
class Still(Order):
    """Write the output as a PNG."""

    path: Path


@dataclass(frozen=True)
class ContactSheet(Order):
    """Write a PNG with the activations of all layers."""

    path: Path


@dataclass(frozen=True, eq=False)
class Snapshot(Order):
    """Call this with the output, (H, W, 3) uint8 RGB; it must return at once."""

    then: Callable[[Picture], None]


@dataclass(frozen=True)
class Recording(Part):
    """How the recording stands, or how the last one ended; None before the first."""

    status: RecordingStatus | None = None


@dataclass(frozen=True)
class Written(Part):
    """The newest picture that is whole on the disk; None before the first."""

    path: Path | None = None


class OutputWriter(Feature):
    """Takes the output, or what is shown, after each frame.

    Attributes:
        taken: when the recording last took a picture, in seconds of `time.monotonic`.

    Args:
        display: makes pictures of activations.
        journal: takes what there is to say.
    """

    def __init__(self, display: PictureMaker, journal: Journal) -> None:
        self._display = display
        self._journal = journal
        self._recorder: LiveRecorder | None = None
        self._shown = False
        self._ended = True
        # Whether the network has run since the recording last took a picture, and when that was.
        self._is_behind = True
        self.taken = 0.0
        self._written: SimpleQueue[tuple[Path, BaseException | None]] = SimpleQueue()
        self._wanted: list[Still | ContactSheet | Snapshot] = []
        self._frame: Frame | None = None
        self._newest: Path | None = None

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        want = self._wanted.append
        return {
            Record: self.begin,
            StopRecording: lambda _: self.end(),
            Still: want,
            ContactSheet: want,
            Snapshot: want,
        }

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        self._watch()
        yield Recording(self.status)
        yield Written(self._newest)

    def begin(self, order: Record) -> None:
        """Begin a recording of the output, or of what is shown.

        Raises:
            StudioError: where it cannot be begun.
        """
        self.end()
        self._recorder = LiveRecorder(order.target, order.name, clock=lambda: time.monotonic())
        self._shown, self._ended, self._is_behind = order.shown, False, not order.fresh

    def end(self, now: float | None = None) -> None:
        """End the recording, if there is one; its status says when it is whole.

        Args:
            now: when, in seconds of `time.monotonic`; None for this moment.
        """
        if self._recorder is not None:
            self._deliver()
            self._recorder.stop(now)

    @property
    def status(self) -> RecordingStatus | None:
        """How the recording stands, or how the last one ended; None before the first."""
        return self._recorder.status() if self._recorder is not None else None

    @property
    def period(self) -> float | None:
        """Seconds in which the recording takes a frame; None while there is none."""
        if self._recorder is None or self._ended:
            return None
        return float(1 / self._recorder.rate)

    def took(self, frame: Frame) -> None:
        """Hand the recording its picture."""
        self._frame = frame
        if self._recorder is None or self._ended:
            return
        self._deliver()
        now = time.monotonic()
        self._is_behind |= frame.is_new
        if self._is_behind and self._recorder.wants(now):
            self._is_behind, self.taken = False, now
            self._order(frame)
        else:
            self._recorder.tick(now)

    def rest(self, frame: Frame) -> None:
        """Make the single pictures that are wanted."""
        while self._wanted:
            wanted = self._wanted.pop(0)
            self._journal.once(_DOING[type(wanted)], partial(self._make, wanted, frame))

    def closing(self) -> None:
        """What is wanted is wanted of this engine; the recording goes on with the next one's picture."""
        frame, self._frame = self._frame, None
        if frame is not None:
            self._deliver()
            self.rest(frame)

    def blank(self) -> None:
        """See `Feature.blank`."""
        if self._wanted:
            asked = any(not isinstance(each, Snapshot) for each in self._wanted)
            self._wanted.clear()
            reason = self._journal.problem_of("picture") or self._journal.problem_of("engine")
            if not reason:
                self._journal.say(Message("There is no picture yet; choose a source first.", "warning"))
            elif asked:
                # Whatever else looks at pictures needs not say again what is said already.
                self._journal.say(Message(f"There is no picture to write. {reason}", "warning"))
        if self.period is not None and self._recorder is not None:
            # The picture before stands for as long as there is none.
            self._recorder.tick(time.monotonic())

    def _deliver(self) -> None:
        """Hand the recording the picture that was on its way."""
        picture = self._display.delivered()
        if picture is not None and self._recorder is not None:
            self._recorder.offer(picture, self.taken)

    def _output(self, frame: Frame) -> Picture:
        """(H, W, 3) uint8 RGB of the network's output."""
        name = frame.engine.graph.output
        return self._display.picture(frame.engine, name, frame.crops.get(name))

    def _order(self, frame: Frame) -> None:
        engine, view = frame.engine, frame.view
        if self._shown and view.kind == "layer" and view.name in engine.graph:
            self._display.order(engine, view.shows, None, "channels")
        elif self._shown and view.kind == "filters" and view.name in engine.graph.tensor_shapes:
            self._display.order(engine, view.name, None, "sheet")
        else:
            name = engine.graph.output
            self._display.order(engine, name, frame.crops.get(name))

    def _make(self, wanted: Still | ContactSheet | Snapshot, frame: Frame) -> None:
        if isinstance(wanted, Snapshot):
            wanted.then(self._output(frame))
        elif isinstance(wanted, Still):
            self._when_written(wanted.path, still(self._output(frame), wanted.path))
        else:
            self._when_written(wanted.path, write_sheet(frame.engine, self._display, wanted.path, frame.crops))

    def _when_written(self, path: Path, writing: Future[Path]) -> None:
        writing.add_done_callback(lambda done: self._written.put((path, done.exception())))

    def close(self) -> None:
        """Finish what is under way."""
        self.end()
        if self._recorder is not None:
            self._recorder.wait()

    def _watch(self) -> None:
        """Tell of what has been written meanwhile."""
        while not self._written.empty():
            path, error = self._written.get()
            self._newest = self._newest if error else path
            self._journal.say(told(error, f"Writing {path}") if error else Message(f"Wrote {path}"))
        status = self.status
        if status is not None and status.finished and not self._ended:
            self._ended = True
            dropped = f", {status.dropped} dropped" if status.dropped else ""
            done = Message(f"Recorded {status.path}: {status.frames} frames, {status.seconds:.1f} s{dropped}")
            self._journal.say(Message(status.error, "error", status.details) if status.error else done)


_DOING: dict[type[Order], str] = {
    Still: "The still",
    ContactSheet: "The sheet of layers",
    Snapshot: "The preset's picture",
}
