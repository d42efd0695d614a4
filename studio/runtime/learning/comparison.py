"""Networks that learn the same lesson side by side, a step of each in turn, to see which learns better."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import Signal, SignalInstance

from studio.errors import StudioError
from studio.model.networks.network import Network
from studio.runtime.learning.giving_way import leave_a_core
from studio.runtime.learning.look import Pictures, pictures_of
from studio.runtime.learning.record import Curves
from studio.runtime.services.failures import told
from studio.runtime.services.priority import step_back

if TYPE_CHECKING:
    from studio.learn.learner import Learner, Step
    from studio.learn.prepare import Asked

State = Literal["off", "preparing", "learning", "paused"]
Post = Callable[[Callable[[], None]], None]
Say = Callable[[str, str], object]

_PICTURES_EVERY, _PATIENCE = 0.7, 10
_IDLE = 0.1


@dataclass(eq=False)
class Run:
    """One of the networks, and how far it has come.

    Attributes:
        name: what tells it from the others.
        network: as it is now; as it began before the first pause.
        curves: losses so far.
        last: the last step; None before the first.
        seconds: that its own steps took.
        pictures: of the last crop: shown, made before, made now, wanted.
    """

    name: str
    network: Network
    curves: Curves = field(default_factory=Curves)
    last: Step | None = None
    seconds: float = 0.0
    pictures: Pictures | None = None


class Comparison:
    """Belongs to the thread that made it; networks learn in one of their own.

    All see the same crops in the same order, and take their steps in turn, so that none has more of the processor.

    Args:
        post: has a callable called in its thread, soon.
        say: told sentences for the person, and the traceback of a defect.

    Attributes:
        changed: emits what is new: "state", "steps", "pictures".
        state: what it does.
        runs: the networks.
        problem: why it stopped; empty where it did not have to.
    """

    changed: ClassVar[SignalInstance] = Signal(str)  # type: ignore[assignment]

    def __init__(self, post: Post, say: Say) -> None:
        self._post, self._say = post, say
        self.state: State = "off"
        self.runs: list[Run] = []
        self.problem = ""
        self._race: _Race | None = None

    def begin(self, networks: Sequence[tuple[str, Network]], asked: Asked, steps: float = float("inf")) -> None:
        """Let these learn, each under a name; what learnt before ends.

        Args:
            networks: names and networks.
            asked: the lesson, the same for all.
            steps: how many each takes before it rests.
        """
        self.end()
        self.runs, self.problem = [Run(name, network) for name, network in networks], ""

        def tell(news: _News) -> None:
            self._post(lambda: self._take(race, news))

        race = self._race = _Race([network for _, network in networks], asked, tell)
        self._set("preparing")
        race.run(steps)

    def go_on(self, steps: float = float("inf")) -> None:
        """Take steps, without end or so many of each."""
        if self._race is not None:
            self.problem = ""
            self._race.run(steps)
            if self.state == "paused":
                self._set("learning")

    def pause(self) -> None:
        """Take no further steps."""
        if self._race is not None:
            self._race.run(0)

    def end(self, wait: float = 0.0) -> None:
        """End it; what was learnt stays to be seen. Waits for the step under way, so many seconds at most."""
        race, self._race = self._race, None
        if race is not None:
            race.close(wait)
        self._set("off")

    def _take(self, race: _Race, news: _News) -> None:
        if race is not self._race:
            return
        for run, step in zip(self.runs, news.steps, strict=False):
            run.curves.add(step)
            run.last, run.seconds = step, run.seconds + step.seconds
        for run, pictures, network in zip(self.runs, news.pictures, news.networks, strict=False):
            run.pictures, run.network = pictures, network
        if news.problem:
            self.problem = news.problem
            self._say(news.problem, news.details)
        if news.ended:
            self._race = None
        # What has come to rest may have been told to go on meanwhile, and be under way already.
        rests = news.rests is not None and news.rests == race.orders
        self._set("off" if news.ended else "paused" if rests else "learning")
        for what, there in (("steps", news.steps), ("pictures", news.pictures)):
            if there:
                self.changed.emit(what)

    def _set(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit("state")


@dataclass(frozen=True, eq=False)
class _News:
    """What came of a round: a step of each, and now and then what each makes of its last crop.

    Attributes:
        rests: the order behind which it rests; None where it goes on.
    """

    steps: tuple[Step, ...] = ()
    pictures: tuple[Pictures | None, ...] = ()
    networks: tuple[Network, ...] = ()
    rests: int | None = None
    problem: str = ""
    details: str = ""
    ended: bool = False


class _Race:
    """The thread in which they learn; no method waits but `close`.

    Attributes:
        orders: how many have changed what it does.
    """

    def __init__(self, networks: Sequence[Network], asked: Asked, tell: Callable[[_News], None]) -> None:
        self._networks, self._asked, self._tell = networks, asked, tell
        self._ready = threading.Condition()
        self._left: float = 0
        self.orders = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="compare", daemon=True)
        self._thread.start()

    def run(self, rounds: float) -> None:
        """Take so many steps more of each; 0 rests."""
        with self._ready:
            if rounds or self._left:  # else it rests already, or will behind the step under way
                self.orders += 1
            self._left = rounds
            self._ready.notify()

    def close(self, timeout: float) -> None:
        """End it after the step under way."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        if timeout:
            self._thread.join(timeout)

    def _run(self) -> None:
        learners: list[Learner] = []
        try:
            from studio.learn.prepare import prepare

            for network in self._networks:
                learners.append(prepare(network, self._asked, "torch")[0])
            step_back()
            leave_a_core()
            self._learn(learners)
            self._tell(_News(ended=True))
        except BaseException as error:  # noqa: BLE001 - of a source, a lesson, PyTorch: the person must learn of it
            message = told(error, "The comparison")
            self._tell(_News(problem=message.text, details=message.details, ended=True))
        finally:
            for learner in learners:
                learner.close()

    def _learn(self, learners: Sequence[Learner]) -> None:
        due = 0.0
        rests: int | None = None
        while (wanted := self._wait(rests)) is not None:
            steps: tuple[Step, ...] = ()
            problem = ""
            try:
                steps = tuple(learner.step() for learner in learners) if wanted else ()
            except StudioError as error:
                problem = str(error)
                self.run(0)
            rests = self._rests()
            began = time.monotonic()
            if rests is not None or began >= due:
                pictures = tuple(pictures_of(learner, learner.network) for learner in learners)
                networks = tuple(learner.result() for learner in learners)
                due = time.monotonic() + max(_PICTURES_EVERY, _PATIENCE * (time.monotonic() - began))
                self._tell(_News(steps, pictures, networks, rests, problem))
            else:
                self._tell(_News(steps))

    def _rests(self) -> int | None:
        """The order behind which no further step is wanted; None where one is."""
        with self._ready:
            return None if self._left > 0 else self.orders

    def _wait(self, rests: int | None) -> bool | None:
        """Whether there is a step to take; None at the end. Waits where it rests until another order comes."""
        with self._ready:
            while rests == self.orders and not self._closing:
                self._ready.wait(_IDLE)
            if self._closing:
                return None
            is_wanted = self._left > 0
            self._left = max(0, self._left - 1)
            return is_wanted
