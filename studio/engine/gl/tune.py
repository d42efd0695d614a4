"""Measured choices, kept on disk for each GPU and driver, so that a layer is tuned once on a machine."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from studio.engine.gl.tiles import Narrow, Plan, Tile, Window

_FORMAT = 2

_FINALISTS, _ROUNDS = 6, 3
"""How many of the fastest plans are measured again, and how often: one measurement may have been disturbed."""

_WAKING = 0.5
"""Seconds."""


class Job(NamedTuple):
    """A layer whose fastest plan is wanted, and what tells the seconds that a plan takes."""

    plans: Sequence[Plan]
    seconds: Callable[[Plan], float]


def cache_path() -> Path:
    """Where choices are kept: under ``$XDG_CACHE_HOME``, else ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "network-bending-studio" / "tiles.json"


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

    def choose(self, jobs: Mapping[str, Job]) -> dict[str, Plan]:
        """The plan that is fastest for each layer; those that are not known yet are measured."""
        if self._unknown(jobs):
            # Another engine may have measured it meanwhile; two engines must not add the same sums in different order.
            self._known = self._stored() | self._known
        unknown = self._unknown(jobs)
        for job in unknown.values():  # compiles
            for plan in job.plans:
                job.seconds(plan)
        if unknown:
            _wake(next(iter(unknown.values())))
        for layer, job in unknown.items():
            self._known[layer] = _fastest(job)
        if unknown:
            self._save()
        return {layer: self._known[layer] for layer in jobs}

    def _unknown(self, jobs: Mapping[str, Job]) -> dict[str, Job]:
        return {layer: job for layer, job in jobs.items() if self._known.get(layer) not in job.plans}

    def _stored(self) -> dict[str, Plan]:
        return _parsed(self._load().get(self._gpu, {}))

    def _load(self) -> dict[str, object]:
        try:
            content = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        usable = isinstance(content, dict) and content.get("format") == _FORMAT
        return content["gpus"] if usable and isinstance(content.get("gpus"), dict) else {}

    def _save(self) -> None:
        """Replace the file at once: another engine may be reading it, or writing its own."""
        known = self._stored() | self._known
        own = {layer: [*plan.tile, plan.parts, int(plan.apart)] for layer, plan in known.items()}
        others = self._load()
        text = json.dumps({"format": _FORMAT, "gpus": others | {self._gpu: own}}, indent=1)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".tiles-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise


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


def _parsed(choices: object) -> dict[str, Plan]:
    """Each is written as the numbers of its tile, by whose count its kind is known, the parts, and whether those
    are apart.
    """
    if not isinstance(choices, dict):
        return {}
    kinds = {5: Narrow, 7: Tile, 8: Window}
    return {
        layer: Plan(kinds[len(numbers)](*numbers[:-2]), numbers[-2], bool(numbers[-1]))
        for layer, numbers in choices.items()
        if isinstance(numbers, list) and len(numbers) in kinds and all(type(n) is int and n >= 0 for n in numbers)
    }
