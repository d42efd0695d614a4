"""A performance written down where it takes place: in the render thread, order by order and run by run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from studio.control.differences import differences, opening
from studio.control.mixtures import FadeNotes, overlaid
from studio.engine.base import Engine
from studio.model.declared.tick import Tick
from studio.model.filters.edit import Patch
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.performances.performance import Ended, Event, Ran, Recorded, Signalled, Take
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.journal import Journal
from studio.runtime.live.movement import Move, Movement
from studio.runtime.live.orders import Bypass, LayerOrder, Mix, Open, Order, Replace
from studio.runtime.live.output_writer import OutputWriter, Record
from studio.runtime.live.picture_fade import PictureFade
from studio.runtime.live.pictures import Run
from studio.runtime.live.report import Message, Part
from studio.runtime.live.script import Script
from studio.runtime.render.frame_runner import FrameRunner


@dataclass(frozen=True, eq=False)
class BeginTake(LayerOrder):
    """Write down from the next run on what is done; bends with memory begin again, so that it can be played again.

    Attributes:
        path: of the file, at which nothing is yet.
        preset: as all orders before have made it.
        source: what plays, as the command line names it.
        size: at which the network works, as the command line gives it.
        record: a recording that begins with it.
    """

    path: Path
    preset: Preset
    source: str = ""
    size: str = ""
    record: Record | None = None


@dataclass(frozen=True)
class EndTake(Order):
    """It is over, and the recording that began with it.

    Attributes:
        at: when, in seconds of `time.monotonic`.
    """

    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Performing(Part):
    """The performance that is written.

    Attributes:
        path: its file; None while there is none, and before the first.
        seconds: how long it is.
        finished: the file that was finished last.
        since: when its first run was, a time of `time.monotonic`; None before it, and while there is none.
        failed: the order that came to nothing last: it could not be begun, was over before the first run, or what it
            wrote was lost.
    """

    path: Path | None = None
    seconds: float = 0.0
    finished: Path | None = None
    since: float | None = None
    failed: BeginTake | None = None


class Taking(Feature):
    """Writes down the orders that reach the network, what is measured, and when it runs; the disk is met elsewhere.

    Args:
        writer: makes the recording that begins at the same time.
        movement: hears what routes go by; None where nothing moves.
        journal: takes what there is to say.
        fade: knows how the picture of another network fades in; None where it is there at once.
    """

    def __init__(
        self, writer: OutputWriter, movement: Movement | None, journal: Journal, fade: PictureFade | None = None
    ) -> None:
        self._writer, self._movement, self._journal, self._fade = writer, movement, journal, fade
        self._opened: Preset | None = None  # of another network, which has not run yet
        self._first = 0  # the number of the first frame of the network that runs
        self._engine: Engine | None = None
        self._place = 0  # among what waits, where that begins which is of it
        self._order: BeginTake | None = None
        self._script: Script | None = None
        self._began: Run | None = None
        self._waiting: list[Callable[[float, float], Iterable[Event]]] = []
        self._sections: Preset | None = None
        self._notes = FadeNotes()
        self._clock = 0.0  # of the network that runs, as the performance began
        self._measured = NOTHING
        self._taken = 0.0
        self._now = 0.0
        self._finished: Path | None = None
        self._failed: BeginTake | None = None

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {
            BeginTake: self.begin,
            Open: self._open,
            EndTake: lambda order: self.end(order.at),
            Replace: self._replaced,
            Mix: self._mixed,
            Move: self._moved,
            Bypass: self._bypassed,
        }

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del graph
        self._engine = engine

    def closing(self) -> None:
        """See `Feature.closing`."""
        self._engine = None

    def close(self) -> None:
        """See `Feature.close`."""
        self.end(time.monotonic())
        if self._script is not None:
            self._script.wait()

    def begin(self, order: BeginTake) -> None:
        """Begin with the next run.

        Raises:
            StudioError: where the recording cannot be begun; nothing is written then.
        """
        self.end(time.monotonic())
        if order.record is not None:
            self._failed = order  # unless it begins
            self._writer.begin(replace(order.record, fresh=True))
            self._failed = None
        self._order, self._began, self._waiting, self._opened = order, None, [], None
        self._sections, self._measured, self._now = order.preset, NOTHING, 0.0
        self._notes = FadeNotes()

    def end(self, at: float) -> None:
        """End it, and the recording that began with it, at a time of `time.monotonic`."""
        order, self._order = self._order, None
        if order is None:
            return
        if self._began is None:
            self._failed = order
        if order.record is not None:
            self._writer.end(at)
        if self._script is not None and self._began is not None:
            self._took_picture()
            end = max(self._now, at - self._began.at / 1e9)
            # What no run has shown any more was done all the same.
            for each in self._waiting:
                self._script.write(partial(each, end, self._clock + end))
            self._script.write(Ended(end))
            self._script.end()

    def _open(self, order: Open) -> None:
        """Another network is opened: what follows is of it."""
        preset = order.preset
        if self._order is None or preset is None:
            return
        if self._began is None:
            # Nothing has run yet that it could follow.
            self.end(time.monotonic())
            self._journal.say(Message("The performance ends here: another network was opened.", "warning"))
            return
        self._sections, self._notes, self._measured = preset, FadeNotes(), NOTHING
        if self._opened is not None:
            # It was replaced before it ran.
            del self._waiting[self._place :]
        self._opened, self._place = preset, len(self._waiting)

    def _enter(self, run: Run, now: float) -> None:
        """The first run of another network."""
        preset, script, fade = self._opened, self._script, self._fade
        assert preset is not None, "it was opened"
        assert script is not None, "what is opened before there is a file ends it"
        under_way = fade.under_way if fade is not None else None
        how = (0.0, "linear") if under_way is None else (under_way.seconds, str(under_way.easing))
        both = fade is not None and fade.runs_both
        # A network that lies in no folder is saved by the thread that writes.
        self._waiting.insert(
            self._place, lambda now, _: opening(now, preset, script.folder_of(preset), *how, both=both)
        )
        # It counts its frames and its time anew.
        self._opened, self._first, self._clock = None, 0, float(run.tick.time) - now

    # -- what happens between two runs ------------------------------------------------------------------------------

    def _replaced(self, order: Replace) -> None:
        if self._order is not None:
            notes, patch = self._notes, Patch(order.rect, order.values)
            self._waiting.append(lambda now, _: notes.stroke(now, order.tensor, patch))

    def _mixed(self, order: Mix) -> None:
        if self._order is not None and self._sections is not None:
            step, notes = order.step, self._notes
            passage, shares, mixed = step.passage, step.shares, step.mixed
            self._sections = overlaid(self._sections, mixed, by_hand=passage.by_hand)
            self._waiting.append(lambda now, clock: notes.fade(now, clock, passage, shares, mixed))

    def _moved(self, order: Move) -> None:
        if self._order is not None and self._sections is not None:
            before = self._sections
            self._sections = order.preset.with_section(BYPASSED, before.bypassed)
            self._differ(before, self._sections)

    def _bypassed(self, order: Bypass) -> None:
        if self._order is not None and self._sections is not None:
            before = self._sections
            self._sections = before.with_section(BYPASSED, order.layers)
            self._differ(before, self._sections)

    def _differ(self, before: Preset, after: Preset) -> None:
        names = [key.name for key in {*before.sections, *after.sections}]
        # Worked out in the thread that writes.
        self._waiting.append(lambda now, _: differences(before, after, now, sorted(names)))

    @property
    def alone(self) -> bool:
        """See `Feature.alone`."""
        return self._order is not None

    # -- runs -------------------------------------------------------------------------------------------------------

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """See `Feature.before`: the first run begins from a known state."""
        del tick, picture
        if self._order is not None and self._began is None and self._engine is not None:
            runner.forget()
            if self._movement is not None:
                self._movement.restart()

    def took(self, frame: Frame) -> None:
        """See `Feature.took`."""
        if self._order is None:
            return
        if frame.is_new and frame.run is not None and (self._began is not None or not frame.run.is_again):
            self._ran(frame.run)
        self._took_picture()

    def _ran(self, run: Run) -> None:
        if self._began is None:
            self._begin_file(run)
        assert self._began is not None, "the first run begins it"
        if self._script is None:
            return
        now = max(self._now, (run.at - self._began.at) / 1e9)
        if self._opened is not None:
            self._enter(run, now)
        for each in self._waiting:
            self._script.write(partial(each, now, self._clock + now))
        self._waiting.clear()
        if self._movement is not None and not run.is_again:
            self._listen(self._movement.measured, now, float(run.tick.time))
        number = run.tick.frame - self._first
        self._script.write(Ran(now, number, run.position, run.laps, run.is_cut and now > 0.0, run.is_again))
        self._now = now

    def _listen(self, measured: Measurements, now: float, clock: float) -> None:
        if self._script is None or measured is self._measured:
            return
        before, self._measured = self._measured, measured
        for name, value in measured.values.items():
            if before.values.get(name) != value:
                self._script.write(Signalled(now, name, value))
        for does, held, known in (("end", measured.ended, before.ended), ("begin", measured.began, before.began)):
            for name, at in held.items():
                if known.get(name) != at:
                    value = measured.values.get(name, 0.0)
                    self._script.write(Signalled(now, name, value, does, max(0.0, clock - at)))  # type: ignore[arg-type]

    def _took_picture(self) -> None:
        """Note that the recording took what stands."""
        if self._began is None or self._script is None or self._writer.taken == self._taken:
            return
        self._taken = self._writer.taken
        if self._order is None or self._order.record is not None:
            self._now = max(self._now, self._taken - self._began.at / 1e9)
            self._script.write(Recorded(self._now))

    def _begin_file(self, run: Run) -> None:
        assert self._order is not None, "it was ordered"
        order, self._began, self._script = self._order, run, None
        rate = order.record.target.fps if order.record is not None else None
        self._clock, self._first = float(run.tick.time), run.tick.frame
        weights = order.preset.weights_path
        where = "" if weights is None else str(weights.absolute())
        take = Take(True, self._clock, run.tick.frame, rate, order.source, order.size, where)
        self._taken = 0.0 if order.record is not None else self._writer.taken
        self._script = Script(order.path, order.preset, take)

    # -- telling ----------------------------------------------------------------------------------------------------

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        script = self._script
        if script is not None:
            if script.problem is not None:
                self._journal.say(script.problem)
                self._failed = self._order or self._failed
                self._order = self._script = script = None
            elif script.finished is not None:
                self._finished = script.finished
                self._script = script = None
        path = script.path if script is not None else self._order.path if self._order is not None else None
        since = self._began.at / 1e9 if path is not None and self._began is not None else None
        yield Performing(path, self._now if path is not None else 0.0, self._finished, since, self._failed)
