"""What a source of movement is: a number for every moment, from the time, a seed, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from studio.model.declared.param import Declared

Signals = Mapping[str, float]


class Moment(NamedTuple):
    """When something is asked for.

    Attributes:
        time: seconds since the beginning.
        beat: beats since the beginning.
        step: seconds since the frame before; 0 in the first.
        pace: beats a second.
    """

    time: float = 0.0
    beat: float = 0.0
    step: float = 0.0
    pace: float = 2.0


@dataclass(frozen=True)
class Measurements:
    """What was measured until a moment: of sound, of pictures, of controllers.

    Attributes:
        values: the newest value of each signal by its name: "sound/low", "midi/1/cc/7", "osc/fader/1", "mouse/x".
        began: for each signal that sets things off (an onset, a beat, a note), the time at which it last did.
        ended: for each of them that ends (a note), the time at which it last did.
    """

    values: Signals = field(default_factory=dict)
    began: Signals = field(default_factory=dict)
    ended: Signals = field(default_factory=dict)

    def start(self, signal: str, when: Moment) -> float | None:
        """The time at which a signal last set something off; None where it never did. "beat" is that of the tempo."""
        return when.time - when.beat % 1.0 / when.pace if signal == "beat" else self.began.get(signal)

    def __or__(self, other: Measurements) -> Measurements:
        """Both together; of a signal that both have, the other's."""
        return Measurements(
            {**self.values, **other.values}, {**self.began, **other.began}, {**self.ended, **other.ended}
        )


NOTHING = Measurements()


class Modulator(Declared):
    """One source of movement, with its parameters.

    A subclass in ``studio/modulators`` is all there is to a source: its label and docstring make the entry of the menu,
    its parameters the form, the command line, the file and the addresses. It is a pure function: the same moment and
    the same measurements give the same value, so that a render moves exactly as the window did.
    """

    label: ClassVar[str]
    """What menus call it."""

    group: ClassVar[str] = "More"
    """Under which heading menus list it."""

    def value(self, when: Moment, measured: Measurements) -> float:
        """The value at a moment: from -1 to 1 for what swings about its middle, from 0 to 1 for what has none."""
        raise NotImplementedError

    def signals(self) -> tuple[str, ...]:
        """Names of what must be measured for it, as in `Measurements`."""
        return ()

    def idle(self) -> tuple[str, ...]:
        """Parameters that count for nothing as the others are; a form leaves them out."""
        return ()
