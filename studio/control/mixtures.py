"""Fades of a performance: written down as what they lead between and how far they are, and mixed again from that."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from studio.control.blend import Blend, Shares
from studio.control.differences import beginning
from studio.control.steering import steered
from studio.errors import StudioError
from studio.io.preset_file import section_from_json
from studio.model.filters.edit import Patch
from studio.model.movement.tempo import TEMPO
from studio.model.networks.changes import Passage
from studio.model.networks.layout import Rect, put, sheet_size, to_sheet
from studio.model.networks.network import same_bits
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE, VIEW
from studio.model.networks.shape import Array
from studio.model.performances.performed import (
    Arranged,
    Ended,
    Event,
    Faded,
    Mixed,
    Prepared,
    Ran,
    Recorded,
    Signalled,
    Stroke,
)

_PAUSE = 0.25
"""Seconds between two steps after which a fader rested, and did not glide."""

_BESIDES = Ran, Recorded, Ended, Signalled
"""Events that change nothing of what is mixed."""


def whole(values: Array) -> Patch:
    """All values of a tensor."""
    return Patch(Rect(0, 0, *sheet_size(values.shape)), np.ascontiguousarray(to_sheet(np.asarray(values, np.float32))))


def overlaid(now: Preset, mixed: Preset, *, by_hand: bool) -> Preset:
    """What is open, with the sections of a mixture: all but the tempo, which goes on, the source and the view.

    Args:
        now: what is open.
        mixed: what lies between presets.
        by_hand: whether that is at the crossfader, which keeps what moves it; see `steered`.
    """
    found = steered(mixed, now) if by_hand else mixed
    left = {key: now.section(key) for key in (TEMPO, SOURCE, VIEW)}
    return replace(now, sections={**found.sections, **left})


def begun(events: Sequence[Event], trained: Preset, time: float) -> Preset:
    """What events up to a time make of a trained network, as far as they are strokes and sections."""
    mixtures = Mixtures(trained)
    for event in events:
        if event.time > time:
            break
        if isinstance(event, (Stroke, Arranged)):
            mixtures.take(Prepared(event.time, 1, event))
    return replace(mixtures.prepared(1), name=trained.name)


class FadeNotes:
    """Writes fades down. Belongs to the thread that writes."""

    def __init__(self) -> None:
        self._prepared: list[Preset] = []
        self._passage: Passage | None = None
        self._mixed: Preset | None = None

    def fade(self, time: float, clock: float, passage: Passage, shares: Shares, mixed: Preset) -> Iterator[Event]:
        """A step of a fade.

        Args:
            time: since the performance began.
            clock: the same, by the clock of the passage.
            passage: what it leads between.
            shares: how far it is.
            mixed: what is there.
        """
        if passage is not self._passage:
            self._passage = passage
            numbers = []
            for preset in passage.presets:
                numbers.append(number := self._number(preset))
                if number > len(self._prepared):
                    self._prepared.append(preset)
                    yield from (Prepared(time, number, part) for part in _parts(preset, time))
            ago = 0.0 if passage.by_hand else max(0.0, clock - passage.start)
            how = passage.seconds, passage.easing, passage.by_hand, ago
            yield Faded(time, tuple(numbers), tuple(passage.tensors), *how)
        self._mixed = mixed
        yield Mixed(time, tuple(float(share) for share in shares))

    def stroke(self, time: float, tensor: str, patch: Patch) -> Iterator[Event]:
        """New values of a tensor; nothing where the last step of the fade says so already."""
        if self._passage is not None and self._mixed is not None and tensor in self._passage.tensors:
            known = whole(self._mixed.changed.get(tensor, self._mixed.network.tensors[tensor]))
            if patch.rect == known.rect and same_bits(np.asarray(patch.values, np.float32), known.values):
                return
        yield Stroke(time, tensor, patch)

    def _number(self, preset: Preset) -> int:
        """The number of a preset that was prepared already, or the next."""
        for number, known in enumerate(self._prepared, start=1):
            if known is preset or _is_same(known, preset):
                return number
        return len(self._prepared) + 1


class Mixtures:
    """Mixes again what was written down.

    Args:
        trained: what it was played on; only its network counts.
    """

    def __init__(self, trained: Preset) -> None:
        self._trained = replace(trained, changed={}, sections={})
        self._prepared: dict[int, Preset] = {}
        self._blend: Blend | None = None
        self._faded: Faded | None = None

    def take(self, event: Prepared | Faded) -> None:
        """Note what fades lead between.

        Raises:
            StudioError: where a preset has not been prepared, or does not fit the network.
        """
        if isinstance(event, Faded):
            missing = [number for number in event.presets if number not in self._prepared]
            if missing:
                raise StudioError(f"A fade of the performance leads to preset {missing[0]}, which it does not hold.")
            self._blend, self._faded = Blend([self._prepared[number] for number in event.presets]), event
            return
        preset, part = self._prepared.get(event.preset, self._trained), event.part
        if isinstance(part, Arranged):
            key, value = section_from_json(part.section, part.document, part.version, preset.network)
            preset = preset.with_section(key, value)
        else:
            name = part.tensor
            if name not in preset.network.tensors:
                raise StudioError(f"The performance changes {name}, which the network does not have.")
            tensor = preset.changed.get(name)
            # Only what is made here is written to.
            tensor = np.array(preset.network.tensors[name], np.float32) if tensor is None else tensor
            put(tensor, part.patch.rect, part.patch.values)
            preset = replace(preset, changed={**preset.changed, name: tensor})
        self._prepared[event.preset] = preset

    def prepared(self, number: int) -> Preset:
        """A preset as far as it has been prepared."""
        return self._prepared.get(number, self._trained)

    def at(self, shares: Shares, now: Preset) -> tuple[Preset, dict[str, Array]]:
        """The sections of a mixture, laid over those that are there, and the tensors that it changes.

        Raises:
            StudioError: where no fade has begun, or it leads between another number of presets.
        """
        if self._blend is None or self._faded is None:
            raise StudioError("The performance continues a fade that it never began.")
        mixed = self._blend.at(shares)
        trained = mixed.network.tensors
        unknown = [name for name in self._faded.tensors if name not in trained]
        if unknown:
            raise StudioError(f"A fade of the performance changes {unknown[0]}, which the network does not have.")
        tensors = {name: mixed.changed.get(name, trained[name]) for name in self._faded.tensors}
        return overlaid(now, mixed, by_hand=self._faded.by_hand), tensors


def _parts(preset: Preset, time: float) -> Iterator[Stroke | Arranged]:
    yield from (replace(part, time=time) for part in beginning(preset))


def _is_same(a: Preset, b: Preset) -> bool:
    keys = {*a.sections, *b.sections}
    if a.changed.keys() != b.changed.keys() or any(a.section(key) != b.section(key) for key in keys):
        return False
    return all(same_bits(np.asarray(a.changed[name]), np.asarray(b.changed[name])) for name in a.changed)


def last_steps(events: Sequence[Event]) -> list[Event]:
    """The events without the steps of a fade that another one follows before anything else is changed."""
    found: list[Event] = []
    last: int | None = None
    for event in events:
        if isinstance(event, Mixed):
            if last is not None:
                del found[last]
            last = len(found)
        elif not isinstance(event, _BESIDES):
            last = None
        found.append(event)
    return found


class Between:
    """Where fades are between the steps that they took: a film may have more frames than were played.

    Args:
        events: of the performance.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._steps: list[tuple[Mixed, Faded | None]] = []
        fade: Faded | None = None
        for event in events:
            if isinstance(event, Faded):
                fade = event
            elif isinstance(event, Mixed):
                self._steps.append((event, fade))

    def shares(self, time: float) -> tuple[float, ...] | None:
        """The shares at a time; None where that is no time between two steps of a fade."""
        place = bisect_right(self._steps, time, key=lambda step: step[0].time)
        if not 0 < place < len(self._steps):
            return None
        (before, fade), (after, other) = self._steps[place - 1 : place + 1]
        if fade is not other or not 0.0 < after.time - before.time <= _PAUSE or len(before.shares) != len(after.shares):
            return None
        way = (time - before.time) / (after.time - before.time)
        return tuple(a + way * (b - a) for a, b in zip(before.shares, after.shares, strict=True))
