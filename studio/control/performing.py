"""Performances being played: what a document and its controllers go through is written down, and done again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from studio.control.differences import differences, opening
from studio.control.inbox import Hearing, Taken
from studio.control.mixtures import Between, FadeNotes, Mixtures, last_steps, overlaid, whole
from studio.errors import StudioError
from studio.io.performances import PerformanceWriter
from studio.io.performed_networks import kept_network
from studio.io.preset_file import section_from_json
from studio.model import numbers
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.modulator import Measurements
from studio.model.networks.changes import Change, MixBegan, MixEnded, NetworkChanged, WeightsChanged
from studio.model.networks.layout import crop
from studio.model.networks.preset import Preset
from studio.model.networks.section import SectionChanged
from studio.model.performances.performance import (
    Arranged,
    Does,
    Event,
    Faded,
    Mixed,
    NetworkOpened,
    Performance,
    Prepared,
    Signalled,
    Stroke,
    Turned,
)


class Recording:
    """Writes down what is done to a document from now on.

    Args:
        document: what is played on.
        writer: takes the events.
        clock: seconds since the beginning of the run, which frames are drawn by.
        failed: told once, in a sentence, where it cannot go on.
    """

    def __init__(
        self,
        document: Document,
        writer: PerformanceWriter,
        clock: Callable[[], float],
        failed: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._document = document
        self._writer: PerformanceWriter | None = writer
        self._clock = clock
        self._failed = failed
        self._before = document.preset()
        self._notes, self._is_mixing = FadeNotes(), False
        self._last = 0.0
        # What differs from the network from the beginning on belongs to the preset, and is not written down.
        document.changed.connect(self._follow)

    @property
    def is_open(self) -> bool:
        """Whether it still writes."""
        return self._writer is not None

    def take(self, taken: Taken) -> None:
        """Write down the signals that controllers sent; numbers that they turned come by the document."""
        now = self._time()
        did: list[tuple[str, Does]] = [(name, "end") for name in taken.ended]
        did += [(name, "begin") for name in taken.began]
        did += [(name, "value") for name in taken.signals.keys() - taken.began.keys() - taken.ended.keys()]
        for name, does in did:
            self._write(Signalled(now, name, taken.signals.get(name, 0.0), does))

    def close(self) -> None:
        """The performance is over."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self._document.changed.disconnect(self._follow)
            writer.close()

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged):
            values = crop(self._document.tensor(change.tensor), change.rect)
            self._write_all(self._notes.stroke(self._time(), change.tensor, Patch(change.rect, values)))
        elif isinstance(change, MixBegan):
            now, passage = self._time(), change.passage
            self._write_all(self._notes.fade(now, now, passage, change.shares, change.mixed))
            self._before, self._is_mixing = overlaid(self._before, change.mixed, by_hand=passage.by_hand), True
        elif isinstance(change, MixEnded):
            self._is_mixing = False
            self._arrange()
        elif isinstance(change, SectionChanged) and not self._is_mixing:
            self._arrange()
        elif isinstance(change, NetworkChanged) and not change.same_layers:
            self._enter()
        elif isinstance(change, NetworkChanged):
            self._failed("The performance ends here: pictures are fed or shown in other values.")
            self.close()

    def _enter(self) -> None:
        """Another network is open."""
        preset, self._notes = self._document.preset(), FadeNotes()
        self._before = self._document.sections_now()
        try:
            if self._writer is not None:
                folder = preset.weights_path or kept_network(preset.network, self._writer.path)
                self._write_all(list(opening(self._time(), preset, folder)))
        except StudioError as error:
            self._failed(f"The performance ends here: {error}")
            self.close()

    def _arrange(self) -> None:
        """Sections as the numbers that were turned in them, where that is all that has changed.

        An undo changes several, and tells of each when all have changed.
        """
        before, self._before = self._before, self._document.sections_now()
        names = sorted({key.name for key in (*before.sections, *self._before.sections)})
        self._write_all(differences(before, self._before, self._time(), names))

    def _write_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._write(event)

    def _time(self) -> float:
        self._last = max(self._last, self._clock())
        return self._last

    def _write(self, event: Event) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(event)
        except StudioError as error:
            self._failed(f"The performance ends here: {error}")
            self.close()


