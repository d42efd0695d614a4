"""Measured choices, kept on disk for each GPU and driver, so that a layer is tuned once on a machine."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from studio import paths
from studio.engine.gl.tuning.loops import MatrixLoop, NarrowLoop, Plan, WindowLoop, WinogradLoop
from studio.engine.gl.tuning.products import Product
from studio.engine.remembered import Content, remember, remembered
from studio.errors import EngineError, NextTime

_FORMAT = 9

_KINDS: Mapping[str, type[NarrowLoop | Product | MatrixLoop | WindowLoop | WinogradLoop]] = {
    kind.__name__: kind for kind in (NarrowLoop, Product, MatrixLoop, WindowLoop, WinogradLoop)
}
"""What a workgroup may make, by the name that stands in the cache."""

_FINALISTS, _ROUNDS = 6, 3
"""How many of the fastest plans are measured again, and how often: one measurement may have been disturbed."""

_WAKING = 0.5
"""Seconds."""


class Job(NamedTuple):
    """A layer whose fastest plan is wanted, what tells the seconds that a plan takes, and whether it can at once.

    The latter raises `NextTime` where it cannot in this process.
    """

    plans: Sequence[Plan]
    seconds: Callable[[Plan], float]
    is_ready: Callable[[Plan], bool] = lambda _: True


def cache_path() -> Path:
    """Where choices are kept: in the person's folder for caches, ``~/.cache`` on Linux."""
    return paths.own_folder("cache") / "plans.json"


class Tuner:
    """Remembers the fastest plan of every layer shape.

    A cache that cannot be read or written is done without.

    Args:
        gpu: renderer and driver; choices of one are nothing to another.
        path: of the cache.
    """

    def __init__(self, gpu: str, path: Path | None = None) -> None:
        self._gpu = gpu
        self._path = path or cache_path()
        self._known: dict[str, Plan] = self._stored()

    def known(self, jobs: Mapping[str, Job]) -> dict[str, Plan]:
        """The fastest plans of those layers that were measured before, by this engine or another; nothing is timed."""
        if self._unknown(jobs):
            # Two engines must not add the same sums in different order.
            self._known = self._stored() | self._known
        unknown = self._unknown(jobs)
        return {layer: self._known[layer] for layer in jobs if layer not in unknown}

    def note(self, layer: str, plan: Plan) -> None:
        """Remember the fastest plan of a layer, also on the disk."""
        self._known[layer] = plan
        self._save({layer: plan})

    def choose(self, jobs: Mapping[str, Job]) -> dict[str, Plan]:
        """The plan that is fastest for each layer; those that are not known yet are measured now.

        A layer all of whose plans the driver refuses is left out.
        """
        self.known(jobs)
        unknown = self._unknown(jobs)
        every = [(job, plan) for job in unknown.values() for plan in job.plans]
        for job, plan in every:  # asks for it: several are compiled at the same time, where that is done elsewhere
            _is_late(job, plan)
        unknown = {layer: job._replace(plans=usable) for layer, job in unknown.items() if (usable := _usable(job))}
        if unknown:
            _wake(next(iter(unknown.values())))
        for layer, job in unknown.items():
            self._known[layer] = _fastest(job)
        if unknown:
            self._save({layer: self._known[layer] for layer in unknown})
        return self.known(jobs)

    def _unknown(self, jobs: Mapping[str, Job]) -> dict[str, Job]:
        return {layer: job for layer, job in jobs.items() if self._known.get(layer) not in job.plans}

    def _stored(self) -> dict[str, Plan]:
        return _parsed(_gpus(remembered(self._path)).get(self._gpu))

    def _save(self, found: Mapping[str, Plan]) -> None:
        def change(content: Content) -> Content:
            gpus = _gpus(content)
            known = {**_parsed(gpus.get(self._gpu)), **found}
            own = {layer: _written(plan) for layer, plan in known.items()}
            return {"format": _FORMAT, "gpus": gpus | {self._gpu: own}}

        remember(self._path, change)


