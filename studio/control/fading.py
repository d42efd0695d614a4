"""Fades in time, and of pictures: what is between two networks is their pictures alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from studio.model.picture import Picture
from studio.model.tempo import Tempo
from studio.modulators.keyframes import Easing, ease


@dataclass(frozen=True)
class Fade:
    """A way from 0 to 1 that takes its time.

    Attributes:
        start: when it begins, in seconds.
        seconds: how long it takes; 0 is a cut.
        easing: how it goes.
    """

    start: float
    seconds: float
    easing: Easing = "in and out"

    @classmethod
    def over(cls, beats: float, tempo: Tempo, now: float, quantise: float = 0.0, easing: Easing = "in and out") -> Fade:
        """A fade over so many beats, beginning now or at the next multiple of ``quantise`` beats."""
        return cls(tempo.next(now, quantise), beats * 60.0 / tempo.bpm, easing)

    def part(self, time: float) -> float:
        """How much of the way is gone at a time."""
        if time < self.start:
            return 0.0
        if time >= self.start + self.seconds:
            return 1.0
        return ease(self.easing, (time - self.start) / self.seconds)


def mixed_pictures(a: Picture, b: Picture, part: float) -> Picture:
    """Two (H, W, 3) uint8 pictures mixed, ``part`` of the way from the first to the second.

    The second is brought to the size of the first. At either end it is the one or the other, bit for bit.
    """
    if part <= 0.0:
        return a
    if b.shape != a.shape:
        b = np.asarray(cv2.resize(b, (a.shape[1], a.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
    if part >= 1.0:
        return b
    return np.asarray(cv2.addWeighted(a, 1.0 - part, b, part, 0.0), np.uint8)