@dataclass(frozen=True)
class Step:
    """What a performance does in one frame.

    Attributes:
        preset: as it is now.
        turned: numbers that were turned, and nothing else of the preset.
        is_new: whether more than numbers changed.
        strokes: new values of tensors, in order.
        measured: all signals until now.
    """

    preset: Preset
    turned: dict[str, float]
    is_new: bool
    strokes: tuple[Stroke, ...]
    measured: Measurements


@dataclass(eq=False)
class _Did:
    turned: dict[str, float] = field(default_factory=dict)
    strokes: list[Stroke] = field(default_factory=list)
    is_new: bool = False


class Replay:
    """Plays a performance again, frame by frame.

    Args:
        performance: what is played, up to the first opening of another network; see `Performance.scenes`.
        preset: what it begins with; of the network that it was played on. A performance that holds its own beginning
            takes nothing but the network from it.
        smooth: whether fades go on between the steps that they took, for other frames than those that were played.

    Raises:
        StudioError: where the network is another.

    Attributes:
        take: how the studio stood as it was played.
        glides: the turns of every number that glides.
    """

    def __init__(self, performance: Performance, preset: Preset, *, smooth: bool = False) -> None:
        if performance.network != preset.network.sha256():
            raise StudioError(
                f'This performance was played on another network, with the preset "{performance.preset}"; open that, '
                "or one of the same network."
            )
        if any(isinstance(event, NetworkOpened) for event in performance.events):
            performance = performance.scenes()[0].own
        self._performance = performance
        self.take = performance.take
        self._start = replace(preset, changed={}, sections={}) if self.take.whole else preset
        turned = {event.address for event in performance.events if isinstance(event, Turned) and event.glides}
        self.glides = {address: performance.turns(address) for address in turned}
        self._between = Between(performance.events if smooth else ())
        self.begin()

    def begin(self) -> None:
        """From the beginning."""
        self._preset, self._time, self._hearing = self._start, -1.0, Hearing()
        self._mixtures = Mixtures(self._start)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self._performance.seconds

    @property
    def preset(self) -> Preset:
        """The preset as it is now, but for strokes."""
        return self._preset

    def at(self, time: float, clock: float | None = None) -> Step:
        """What is done until a time, from the last one on; times rise until `begin`.

        Args:
            time: seconds since the performance began.
            clock: by which routes move then; None where that is the same.

        Raises:
            StudioError: naming the number or section that the preset does not have.
        """
        did = _Did()
        # What did not begin just then began as long before the frame as it did when it was played.
        ahead = (time if clock is None else clock) - time
        for event in last_steps(self._performance.between(self._time, time)):
            self._do(event, did, ahead)
        if (shares := self._between.shares(time)) is not None:
            self._do(Mixed(time, shares), did, ahead)
        for address, value in self.gliding(time):
            self._preset = numbers.turned(self._preset, address, value)
            did.turned[address] = value
        self._time = time
        return Step(self._preset, did.turned, did.is_new, tuple(did.strokes), self._hearing.measured)

    def _do(self, event: Event, did: _Did, ahead: float) -> None:
        if isinstance(event, Turned):
            self._preset = numbers.turned(self._preset, event.address, event.value)
            did.turned[event.address] = event.value
        elif isinstance(event, Stroke):
            did.strokes.append(event)
        elif isinstance(event, Arranged):
            key, value = section_from_json(event.section, event.document, event.version, self._preset.network)
            self._preset = self._preset.with_section(key, value)
            did.is_new = True
        elif isinstance(event, Signalled):
            self._hearing.take(_taken(event), event.time + ahead)
        elif isinstance(event, (Prepared, Faded)):
            self._mixtures.take(event)
        elif isinstance(event, Mixed):
            self._preset, tensors = self._mixtures.at(event.shares, self._preset)
            did.strokes += [Stroke(event.time, name, whole(values)) for name, values in tensors.items()]
            did.is_new = True

    def gliding(self, time: float) -> Iterator[tuple[str, float]]:
        """The numbers that are on a straight line to their next value at a time, and where."""
        for address, turns in self.glides.items():
            place = bisect_right(turns, time, key=lambda turn: turn.time)
            if 0 < place < len(turns) and turns[place].glides:
                before, after = turns[place - 1], turns[place]
                way = (time - before.time) / (after.time - before.time)
                yield address, before.value + way * (after.value - before.value)


def _taken(event: Signalled) -> Taken:
    once = {event.name: event.ago}
    return Taken(
        signals={event.name: event.value},
        began=once if event.does == "begin" else {},
        ended=once if event.does == "end" else {},
    )
