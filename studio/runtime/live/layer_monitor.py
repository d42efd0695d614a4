"""Looks after every layer without slowing the picture: statistics, thumbnails and warnings in a share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from studio.engine.base import Engine, Stats
from studio.engine.gl.screen import Screen
from studio.model.picture import Picture
from studio.runtime.live.health import first_broken, is_finite, judge

SHARE = 0.2
"""Part of the render thread's time that looking may take."""

THUMBNAIL = 96
"""Pixels of the longer side."""

_LONGEST_CREDIT = 0.25
# The first round shows the person what there is.
_FIRST_CREDIT = 1.0
_BETWEEN = 4


@dataclass
class Observations:
    """What was seen since the last report; see `studio.runtime.live.report.Report`."""

    stats: dict[str, Stats] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    thumbnails: dict[str, Picture] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    broken: str | None = None


class LayerMonitor:
    """One look at a time, in turn, whenever there is time for one; after an edit first at what is watched.

    Args:
        engine: that has run at least once when `look` is called.
        screen: makes the thumbnails.
        clock: seconds.
    """

    def __init__(self, engine: Engine, screen: Screen, clock: Callable[[], float] = time.perf_counter) -> None:
        self.watched: tuple[str, ...] = ()
        self.broken: str | None = None
        self._engine = engine
        self._screen = screen
        self._clock = clock
        self._credit = _FIRST_CREDIT
        self._earned = clock()
        self._turn = self._round()
        self._urgent: Iterator[None] = iter(())
        self._sights = Observations()

    def take(self) -> Observations:
        """What has been seen since the last time."""
        seen, self._sights = self._sights, Observations()
        seen.broken = self.broken
        return seen

    def look(self) -> None:
        """Look at a few things more, as far as the time goes that looking may take."""
        now = self._clock()
        self._credit = max(self._credit, min(_LONGEST_CREDIT, self._credit + SHARE * (now - self._earned)))
        self._earned = now
        while self._credit > 0:
            start = self._clock()
            if next(self._urgent, self) is self and next(self._turn, self) is self:
                self._turn = self._round()
                return
            self._credit -= self._clock() - start

    def hurry(self) -> None:
        """Something has been edited: look at what is watched before the round goes on."""
        self._urgent = self._watch()

    def _round(self) -> Iterator[None]:
        yield from self._watch()
        self._guard()
        yield
        self._sights.times = self._engine.times()
        broken: list[str] = []
        for number, node in enumerate(self._engine.graph.nodes, 1):
            stats = self._engine.stats(node.name)
            self._sights.warnings[node.name] = judge(node, stats)
            if not is_finite(stats):
                broken.append(node.name)
            yield
            self._sights.thumbnails[node.name] = self._screen.thumbnail(self._engine, node.name, THUMBNAIL)
            yield
            # However many layers there are, what is watched stays fresh.
            if number % _BETWEEN == 0:
                yield from self._watch()
                self._guard()
                yield
        self.broken = next(iter(broken), None)

    def _watch(self) -> Iterator[None]:
        for name in self.watched:
            self._sights.stats[name] = self._engine.stats(name)
            yield

    def _guard(self) -> None:
        """Name the first layer that is broken as soon as the output is; the rounds find the others."""
        if self.broken is None and not is_finite(self._engine.stats(self._engine.graph.output)):
            self.broken = first_broken(self._engine)
