"""The engine that runs the open network; where one fails, the next takes its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from studio.engine.base import Engine
from studio.engine.choose import Choice
from studio.engine.display import Display
from studio.errors import EngineError, StudioError
from studio.model.bends.stage import Stage
from studio.model.filters.edit import Patch
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.runtime.live.journal import Journal
from studio.runtime.live.orders import Open, Replace, Weighed
from studio.runtime.live.report import EngineState
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.size import WorkingSize
from studio.runtime.services.failures import told
from studio.runtime.services.priority import step_back

_TIME_EVERY = 1 / 20
_TRIES = 2
"""Frames that an engine may lose, one after the other, before it is closed."""

_FIRST_REST, _LONGEST_REST = 2.0, 60.0
"""Seconds until engines that have all failed are tried again, twice as many each time."""


class EngineHost:
    """Opens engines and closes them; belongs to the render thread.

    Orders are noted at once, and an engine is opened when one is next needed, so that a network and an engine that are
    asked for together open once.

    Attributes:
        network: what is to run, with its weights as they were when it was opened.
        engine: what runs it; None before the first, and while none can.
        runner: feeds pictures to that engine.
        choice: why it is that engine.
        keep: asked whether an engine that another network replaces must live on; whoever says so closes it.

    Args:
        display: opens engines whose maps it can show.
        journal: takes what fails.
        on_open: called with an engine that has been opened.
        on_close: called before an engine is closed.
        clock: seconds.
    """

    def __init__(
        self,
        display: Display,
        journal: Journal,
        on_open: Callable[[Engine, Graph], None],
        on_close: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.network: Network | None = None
        self.engine: Engine | None = None
        self.runner: FrameRunner | None = None
        self.choice = Choice("torch", "")
        self.keep: Callable[[Engine, FrameRunner], bool] = _keep_none
        self._veil: Stage | None = None
        self._display = display
        self._journal = journal
        self._on_open = on_open
        self._on_close = on_close
        self._clock = clock
        self._wanted = "auto"
        self._bypassed: frozenset[str] = frozenset()
        self._stages: tuple[Stage, ...] = ()
        self._is_due = False
        self._failed: set[str] = set()
        self._lost = 0  # frames, one after the other
        self._rest, self._again = _FIRST_REST, 0.0

    @property
    def graph(self) -> Graph | None:
        """The open network's, as orders know it."""
        return self.network.graph if self.network is not None else None

    def state(self, working: WorkingSize | None, problem: str) -> EngineState:
        """What there is to tell of it.

        Args:
            working: at what size the network works; None before the first picture.
            problem: why there is no picture.
        """
        engine, choice = self.engine, self.choice
        return EngineState(
            engine.name if engine is not None else "",
            engine.device if engine is not None else "",
            choice.reason,
            self._display.is_software,
            working.picture if working is not None else None,
            working.output if working is not None else None,
            problem,
            choice.unmeasured if engine is not None else "",
        )

    # -- orders -----------------------------------------------------------------------------------------------------

    def open(self, order: Open) -> None:
        """Run another network."""
        self._close(keep=self.keep)
        self.network, self._bypassed, self._stages = order.network, order.bypassed, order.stages
        self._try_all()

    def choose(self, name: str) -> None:
        """Run on another engine."""
        self._wanted = name
        self.close()
        self._try_all()

    def weighed(self, order: Weighed) -> None:
        """Say why this engine runs, where it was taken before anybody had measured."""
        if self.choice.unmeasured:
            self.choice = Choice(self.choice.name, order.reason)

    def bypass(self, layers: frozenset[str]) -> None:
        """Bypass just these layers."""
        self._bypassed = layers
        if self.engine is not None:
            self.engine.bypass(layers)
        else:
            self._try_all()

    def set_stages(self, stages: tuple[Stage, ...]) -> None:
        """Bend what layers hand on by just these stages."""
        self._stages = stages
        if self.engine is not None:
            self.engine.set_stages(self._all_stages)
        else:
            self._try_all()

    @property
    def _all_stages(self) -> tuple[Stage, ...]:
        return self._stages if self._veil is None else (*self._stages, self._veil)

    @property
    def veil(self) -> Stage | None:
        """The stage behind all others."""
        return self._veil

    @veil.setter
    def veil(self, stage: Stage) -> None:
        self._veil = stage
        if self.engine is not None:
            self.engine.set_stages(self._all_stages)

    def lift(self, amount: float) -> None:
        """Let the veil have another amount in the next run."""
        if self._veil is None or self.engine is None:
            return
        self._veil = replace(self._veil, amount=amount)
        if any(place.owner == self._veil.id for place in self.engine.places):
            self.engine.set_number(self._veil.id, "amount", amount)

    def unveil(self) -> None:
        """Take the veil away."""
        veil, self._veil = self._veil, None
        if veil is not None and self.engine is not None:
            self.engine.set_stages(self._stages)
            self.engine.lend(veil.id, None)

    def replace(self, order: Replace) -> None:
        """New values of a rectangle of a tensor's sheet."""
        if self.engine is not None:
            self.engine.replace(order.tensor, order.rect, order.values)
        elif self.network is not None:
            tensor = Patch(order.rect, order.values).applied(self.network.tensors[order.tensor])
            self.network = self.network.with_tensors({order.tensor: tensor})
            self._try_all()

    # -- engines ----------------------------------------------------------------------------------------------------

    def settle(self) -> Engine | None:
        """The engine, opened now where that is due; None where none runs."""
        if self.engine is None and self.network is not None:
            if not self._is_due and self._clock() >= self._again:
                self._failed.clear()
                self._is_due = True
            if self._is_due:
                self._is_due = False
                self._open(self.network)
        return self.engine

    def ran(self) -> None:
        """A frame has come out whole."""
        if self._lost and not self._failed:
            self._journal.solved("engine")
        self._lost, self._rest = 0, _FIRST_REST

    @property
    def is_due(self) -> bool:
        """Whether `settle` will open an engine."""
        return self._is_due and self.network is not None

    def failed(self, error: BaseException) -> None:
        """A frame was lost to what is no mistake of the input.

        Frames are lost to a driver, an operator or a lack of memory. The engine gets another try; then it is closed,
        and the next one takes over.
        """
        assert self.engine is not None
        name = self.engine.name
        self._lost += 1
        self._journal.fail("engine", f"Engine {name}", error)
        if self._lost >= _TRIES:
            self._failed.add(name)
            self.close()
            self._is_due = bool(self._candidates())
            self._lost = 0
            if not self._is_due:
                self._wait()

    def close(self) -> None:
        """Close the engine; what it was told of weights is kept."""
        if self.engine is not None and self.network is not None:
            engine, network = self.engine, self.network
            told_of = self._journal.once(
                "Keeping the weights", lambda: {name: engine.tensor(name) for name in network.tensors}
            )
            self.network = network.with_tensors(told_of or {})
        self._close()

    def _close(self, keep: Callable[[Engine, FrameRunner], bool] | None = None) -> None:
        if self.engine is None:
            return
        self._on_close()
        engine, runner, self.engine, self.runner = self.engine, self.runner, None, None
        if keep is not None and runner is not None and self._journal.once("Fading", partial(keep, engine, runner)):
            return
        self._journal.once(f"Closing engine {engine.name}", engine.close)

    def _try_all(self) -> None:
        """Something has changed: whatever has failed may work now."""
        self._failed.clear()
        self._lost, self._rest, self._is_due = 0, _FIRST_REST, True

    def _wait(self) -> None:
        self._again = self._clock() + self._rest
        self._rest = min(2 * self._rest, _LONGEST_REST)

    def _candidates(self) -> list[str]:
        names = dict.fromkeys((self._wanted, "torch"))
        # What "auto" would take has failed where anything has.
        return [name for name in names if name not in self._failed and not (name == "auto" and self._failed)]

    def _open(self, network: Network) -> None:
        if not self._failed:
            self._journal.solved("engine")
        for name in self._candidates():
            try:
                engine, self.choice = self._display.open_engine(network, name)
            except BaseException as error:  # noqa: BLE001 - another engine may run
                self._failed.add(name)
                self._journal.problem("engine", told(error, f"Opening engine {name}"))
                continue
            self.engine, self.runner = engine, FrameRunner(engine)
            self._journal.attempt("bypass", "Bypassing layers", partial(engine.bypass, self._bypassed))
            self._journal.attempt("stages", "Bending", partial(engine.set_stages, self._all_stages))
            engine.time_every = _TIME_EVERY
            if engine.name == "torch":
                from studio.engine.torch.device import leave_a_core

                leave_a_core()
            # Not sooner: importing PyTorch at a low priority, with Python's lock in hand, holds the window up.
            step_back()
            self._on_open(engine, network.graph)
            return
        self._wait()


def _keep_none(engine: Engine, runner: FrameRunner) -> bool:
    del engine, runner
    return False


def is_engines_fault(error: BaseException) -> bool:
    """Whether another engine might do what this one could not; a plain `StudioError` is about what it was given."""
    return isinstance(error, EngineError) or not isinstance(error, StudioError)
