"""Performances being played: what a document and its controllers go through is written down, and done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.control.inbox import Hearing, Taken
from studio.errors import StudioError
from studio.io.performances import PerformanceWriter
from studio.io.preset_file import section_from_json, section_to_json
from studio.model import numbers
from studio.model.changes import Change, NetworkChanged, SectionChanged, WeightsChanged
from studio.model.document import Document
from studio.model.edit import Patch
from studio.model.layout import crop
from studio.model.modulator import Heard
from studio.model.performance import Arranged, Does, Event, Performance, Signalled, Stroke, Turned
from studio.model.preset import Preset


class Recording:
    """Writes down what is done to a document from now on.

    Args:
        document: what is played on; another network ends the performance.
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
            self._write(Stroke(self._time(), change.tensor, Patch(change.rect, values)))
        elif isinstance(change, SectionChanged):
            self._arrange(change.section)
        elif isinstance(change, NetworkChanged) and not change.same_layers:
            self._failed("The performance ends here: another network was opened.")
            self.close()

    def _arrange(self, name: str) -> None:
        """A section as the numbers that were turned in it, where that is all that has changed."""
        before, after = self._before, self._document.sections_now()
        self._before = after
        turned = [
            (knob.number.address, knob.get(after))
            for knob in numbers.knobs(after)
            if not _is_at(before, knob.number.address, knob.get(after))
        ]
        again = before
        for address, value in turned:
            try:
                again = numbers.turned(again, address, value)
            except StudioError:
                break
        now = self._time()
        key = next((key for key in (*after.sections, *before.sections) if key.name == name), None)
        if key is not None and again.section(key) == after.section(key):
            for address, value in turned:
                self._write(Turned(now, address, value))
        elif key is not None:
            self._write(Arranged(now, name, *section_to_json(key, after.section(key))))

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
        heard: all signals until now.
    """

    preset: Preset
    turned: dict[str, float]
    is_new: bool
    strokes: tuple[Stroke, ...]
    heard: Heard


class Replay:
    """Plays a performance again, frame by frame.

    Args:
        performance: what is played.
        preset: what it begins with; of the network that it was played on.

    Raises:
        StudioError: where the network is another.
    """

    def __init__(self, performance: Performance, preset: Preset) -> None:
        if performance.network != preset.network.sha256():
            raise StudioError(
                f'This performance was played on another network, with the preset "{performance.preset}"; open that, '
                "or one of the same network."
            )
        self._performance = performance
        self._start = preset
        self.begin()

    def begin(self) -> None:
        """From the beginning."""
        self._preset, self._time, self._hearing = self._start, -1.0, Hearing()

    @property
    def preset(self) -> Preset:
        """The preset as it is now, but for strokes."""
        return self._preset

    def at(self, time: float) -> Step:
        """What is done until a time, from the last one on; times rise until `begin`.

        Raises:
            StudioError: naming the number or section that the preset does not have.
        """
        turned: dict[str, float] = {}
        strokes: list[Stroke] = []
        is_new = False
        for event in self._performance.between(self._time, time):
            if isinstance(event, Turned):
                self._preset = numbers.turned(self._preset, event.address, event.value)
                turned[event.address] = event.value
            elif isinstance(event, Stroke):
                strokes.append(event)
            elif isinstance(event, Arranged):
                key, value = section_from_json(event.section, event.document, event.version, self._preset.network)
                self._preset = self._preset.with_section(key, value)
                is_new = True
            else:
                self._hearing.take(_taken(event), event.time)
        self._time = time
        return Step(self._preset, turned, is_new, tuple(strokes), self._hearing.heard)


def _taken(event: Signalled) -> Taken:
    once = {event.name: 0.0}
    return Taken(
        signals={event.name: event.value},
        began=once if event.does == "begin" else {},
        ended=once if event.does == "end" else {},
    )


def _is_at(preset: Preset, address: str, value: float) -> bool:
    try:
        return numbers.get(preset, address) == value
    except StudioError:
        return False
