"""What leaves the running studio: recordings and single pictures. Lives in the render thread, and never waits there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue

from studio.engine.base import Engine
from studio.engine.gl.screen import Screen
from studio.model.graph import Size
from studio.model.picture import Picture
from studio.model.view import View
from studio.runtime.live.contact_sheet import write_sheet
from studio.runtime.live.recorder import LiveRecorder, RecordingPlan, RecordingStatus, still

Say = Callable[[str, bool], None]


class OutputWriter:
    """Takes the output, or what is shown, after each frame.

    Args:
        screen: makes pictures of activations.
        say: takes a sentence for the person, and whether it tells of a failure.
    """

    def __init__(self, screen: Screen, say: Say) -> None:
        self._screen = screen
        self._say = say
        self._recorder: LiveRecorder | None = None
        self._shown = False
        self._ended = True
        # Whether the network has run since the recording last took a picture, and when that was.
        self._is_behind = True
        self._taken = 0.0
        self._written: SimpleQueue[tuple[Path, BaseException | None]] = SimpleQueue()

    def begin(self, plan: RecordingPlan, name: str, shown: bool) -> None:
        """Begin a recording of the output, or of what is shown; StudioError where it cannot be begun."""
        self.end()
        self._recorder, self._shown, self._ended, self._is_behind = LiveRecorder(plan, name), shown, False, True

    def end(self) -> None:
        """End the recording, if there is one; its status says when it is whole."""
        if self._recorder is not None:
            self._deliver()
            self._recorder.stop()

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

    def frame(self, engine: Engine, view: View, crops: Mapping[str, Size], *, is_new: bool) -> None:
        """Hand the recording its picture.

        Args:
            engine: after a run.
            view: what is on the screen.
            crops: what belongs to the picture of the maps that have a border.
            is_new: whether the network has run since the last time.
        """
        self._watch()
        if self._recorder is None or self._ended:
            return
        self._deliver()
        now = time.monotonic()
        self._is_behind |= is_new
        if self._is_behind and self._recorder.wants(now):
            self._is_behind, self._taken = False, now
            self._order(engine, view, crops)
        else:
            self._recorder.tick(now)

    def _deliver(self) -> None:
        """Hand the recording the picture that was on its way."""
        picture = self._screen.delivered()
        if picture is not None and self._recorder is not None:
            self._recorder.offer(picture, self._taken)

    def output(self, engine: Engine, crops: Mapping[str, Size]) -> Picture:
        """(H, W, 3) uint8 RGB of the network's output."""
        name = engine.graph.output
        return self._screen.picture(engine, name, crops.get(name))

    def _order(self, engine: Engine, view: View, crops: Mapping[str, Size]) -> None:
        if self._shown and view.kind == "layer" and view.name in engine.graph:
            self._screen.order(engine, view.name, None, "tiles")
        elif self._shown and view.kind == "filters" and view.name in engine.graph.tensor_shapes:
            self._screen.order(engine, view.name, None, "sheet")
        else:
            name = engine.graph.output
            self._screen.order(engine, name, crops.get(name))

    def still(self, engine: Engine, crops: Mapping[str, Size], path: Path) -> None:
        """Write the output as a PNG."""
        self._when_written(path, still(self.output(engine, crops), path))

    def sheet(self, engine: Engine, crops: Mapping[str, Size], path: Path) -> None:
        """Write a PNG of all layers."""
        self._when_written(path, write_sheet(engine, self._screen, path, crops))

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
            self._say(str(error) if error else f"Wrote {path}", error is not None)
        status = self.status
        if status is not None and status.finished and not self._ended:
            self._ended = True
            dropped = f", {status.dropped} dropped" if status.dropped else ""
            done = f"Recorded {status.path}: {status.frames} frames, {status.seconds:.1f} s{dropped}"
            self._say(status.error or done, bool(status.error))