class Tuning:
    """Measures layers a little at a time, between the frames of what runs meanwhile.

    Args:
        tuner: remembers what comes of it.
        jobs: the layers that are not known yet.

    Attributes:
        total: how many layers there are to measure; those whose shaders are compiled for the next start are not.
        done: how many of them are.
    """

    def __init__(self, tuner: Tuner, jobs: Mapping[str, Job]) -> None:
        self.total, self.done = len(jobs), 0
        self._tuner = tuner
        self._pieces = self._measure(dict(jobs))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to measure."""
        return self.done >= self.total

    def step(self) -> tuple[str, Plan] | None:
        """One measurement, or one shader compiled; a layer and its fastest plan where that is now known."""
        return next(self._pieces, None)

    def _measure(self, jobs: dict[str, Job]) -> Iterator[tuple[str, Plan] | None]:
        for layer, job in jobs.items():
            found: dict[Plan, float] = {}
            if (yield from _compiled(job, found)):
                # Of some plans alone the fastest would be remembered for good.
                self.total -= 1
                continue
            for plan in found:
                found[plan] = job.seconds(plan)
                yield None
            near = sorted(found, key=found.__getitem__)[:_FINALISTS]
            for plan in near * _ROUNDS:
                found[plan] = min(found[plan], job.seconds(plan))
                yield None
            self.done += 1
            if near:
                best = min(near, key=found.__getitem__)
                self._tuner.note(layer, best)
                yield layer, best


def _compiled(job: Job, found: dict[Plan, float]) -> Generator[None, None, bool]:
    """Have all plans compiled, and find those that the driver takes; whether some are compiled for the next start."""
    late = False
    for plan in job.plans:  # asked for: several are compiled at the same time
        late |= _is_late(job, plan)
        yield
    if late:
        return True
    # Compiled first: a GPU that idles meanwhile falls asleep, and the next measurement would pay for it.
    for plan in job.plans:
        try:
            while not job.is_ready(plan):
                yield
            job.seconds(plan)
            found[plan] = math.inf
        except EngineError:  # what one driver refuses is not the fastest
            pass
        except NextTime:  # what adds its parts up, say: that is looked at once the rest is there
            late = True
        yield
    return late


def _is_late(job: Job, plan: Plan) -> bool:
    """Ask for a plan's shaders; whether they are compiled for the next start."""
    try:
        job.is_ready(plan)
    except NextTime:
        return True
    except EngineError:  # said, or left out, where it is measured
        pass
    return False


def _usable(job: Job) -> list[Plan]:
    """Compile a layer's plans; those that the driver takes."""
    found = []
    for plan in job.plans:
        with contextlib.suppress(EngineError):
            job.seconds(plan)
            found.append(plan)
    return found


def _wake(job: Job) -> None:
    """Keep a GPU busy until it runs at its full clock: while shaders are compiled, it falls asleep."""
    until = time.perf_counter() + _WAKING
    while time.perf_counter() < until:
        job.seconds(job.plans[0])


def _fastest(job: Job) -> Plan:
    found = {plan: job.seconds(plan) for plan in job.plans}
    near = sorted(job.plans, key=found.__getitem__)[:_FINALISTS]
    for plan in near * _ROUNDS:
        found[plan] = min(found[plan], job.seconds(plan))
    return min(near, key=found.__getitem__)


def _gpus(content: Content) -> dict[str, object]:
    usable = content.get("format") == _FORMAT and isinstance(content.get("gpus"), dict)
    return dict(content["gpus"]) if usable else {}


def _written(plan: Plan) -> list[str | int]:
    """The kind of its loop, the loop's numbers, and the plan's."""
    return [type(plan.loop).__name__, *plan.loop, *map(int, plan[1:])]


def _parsed(choices: object) -> dict[str, Plan]:
    """What `_written` made of each layer's plan; what is anything else is left out."""
    if not isinstance(choices, dict):
        return {}
    found = ((layer, _plan(written)) for layer, written in choices.items())
    return {layer: plan for layer, plan in found if plan is not None}


def _plan(written: object) -> Plan | None:
    if not isinstance(written, list) or not written or not isinstance(written[0], str):
        return None
    kind, numbers = _KINDS.get(written[0]), written[1:]
    if (
        kind is None
        or len(numbers) != len(kind._fields) + len(Plan._fields) - 1
        or any(type(n) is not int or n < 0 for n in numbers)
    ):
        return None
    *loop, parts, apart, run, all_half = numbers
    return Plan(kind(*loop), parts, bool(apart), run, bool(all_half))
