"""How long the steps of a GL engine take on its device."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.passes import Step


class StepTimes:
    """Seconds of every layer, by timer queries; on a software rasteriser by waiting, as nothing is kept busy there.

    Args:
        device: what the steps run on; its context is current in every call.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._last = -math.inf
        self._seconds: dict[str, float] = {}
        # By the name of a step, and whether it is the first of that name.
        self._queries: dict[tuple[str, bool], moderngl.Query] = {}
        self._asked: dict[tuple[str, bool], tuple[moderngl.Query, Mapping[str, float]]] = {}

    @property
    def is_asked(self) -> bool:
        """Whether the device was asked for times that were not read yet."""
        return bool(self._asked)

    def is_due(self, every: float) -> bool:
        """Whether the steps that run now are to be timed: on a GPU once in so many seconds, else always."""
        now = time.perf_counter()
        due = self._device.is_software or now - self._last > every
        self._last = now if due else self._last
        return due

    def run(self, step: Step) -> None:
        """Run one, and time it."""
        for name in step.covers:
            self._asked.pop((name, True), None)
            self._asked.pop((name, False), None)
            self._seconds[name] = 0.0
        if self._device.is_software:
            # Timer queries of software rasterisers leave compute out.
            start = time.perf_counter()
            step.run()
            self._device.finish()
            self._add(step.shares, time.perf_counter() - start)
            return
        key = next(iter(step.shares)), bool(step.covers)
        if key not in self._queries:
            self._queries[key] = self._device.context.query(time=True)
        with self._queries[key]:
            step.run()
        self._asked[key] = self._queries[key], step.shares

    def read(self) -> dict[str, float]:
        """Seconds of every layer that was timed; one that is made in another's pass took none."""
        if self._asked:
            self._device.finish()
        for query, shares in self._asked.values():
            self._add(shares, query.elapsed / 1e9)
        self._asked.clear()
        return dict(self._seconds)

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the times of all other layers; the passes of these may be others from now on, and are timed next."""
        self._last = -math.inf
        self._seconds = {name: seconds for name, seconds in self._seconds.items() if name in names}
        self._asked = {key: each for key, each in self._asked.items() if each[1].keys() <= set(names)}

    def clear(self) -> None:
        """Give the queries up."""
        self._queries.clear()
        self._asked.clear()

    def _add(self, shares: Mapping[str, float], seconds: float) -> None:
        for name, share in shares.items():
            self._seconds[name] += seconds * share
