"""Vectors that generators are fed: deterministic ways through the space they were trained on, by seed and time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from studio.model.networks.inputs import Input
from studio.model.networks.shape import Array

Kind = Literal["walk", "loop", "between"]

MOST_SECONDS = 86400.0
LARGEST_SEED = 2**32 - 1
_FEWEST_ROUND = 4


@dataclass(frozen=True)
class Latent:
    """Where a vector of normally distributed values is at each time; the same seed and time give the same vector.

    Attributes:
        channels: values of the vector.
        seed: chooses the points that it passes.
        stream: tells several vectors of one network apart.
    """

    channels: int
    seed: int = 0
    stream: int = 0

    def point(self, number: int = 0, seed: int | None = None) -> Array:
        """(C, 1, 1) float32: one of the points, of this seed or another; each value is normally distributed."""
        # Numbers below zero are times before the start.
        key = (2 * number) if number >= 0 else (-2 * number - 1)
        rng = np.random.default_rng([self.seed if seed is None else seed, self.stream, key])
        return rng.standard_normal((self.channels, 1, 1), np.float32)

    def walk(self, time: float, pace: float = 2.0) -> Array:
        """(C, 1, 1) float32 at ``time`` seconds of an endless smooth walk, which needs ``pace`` seconds a point."""
        return self._among(time / pace, None)

    def loop(self, time: float, seconds: float, pace: float = 2.0) -> Array:
        """(C, 1, 1) float32 of a smooth round that is back where it was after exactly ``seconds``."""
        points = max(_FEWEST_ROUND, round(seconds / pace))
        return self._among((time % seconds) / seconds * points, points)

    def between(self, time: float, seconds: float, to: int) -> Array:
        """(C, 1, 1) float32 on the great circle from this seed's first point to another's, reached at ``seconds``.

        Before and after, it rests at the ends.
        """
        part = min(max(time / seconds, 0.0), 1.0)
        start, end = self.point(), self.point(seed=to)
        lengths = [float(np.linalg.norm(point)) for point in (start, end)]
        cosine = float(np.vdot(start, end)) / (lengths[0] * lengths[1] or 1.0)
        angle = math.acos(min(max(cosine, -1.0), 1.0))
        if math.sin(angle) < 1e-6:
            # The points lie on one line through the origin, through which no great circle is the shortest.
            return np.asarray((1 - part) * start + part * end, np.float32)
        turned = math.sin((1 - part) * angle) * start / lengths[0] + math.sin(part * angle) * end / lengths[1]
        length = (1 - part) * lengths[0] + part * lengths[1]
        return np.asarray(turned * (length / math.sin(angle)), np.float32)

    def _among(self, place: float, around: int | None) -> Array:
        """A cubic B-spline's blend of the four nearest points, scaled so that its values stay normally distributed."""
        first = math.floor(place)
        t = place - first
        weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        numbers = [first + k if around is None else (first + k) % around for k in range(-1, 3)]
        blended = sum(w * self.point(number) for w, number in zip(weights, numbers, strict=True))
        return np.asarray(blended / math.hypot(*weights), np.float32)


@dataclass(frozen=True)
class LatentPath:
    """How the vectors of a network move.

    Attributes:
        kind: "walk", "loop" or "between".
        seed: chooses the points.
        to: the seed of the point where "between" ends.
        seconds: how long the path is; a walk goes on after it.
        pace: seconds from one point to the next of a walk or a loop.
    """

    kind: Kind = "walk"
    seed: int = 0
    to: int = 1
    seconds: float = 8.0
    pace: float = 2.0

    def played(self, position: float, laps: int) -> float:
        """The time that is on where a path is played over and over: a walk goes on, and "between" comes back.

        Args:
            position: seconds from the start of this lap.
            laps: how many came before it.
        """
        if self.kind == "walk":
            return laps * self.seconds + position
        return self.seconds - position if self.kind == "between" and laps % 2 else position

    def endless(self, time: float) -> float:
        """The time that is on where a path is played without end: a walk and a loop go on, "between" comes back."""
        if self.kind != "between":
            return time
        folded = time % (2 * self.seconds)
        return min(folded, 2 * self.seconds - folded)

    def at(self, time: float, channels: int, stream: int = 0) -> Array:
        """(C, 1, 1) float32: the vector at this time in seconds."""
        latent = Latent(channels, self.seed, stream)
        if self.kind == "walk":
            return latent.walk(time, self.pace)
        if self.kind == "loop":
            return latent.loop(time, self.seconds, self.pace)
        return latent.between(time, self.seconds, self.to)

    def feeds(self, inputs: Iterable[Input], time: float) -> dict[str, Array]:
        """The vector of every input that takes one, by the input's name; each moves in a way of its own."""
        vectors = [put for put in inputs if put.kind == "vector"]
        return {put.name: self.at(time, put.channels, stream) for stream, put in enumerate(vectors)}
