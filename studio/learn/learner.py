"""A network that learns, step by step, in whatever time there is."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from studio.engine.base import Engine
from studio.errors import StudioError, choices
from studio.learn.backend import Outcome, Pull, State
from studio.learn.lesson import Batch, Lesson
from studio.learn.memory import Need
from studio.learn.objective import Objective
from studio.learn.records import MOST_RATE, not_taken, numbers, require_fitting
from studio.learn.records import Checkpoint as Checkpoint
from studio.learn.records import Step as Step
from studio.learn.settings import SQUARED, Opens, Settings, objective_of, open_backend
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array


class Learner:
    """Teaches one network one lesson; belongs to the thread that made it.

    Args:
        network: what it begins with.
        lesson: what it is shown, and what is wanted.
        settings: how.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        opens: makes what learns instead, as on a window's own device and store.

    Attributes:
        network: what it began with.
        settings: how it learns; numbers of the schedule, batch and clip may be changed between steps (`turn`).
        need: what a step takes of memory, where that was found out.
        batch: the last crops; None before the first.

    Raises:
        StudioError: where the size, a loss or the lesson does not fit the network, or nothing of it learns.
    """

    def __init__(
        self, network: Network, lesson: Lesson, settings: Settings, engine: str = "auto", opens: Opens | None = None
    ) -> None:
        self.network = network
        self.lesson = lesson
        self.settings = settings
        self.objective = objective_of(network, settings)
        self._opens = opens or partial(open_backend, engine=engine)
        self.backend = self._opens(self.objective, settings.optimiser)
        self._random = np.random.default_rng(settings.seed)
        self._begun: Mapping[str, Any] = self._random.bit_generator.state
        self._waiting = 0
        # Steps that were asked for and not told of, and since when the first of them runs.
        self._asked: deque[tuple[int, float]] = deque()
        self._since = math.inf
        self._failed: StudioError | None = None
        self.batch: Batch | None = None
        self.need: Need | None = None

    @property
    def made(self) -> Size:
        """Of what the network makes."""
        return self.objective.shapes[self.network.graph.output].size

    @property
    def pictures(self) -> tuple[Picture, Picture] | None:
        """What was shown and wanted in the last crop; None before the first."""
        return None if self.batch is None else self.batch.pictures

    @property
    def steps(self) -> int:
        """How many have been taken."""
        return self.backend.steps

    def step(self) -> Step:
        """Take a whole step.

        Raises:
            StudioError: where it is not finite; weights are then as they were before it.
        """
        found = self.advance(math.inf, 1)
        while not found:
            found = self.advance(math.inf, 1)
        return found[-1]

    def advance(self, seconds: float, most: float = math.inf) -> list[Step]:
        """Learn for about so long, at least one part of a step, and at most the rest of one.

        A step that is not finished goes on with the next call. A device has several under way: many are quicker.

        Args:
            seconds: how long, 0 or more.
            most: so many steps at most.

        Returns:
            The steps that were finished.

        Raises:
            StudioError: as `step`; where others were finished before it, they come first, and it with the next call.
        """
        if not seconds >= 0:
            raise StudioError(f"Learning goes on for 0 seconds or more, not {seconds}.")
        self._raise()
        start, found, taken = time.perf_counter(), list[Step](), 0
        while self._failed is None:
            begun = time.perf_counter()
            if not self._waiting:
                self._begun, self._waiting = self._random.bit_generator.state, self.settings.batch
                self._since = min(self._since, begun)
            self._part()
            now = time.perf_counter()
            if not self._waiting:
                self._finish()
                taken += 1
                found += self._came(wait=taken >= most)
            if taken >= most or now - start + (now - begun) > seconds:
                break
        if self._failed is None:
            found += self._came(wait=True)
        if not found:
            self._raise()
        return found

    def _raise(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    def _part(self) -> None:
        count = min(self.settings.together, self._waiting)
        batch = self.lesson.batch(self._random, count, self.network.graph, self.settings.size, self.made)
        self.batch = batch
        self.lesson.take(self.backend.accumulate(batch, count / self.settings.batch))
        self._waiting -= count

    def _finish(self) -> None:
        self.lesson.settle()
        number = self.steps + 1
        rate = self.settings.schedule.at(number)
        self._asked.append((number, rate))
        self.backend.take(rate, self.settings.clip)

    def _came(self, *, wait: bool) -> list[Step]:
        """The steps that are done; a device may be a few ahead of them. The first that was not taken ends them."""
        found = []
        for outcome in self.backend.outcomes(wait=wait):
            try:
                found.append(self._step_of(outcome))
            except StudioError as error:
                self._failed = error
                break
        return found

    def _step_of(self, outcome: Outcome) -> Step:
        number, rate = self._asked.popleft()
        now = time.perf_counter()
        seconds, self._since = now - self._since, now if self._asked else math.inf
        if not outcome.is_finite:
            self._asked.clear()
            self._since = math.inf
            raise not_taken(number, rate, outcome, {name: self.tensor(name) for name in self.network.tensors})
        squared = outcome.parts.pop(SQUARED)
        lo, hi = self.network.graph.output_range
        psnr = 10 * math.log10((hi - lo) ** 2 / squared) if squared > 0 else math.inf
        return Step(number, outcome.total, outcome.parts, psnr, outcome.norm, rate, seconds)

    def turn(self, settings: Settings) -> None:
        """Go on with other settings from the next step; what is remembered of every weight is kept where it still fits.

        Raises:
            StudioError: where they do not fit the network; learning goes on as before.
        """
        old, objective = self.settings, self.objective
        alike = _layers_of(settings, objective) == _layers_of(old, objective)
        if alike and objective.statistics:
            settings.require_even()
        if not alike or settings.told != old.told:
            objective = objective_of(self.network, settings)
            # Weights of losses and numbers of the optimiser are told; nothing is compiled for them.
            if not alike or not self.backend.retune(objective, settings.optimiser):
                self._begin_anew(settings, objective)
        self.objective = objective
        self._forget_part()
        if settings.seed != old.seed:
            self._random = np.random.default_rng(settings.seed)
        self.settings = settings

    def move(self, settings: Settings, opens: Opens) -> None:
        """Go on on another engine from the next step: the same weights, and what is remembered of each.

        Args:
            settings: as that engine has room for them.
            opens: makes what learns there.

        Raises:
            StudioError: where that engine cannot be had; learning goes on as before.
        """
        objective, before = objective_of(self.network, settings), self._opens
        self._opens = opens
        try:
            self._begin_anew(settings, objective)
        except Exception:
            self._opens = before
            raise
        self.objective, self.settings = objective, settings
        self._forget_part()

    def _begin_anew(self, settings: Settings, objective: Objective) -> None:
        """Go on with another graph, kind of optimiser or engine, from the same weights."""
        before = self.backend
        state = before.state()
        backend = self._opens(objective, settings.optimiser)
        known = {name: value for name, value in state.tensors.items() if name in objective.network.tensors}
        kept = settings.optimiser.name == self.settings.optimiser.name
        backend.restore(State(known, state.slots if kept else {}, state.steps))
        backend.rates, backend.pulls, backend.watched = before.rates, before.pulls, before.watched
        before.close()
        self.backend = backend

    def _forget_part(self) -> None:
        if self._waiting:
            self.backend.drop()
            self.lesson.drop()
            self._random.bit_generator.state = dict(self._begun)
        self._waiting, self._since, self._failed = 0, math.inf, None

    def replace(self, tensor: str, rect: Rect, values: Array) -> None:
        """Put values into a rectangle of a tensor's sheet: a stroke, an edit, an undo."""
        self._require(tensor)
        self.backend.replace(tensor, rect, values)

    def set_rate(self, tensor: str, rate: Array | None) -> None:
        """Multiply the rate of every weight of a tensor: 0 keeps it bit for bit, 1 is as usual; None for all as usual.

        Args:
            tensor: full name.
            rate: in the tensor's own shape, 0 to 100.
        """
        self._require(tensor)
        if rate is None:
            self.backend.rates.pop(tensor, None)
            return
        shape = self.network.tensors[tensor].shape
        held = numbers(rate)
        if held.shape != shape or not ((held >= 0) & (held <= MOST_RATE)).all():
            raise StudioError(f'The rates of "{tensor}" need the shape {shape}, and numbers from 0 to {MOST_RATE:g}.')
        self.backend.rates[tensor] = held

    def set_pull(self, tensor: str, strength: Array | None, target: Array | None = None, of: str | None = None) -> None:
        """Draw every weight of a tensor towards others, by so much of the way in every step; None for no more.

        Args:
            tensor: full name.
            strength: in the tensor's own shape, 0 to 1.
            target: in the same shape; None for what the network began with.
            of: see `studio.learn.backend.Pull.towards`.
        """
        self._require(tensor)
        if strength is None:
            self.backend.pulls.pop(tensor, None)
            return
        shape = self.network.tensors[tensor].shape
        held, goal = numbers(strength), numbers(self.network.tensors[tensor] if target is None else target)
        fits = held.shape == shape == goal.shape and np.isfinite(goal).all()
        if not fits or not ((held >= 0) & (held <= 1)).all():
            raise StudioError(f'A pull on "{tensor}" needs strengths from 0 to 1 and a target, both of shape {shape}.')
        self.backend.pulls[tensor] = Pull(held, goal, of)

    def watch(self, layers: Collection[str]) -> None:
        """Keep the gradients of these layers' maps from the next crop on, and no others'; see `map_gradient`."""
        self.backend.watched = frozenset(self.network.graph.node(name).name for name in layers)

    def map_gradient(self, layer: str) -> Array | None:
        """(C, H, W), the gradient of a watched layer's map in the last crop; None where there is none."""
        return self.backend.map_gradient(self.network.graph.node(layer).name)

    def publish(self, engine: Engine) -> None:
        """Let an engine show what has been learnt; one that shares the learner's store shows it already."""
        if not self.backend.shares(engine):
            for name in self.backend.changing():
                if name in self.network.tensors:
                    engine.set_tensor(name, self.backend.tensor(name))

    def _require(self, tensor: str) -> None:
        if tensor not in self.network.tensors:
            known = choices(self.network.tensors, tensor)
            raise StudioError(f'There is no tensor "{tensor}"; this network has {known}.')

    def tensor(self, name: str) -> Array:
        """A copy of a tensor as it is now, in PyTorch's layout."""
        self._require(name)
        return self.backend.tensor(name)

    def gradient(self, name: str) -> Array | None:
        """A copy of its gradient in the last step; None where it has none."""
        self._require(name)
        return self.backend.gradient(name)

    def result(self) -> Network:
        """The network as it is now."""
        return self.network.with_tensors({name: self.backend.tensor(name) for name in self.network.tensors})

    def checkpoint(self) -> Checkpoint:
        """What the next step goes on from; a part of a step that is under way is begun anew from there."""
        random = self._begun if self._waiting else self._random.bit_generator.state
        rates, pulls = dict(self.backend.rates), dict(self.backend.pulls)
        return Checkpoint(self.backend.state(), dict(random), rates, pulls, self.lesson.remembered())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from there: the same lesson makes the same weights on the same engine.

        Raises:
            StudioError: where it is another network's; nothing has changed then.
        """
        require_fitting(checkpoint, self.objective.network)
        self._forget_part()
        self.backend.restore(checkpoint.state)
        self._random.bit_generator.state = dict(checkpoint.random)
        self.backend.rates, self.backend.pulls = dict(checkpoint.rates), dict(checkpoint.pulls)
        self.lesson.recall(checkpoint.remembered)

    def close(self) -> None:
        """Free what it holds on the device."""
        self.backend.close()
        self.lesson.close()

    def __iter__(self) -> Iterator[Step]:
        while True:
            yield self.step()


def _layers_of(settings: Settings, objective: Objective) -> tuple[object, ...]:
    """What settings make other layers than others do, losses aside; batch norms go by as many crops as run at once."""
    together = settings.together if objective.statistics else 0
    return settings.size, settings.learns, settings.frozen, settings.statistics, together
