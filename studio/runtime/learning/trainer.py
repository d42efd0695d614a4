"""A learner in a thread of its own, which steps back behind the picture's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from studio.errors import StudioError
from studio.model.layout import Rect
from studio.model.network import Network
from studio.model.op import Array
from studio.model.picture import Picture
from studio.runtime.services.failures import told
from studio.runtime.services.priority import step_back

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner, Step

Prepare: TypeAlias = "Callable[[], tuple[Learner, tuple[str, ...]]]"

# Seconds: how often weights and pictures are told at most, and how long a turn of learning lasts.
_WEIGHTS_EVERY, _PICTURES_EVERY, _TURN = 0.1, 0.7, 0.05
# A tenth of the time at most goes into telling.
_PATIENCE = 10
_IDLE = 0.05


@dataclass(frozen=True, eq=False)
class Told:
    """What a trainer tells, in its own thread; each field as far as there is something new.

    Attributes:
        prepared: whether this is the first, before any step.
        notes: remarks on what was not taken as asked.
        steps: what was learnt since the last.
        rests: whether no further steps are wanted.
        weights: tensors as they are now, by name; None where they are not told this time.
        edits: how many edits the weights have in them, see `Trainer.replace`.
        pictures: of the last crop: what was shown, what the network made of it before and makes now, what was wanted.
        gradient: of the tensor that is watched.
        checkpoint: what was asked for.
        problem: why it does not go on; empty while it does.
        details: the traceback of a defect.
        ended: whether it has closed.
    """

    prepared: bool = False
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    rests: bool = False
    weights: Mapping[str, Array] | None = None
    edits: int = 0
    pictures: tuple[Picture, Picture, Picture, Picture] | None = None
    gradient: tuple[str, Array] | None = None
    checkpoint: Checkpoint | None = None
    problem: str = ""
    details: str = ""
    ended: bool = False


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
        running: whether it begins at once.
    """

    def __init__(self, prepare: Prepare, tell: Callable[[Told], None], *, running: bool = True) -> None:
        self._prepare = prepare
        self._tell = tell
        self._ready = threading.Condition()
        self._orders: list[Callable[[Learner], object]] = []
        self._steps_left: float = float("inf") if running else 0
        self._closing = False
        self._edits = self._edited = 0
        self._watched = ""
        self._is_told = True
        self._thread = threading.Thread(target=self._run, name="learn", daemon=True)
        self._thread.start()

    # -- from other threads -----------------------------------------------------------------------------------------

    def run(self, steps: float = float("inf")) -> None:
        """Take so many steps more; 0 pauses."""
        with self._ready:
            self._steps_left = steps
            self._ready.notify()

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

        self._edits += 1
        self.order(put)
        return self._edits

    def watch(self, tensor: str) -> None:
        """Tell the gradient of this tensor now and then; empty for none."""
        self._watched = tensor

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

    def _run(self) -> None:
        try:
            learner, notes = self._prepare()
        except Exception as error:  # noqa: BLE001 - of a source, a lesson, PyTorch: the person must learn of it
            message = told(error, "Preparing the lesson")
            self._tell(Told(problem=message.text, details=message.details, ended=True))
            return
        try:
            step_back()
            leave_a_core()
            self._tell(Told(prepared=True, notes=notes))
            self._learn(learner)
        finally:
            learner.close()
            self._tell(Told(ended=True))

    def _learn(self, learner: Learner) -> None:
        weights, pictures = _Due(_WEIGHTS_EVERY), _Due(_PICTURES_EVERY)
        first = learner.result()
        is_new = False  # whether there are weights that have not been told
        while True:
            orders, wanted, closing = self._wait(0.0 if self._steps_left > 0 else _IDLE if is_new else 1.0)
            steps = self._turn(learner, orders, 0 if closing else wanted)
            is_new = is_new or bool(steps) or bool(orders)
            paused = closing or self._steps_left == 0
            if steps:
                self._tell(Told(steps=steps, rests=paused))
            if is_new and (closing or ((weights.now or paused) and self._is_told)):
                began, self._is_told, is_new = time.monotonic(), False, False
                self._tell(Told(weights=_weights(learner), edits=self._edited))
                weights.done(began)
            if steps and (pictures.now or paused):
                began = time.monotonic()
                self._tell(Told(pictures=pictures_of(learner, first), gradient=self._gradient(learner)))
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

    def _turn(self, learner: Learner, orders: Sequence[Callable[[Learner], object]], wanted: float) -> tuple[Step, ...]:
        """Carry out orders, and learn for a while; the steps that were taken. What fails is told, and pauses."""
        steps: tuple[Step, ...] = ()
        try:
            for order in orders:
                order(learner)
            steps = tuple(self._advance(learner, wanted)) if wanted > 0 else ()
        except StudioError as error:
            self._fail(str(error), "")
        except Exception as error:  # noqa: BLE001 - the weights are kept, and the person learns what happened
            message = told(error, "Learning")
            self._fail(message.text, message.details)
        with self._ready:
            self._steps_left = max(0, self._steps_left - len(steps))
        return steps

    def _advance(self, learner: Learner, wanted: float) -> list[Step]:
        if wanted == float("inf"):
            return learner.advance(_TURN)
        steps, began = [learner.step()], time.monotonic()
        while len(steps) < wanted and time.monotonic() - began < _TURN:
            steps.append(learner.step())
        return steps

    def _fail(self, problem: str, details: str) -> None:
        with self._ready:
            self._steps_left = 0
        self._tell(Told(problem=problem, details=details))

    def _gradient(self, learner: Learner) -> tuple[str, Array] | None:
        name = self._watched
        if name not in learner.network.tensors:
            return None
        found = learner.gradient(name)
        return None if found is None else (name, found)


def leave_a_core() -> None:
    """Let PyTorch leave a core to the picture."""
    from studio.engine.torch import leave_a_core

    leave_a_core()


def _weights(learner: Learner) -> dict[str, Array]:
    own = learner.network.tensors
    return {name: learner.tensor(name) for name in learner.backend.changing() if name in own}


def pictures_of(learner: Learner, first: Network) -> tuple[Picture, Picture, Picture, Picture] | None:
    """The last crop as it was shown, made before, made now, and wanted."""
    import torch

    from studio.model.picture import to_picture, to_tensor
    from studio.ops._reference import reference

    if learner.pictures is None:
        return None
    shown, wanted = learner.pictures
    graph = learner.network.graph
    fed = {}
    for i in graph.inputs:
        if i.kind == "vector":
            values = np.random.default_rng(0).standard_normal((1, i.channels, 1, 1), np.float32)
            fed[i.name] = torch.from_numpy(values)
        else:
            values = to_tensor(shown, i.channels, i.range, i.mean, i.std, i.order)[None]
            fed[i.name] = torch.from_numpy(values)
    made = []
    for network in (first, learner.result()):
        values = reference(network, fed)[graph.output][0].numpy()
        made.append(to_picture(values, graph.output_range, graph.output_order))
    return shown, made[0], made[1], wanted
