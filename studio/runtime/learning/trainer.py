"""A learner in a thread of its own, which steps back behind the picture's."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from studio.errors import StudioError
from studio.model.filters.version import Version
from studio.model.networks.layout import Rect, sheet_size, to_sheet
from studio.model.networks.shape import Array
from studio.runtime.learning.giving_way import Courtesy, turn_of
from studio.runtime.learning.look import DeadUnits, Good, Meter, Watched, maps_of, pictures_of
from studio.runtime.learning.told import Told
from studio.runtime.learning.versions import Versions
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.priority import step_back
from studio.runtime.services.right_of_way import RightOfWay

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner, Step

Prepare: TypeAlias = "Callable[[], tuple[Learner, tuple[str, ...]]]"

# Seconds: how often weights and pictures are told at most.
_WEIGHTS_EVERY, _PICTURES_EVERY = 0.1, 0.7
# A tenth of the time at most goes into telling.
_PATIENCE = 10
_IDLE = 0.05


@dataclass
class _Due:
    """When something that costs time may be told again."""

    least: float
    at: float = field(default=0.0)

    @property
    def now(self) -> bool:
        return time.monotonic() >= self.at

    def done(self, began: float) -> None:
        now = time.monotonic()
        self.at = now + max(self.least, _PATIENCE * (now - began))


class Trainer:
    """Learns until it is paused or closed; no method waits.

    Args:
        prepare: makes the learner, in the trainer's thread.
        tell: called in that thread with what there is to tell.
        versions: makes what is told of weights, in that thread.
        running: whether it begins at once.
        free: called last in the trainer's thread, when the learner is closed.
        way: what the picture takes for its frames on a GPU; None where nobody else uses it.

    Attributes:
        returns: how often it was to go back to a checkpoint.
    """

    def __init__(
        self,
        prepare: Prepare,
        tell: Callable[[Told], None],
        versions: Versions,
        *,
        running: bool = True,
        free: Callable[[], None] = lambda: None,
        way: RightOfWay | None = None,
    ) -> None:
        self._prepare, self._free, self._give = prepare, free, tell
        self._courtesy = Courtesy(way)
        self.versions = versions
        self._ready = threading.Condition()
        self._orders: list[Callable[[Learner], object]] = []
        self._steps_left: float = float("inf") if running else 0
        self._closing = self._pausing = False
        self._edits = self._edited = 0
        self.returns = self._returned = 0
        self._watched = self._seen = ""
        self._is_told, self._tells_all = True, False
        self._tuning = _Due(0.0)
        self._thread = threading.Thread(target=self._run, name="learn", daemon=True)
        self._thread.start()

    # -- from other threads -----------------------------------------------------------------------------------------

    def run(self, steps: float = float("inf")) -> None:
        """Take so many steps more; 0 pauses."""
        with self._ready:
            self._steps_left, self._pausing = steps, steps <= 0
            self._ready.notify()

    @property
    def is_wanted(self) -> bool:
        """Whether further steps are; what has come to rest may have been told to go on before that was heard."""
        return self._steps_left > 0

    def order(self, order: Callable[[Learner], object]) -> None:
        """Have this done between two steps."""
        with self._ready:
            self._orders.append(order)
            self._ready.notify()

    def replace(self, tensor: str, rect: Rect, values: Array) -> int:
        """Put a stroke or an edit into the learning weights between two steps.

        Returns:
            How many edits there have been; weights that are told with fewer of them are older than this one.
        """

        def put(learner: Learner) -> None:
            learner.replace(tensor, rect, values)
            self._edited += 1

        return self._edit(put)

    def renew(self, tensor: str, version: Version) -> int:
        """Put a whole tensor into the learning weights between two steps, as `replace` does a part of it."""

        def put(learner: Learner) -> None:
            learner.replace(tensor, Rect(0, 0, *sheet_size(version.values.shape)), to_sheet(version.values))
            self._edited += 1

        return self._edit(put)

    def _edit(self, put: Callable[[Learner], None]) -> int:
        self._edits += 1
        self.order(put)
        return self._edits

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint, and tell all of its weights, those that do not learn now too.

        What is told with fewer `returns` than there are from now on is of steps that count no more.
        """

        def go_back(learner: Learner) -> None:
            self._returned += 1
            learner.restore(checkpoint)
            self._tells_all = True

        self.returns += 1
        self.order(go_back)

    def retell(self) -> None:
        """Tell all weights again: what was told was not taken in."""
        self.order(lambda _: setattr(self, "_tells_all", True))

    def watch(self, tensor: str) -> None:
        """Tell how this tensor moves now and then, and at once where nothing moves; empty for none."""
        self._watched = tensor
        self.order(self._look_at_rest)

    def taken(self) -> None:
        """The last weights have been taken in; more may come."""
        self._is_told = True

    def close(self, timeout: float = 0.0) -> None:
        """End it after the step under way; waits so many seconds at most."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if timeout:
            self._thread.join(timeout)

    # -- in its own -------------------------------------------------------------------------------------------------

    def _tell(self, told: Told) -> None:
        self._give(replace(told, returns=self._returned))

    def _run(self) -> None:
        try:
            learner, notes = self._prepare()
        except BaseException as error:  # noqa: BLE001 - of a source, a lesson, PyTorch: the person must learn of it
            message = told(error, "Preparing the lesson")
            self._free()
            self._tell(Told(problem=message.text, details=message.details, ended=True))
            return
        try:
            step_back()
            self._tell(Told(prepared=True, notes=notes))
            self._learn(learner)
        except BaseException as error:  # noqa: BLE001 - of a look at what learns, say
            message = told(error, "Learning")
            self._tell(Told(problem=message.text, details=message.details))
        finally:
            learner.close()
            self._free()
            self._tell(Told(ended=True))

    def _learn(self, learner: Learner) -> None:
        weights, pictures = _Due(_WEIGHTS_EVERY), _Due(_PICTURES_EVERY)
        first, dead = learner.result(), DeadUnits()
        good, meter = Good(learner), Meter()
        moving: set[str] = set()
        is_new = False  # whether there are weights that have not been told, or not as the last
        while True:
            if self._steps_left <= 0:
                meter.begin()
            orders, wanted, closing = self._wait(0.0 if self._steps_left > 0 else _IDLE if is_new else 1.0)
            looks = pictures.now or wanted == 1
            before = self._watched_now(learner) if looks else None
            # An order may freeze what has moved and was not told.
            moving.update(learner.backend.changing())
            steps, problem = self._turn(learner, orders, 0 if closing else wanted)
            is_new = is_new or bool(steps) or any(order != self._look_at_rest for order in orders)
            if self._tells_all:
                moving.update(learner.network.tensors)
                self._tells_all = False
            paused = closing or self._steps_left == 0
            meter.add(len(steps))
            if steps:
                self._tell(Told(steps=steps, rests=paused))
            if problem or (is_new and (closing or ((weights.now or paused) and self._is_told))):
                began, self._is_told, is_new = time.monotonic(), False, not paused
                learnt = _weights(learner, moving)
                if not good.take(learner, learnt, self._edited, failed=bool(problem)):
                    problem = good.go_back(learner, self._edited, problem)
                    moving.update(learner.network.tensors)
                    learnt = _weights(learner, moving)
                moving.clear()
                self._tell(Told(weights=self.versions.of(learnt), edits=self._edited, rests=paused))
                weights.done(began)
            if problem:
                paused = self._stop(problem, learner.steps)
            if steps and (looks or paused):
                began = time.monotonic()
                maps = maps_of(learner.result(), learner)
                self._tell(
                    Told(
                        pictures=pictures_of(learner, first, maps),
                        watched=self._look(learner, before, len(steps)),
                        effort=meter.read(learner),
                        dead=dead.look(learner, maps),
                    )
                )
                pictures.done(began)
            if closing:
                return

    def _wait(self, seconds: float) -> tuple[list[Callable[[Learner], object]], float, bool]:
        """What is to be done, waited for so long at most: orders, steps, and whether to end."""
        with self._ready:
            if seconds and not (self._orders or self._closing or self._steps_left > 0):
                self._ready.wait(seconds)
            orders, self._orders = self._orders, []
            return orders, self._steps_left, self._closing

    def _turn(
        self, learner: Learner, orders: Sequence[Callable[[Learner], object]], wanted: float
    ) -> tuple[tuple[Step, ...], Message | None]:
        """Carry out orders, and learn for a while; the steps that were taken, and what failed, which ends the turn."""
        steps: tuple[Step, ...] = ()
        problem: Message | None = None
        left = deque(orders)
        try:
            while left:
                self._carry_out(left.popleft(), learner)
            self._courtesy.leave_a_core(learner.backend)
            steps = tuple(self._advance(learner, wanted)) if wanted > 0 else ()
            if steps and self._tuning.now:
                began = time.monotonic()
                learner.backend.tune()
                self._tuning.done(began)
        except BaseException as error:  # noqa: BLE001 - the weights are kept, and the person learns what happened
            problem = told(error, "Learning")
            with self._ready:
                # Edits and ways back behind it count for the document already.
                self._orders = [*left, *self._orders]
        return steps, problem

    def _carry_out(self, order: Callable[[Learner], object], learner: Learner) -> None:
        """What is refused changes nothing, and learning goes on."""
        try:
            order(learner)
        except StudioError as error:
            self._tell(Told(refused=str(error)))

    def _advance(self, learner: Learner, wanted: float) -> list[Step]:
        turn = turn_of(queues=learner.backend.queues)
        learner.backend.give_way = lambda: self._give_way(learner.steps)
        if wanted == float("inf"):
            return learner.advance(turn)
        steps: list[Step] = []
        began = time.monotonic()
        while (not steps or time.monotonic() - began < turn) and self._take_one():
            steps.append(learner.step())
        return steps

    def _give_way(self, steps: int) -> None:
        # A hand that waits for the end of the step comes before the picture.
        if not (self._closing or self._pausing or self._orders):
            self._courtesy.wait(steps)

    def _take_one(self) -> bool:
        """Whether a step is still wanted; counted before it is taken, since other steps may be asked for during it."""
        with self._ready:
            is_wanted = self._steps_left > 0
            self._steps_left = max(0, self._steps_left - 1)
            return is_wanted

    def _stop(self, problem: Message, step: int) -> bool:
        """Pause, and say why."""
        with self._ready:
            self._steps_left = 0
        self._tell(Told(problem=problem.text, details=problem.details, step=step))
        return True

    def _watched_now(self, learner: Learner) -> tuple[str, Array] | None:
        name = self._watched
        return (name, learner.tensor(name)) if name in learner.network.tensors else None

    def _look_at_rest(self, learner: Learner) -> None:
        """Tell of a tensor between two steps, where no further one would."""
        name = self._watched
        gradient = learner.gradient(name) if self._steps_left <= 0 and name in learner.network.tensors else None
        if gradient is not None:
            self._tell(Told(watched=Watched(name, gradient, None, None, learner.backend.remembered(name))))

    def _look(self, learner: Learner, before: tuple[str, Array] | None, steps: int) -> Watched | None:
        """The tensor that is watched, unless that is another since the steps began."""
        if before is None or before[0] != self._watched:
            return None
        name, then = before
        layer = name.rpartition(".")[0]
        if self._seen != layer:
            # Its map's gradient comes with the next look.
            learner.watch([layer])
            self._seen = layer
        update = (learner.tensor(name) - then) / np.float32(steps)
        state = learner.backend.remembered(name)
        return Watched(name, learner.gradient(name), update, learner.map_gradient(layer), state)


def _weights(learner: Learner, moving: Collection[str]) -> dict[str, Array]:
    """Those that move now, or have moved until now."""
    named = dict.fromkeys((*learner.backend.changing(), *sorted(moving)))
    return {name: learner.tensor(name) for name in named if name in learner.network.tensors}
