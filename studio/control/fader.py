"""Fades of an open document: in time to another preset, or by hand between several; each is one item of the history.

What is on the way is the document itself: what runs, every panel and every recording of what was done follow as they
follow a hand. Whatever else is changed meanwhile ends a fade where it is; nothing jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from studio.control.blend import Blend, Shares, fade_shares
from studio.control.mixtures import overlaid, whole
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement.tempo import TEMPO
from studio.model.networks.changes import MixBegan, MixEnded, Passage
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE, VIEW
from studio.modulators.keyframes import Easing, ease


@dataclass(eq=False)
class Way:
    """A fade in time.

    Attributes:
        preset: where it leads.
        path: its folder; None where it has none.
        start: when it begins, in seconds of the clock; it may be still to come.
        seconds: how long it takes.
        easing: how it goes.
    """

    preset: Preset
    path: Path | None
    start: float
    seconds: float
    easing: Easing

    def part(self, now: float) -> float:
        """How much of the time is gone, from 0 to 1."""
        return min(1.0, max(0.0, (now - self.start) / self.seconds)) if self.seconds > 0 else float(now >= self.start)


class Fader:
    """Takes a document from one preset to another of its network. It belongs to the document's thread.

    Args:
        document: what is faded.
        clock: seconds, of the clock by which the tempo's beats are counted.
        say: told in a sentence where a fade ended before its end.

    Attributes:
        arrived: whether the last fade in time came to its end.
    """

    def __init__(self, document: Document, clock: Callable[[], float], say: Callable[[str], object]) -> None:
        self._document, self._clock, self._say = document, clock, say
        self._way: Way | None = None
        self._gesture: Gesture | None = None
        self._blend: Blend | None = None
        self._mixed: tuple[Preset, ...] = ()
        self._touched: list[str] = []
        self._passage: Passage | None = None
        self._is_own = True
        self.arrived = False

    @property
    def way(self) -> Way | None:
        """The fade in time that is under way; None where there is none."""
        return self._way

    @property
    def part(self) -> float:
        """How much of its time is gone; 0 where there is none."""
        return 0.0 if self._way is None else self._way.part(self._clock())

    def can_fade(self, preset: Preset) -> bool:
        """Whether there is a way to a preset through the weights: it is of the same network."""
        return preset.network is self._document.network or preset.network.sha256() == self._document.network.sha256()

    # -- in time ----------------------------------------------------------------------------------------------------

    def fade(
        self,
        preset: Preset,
        path: Path | None = None,
        *,
        beats: float = 4.0,
        easing: Easing = "in and out",
        quantum: float = 0.0,
    ) -> None:
        """Begin to fade to a preset; `step` goes on. A fade under way ends where it is.

        Args:
            preset: of the document's network.
            path: its folder; None where it has none yet.
            beats: how long it takes; 0 for a cut.
            easing: how it goes.
            quantum: it begins on the next multiple of so many beats; 0 for at once.

        Raises:
            StudioError: where it is of another network.
        """
        self.stop()
        tempo, now = self._document.section(TEMPO), self._clock()
        start = tempo.next(now, quantum)
        # Refused now, and not when it is due.
        Blend((self._document.preset(), preset))
        self.arrived = False
        self._way = Way(preset, path, start, beats * 60.0 / tempo.bpm, easing)
        self.step()

    def step(self) -> bool:
        """Go on to where the fade in time is now; whether there is one still."""
        way = self._way
        if way is None:
            return False
        now = self._clock()
        if now < way.start:
            return True
        if self._gesture is None:
            self._begin((self._document.preset(), way.preset), f"Fade to {way.preset.name}")
        if self._gesture is None or not self._gesture.is_open:
            self._say(f"The fade to “{way.preset.name}” stopped, as something else was changed.")
            self._end()
            return False
        if way.part(now) < 1.0:
            self._show(fade_shares(ease(way.easing, way.part(now))), now)
            return True
        gesture = self._gesture
        with self._step_of(fade_shares(1.0), way.preset):
            self._end()
            self._document.load(way.preset, way.path, after=gesture)
        self.arrived = True
        return False

    def stop(self) -> None:
        """End a fade, or the hand's at the crossfader, where it is: one item of the history."""
        gesture, is_own = self._gesture, self._is_own
        self._end()
        if gesture is not None and gesture.is_open and is_own:
            gesture.commit()

    # -- by hand ----------------------------------------------------------------------------------------------------

    def mix(self, presets: Sequence[Preset], shares: Shares, *, passes: bool = False) -> None:
        """Be between presets: all until `stop` is one item of the history.

        Args:
            presets: of the document's network.
            shares: of each, none below 0.
            passes: whether it moves by itself, so that it makes way for undo; see `Gesture.passes`.

        Raises:
            StudioError: where they are of different networks.
        """
        if self._way is not None or self._mixed != tuple(presets) or self._gesture is None or not self._gesture.is_open:
            self.stop()
            # A hand that is at something else at the same time keeps its own item of the history.
            self._begin(presets, "Crossfade", self._document.gesture)
            if self._is_own and self._gesture is not None:
                self._gesture.passes = passes
        self._show(shares, self._clock())

    # -- within -----------------------------------------------------------------------------------------------------

    def _begin(self, presets: Sequence[Preset], label: str, under_way: Gesture | None = None) -> None:
        document = self._document
        self._blend, self._mixed = Blend((document.preset(), *presets)), tuple(presets)
        # Whatever is bent now and is not in any of them goes back as well.
        self._touched, self._blend = self._blend.tensors, Blend(presets)
        way, tensors = self._way, tuple(self._touched)
        if way is None:
            self._passage = Passage(tuple(presets), tensors, by_hand=True)
        else:
            # From what was open to where it leads.
            self._passage = Passage(tuple(presets), tensors, way.start, way.seconds, way.easing)
        self._is_own = under_way is None
        self._gesture = under_way or document.begin(label)

    def _end(self) -> None:
        self._way = self._gesture = self._blend = None
        self._mixed = ()

    def _show(self, shares: Shares, now: float) -> None:
        gesture, document = self._gesture, self._document
        assert self._blend is not None, "it has begun"
        assert gesture is not None, "it has begun"
        mixed = self._blend.at(shares)
        with self._step_of(shares, mixed):
            for name in self._touched:
                gesture.put(name, whole(mixed.changed.get(name, document.network.tensors[name])))
            # The same part of the same beat is under way, whatever the tempo was and will be.
            tempo = document.section(TEMPO).at(mixed.section(TEMPO).bpm, now)
            laid = overlaid(document.sections_now(), mixed, by_hand=self._way is None).with_section(TEMPO, tempo)
            for key in {*laid.sections, *document.sections_now().sections} - {VIEW, SOURCE}:
                gesture.set_section(key, laid.section(key))

    @contextmanager
    def _step_of(self, shares: Shares, mixed: Preset) -> Iterator[None]:
        """Let whoever follows the document know that what it tells of meanwhile is one step."""
        assert self._passage is not None, "it has begun"
        tell = self._document.changed.emit
        tell(MixBegan(self._passage, tuple(shares), mixed))
        try:
            yield
        finally:
            tell(MixEnded())
