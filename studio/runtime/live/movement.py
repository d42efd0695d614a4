"""What moves by itself while a network runs: routes and macros of the open preset, once a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from studio.control.matrix import Matrix
from studio.control.measuring import PREFIX, PictureMeter
from studio.engine.base import Engine
from studio.errors import StudioError
from studio.model.declared.tick import Tick
from studio.model.movement.address import Number
from studio.model.movement.feedback import FEEDBACK
from studio.model.movement.latent_offset import LATENT
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.movement.route import MACRO_BANK, ROUTES, MacroBank, Routes
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.model.networks.state import STEPPING
from studio.model.numbers import knobs
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.orders import LayerOrder, Setting
from studio.runtime.live.report import Part
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import matrix_of
from studio.runtime.render.turner import Turner

Listen = Callable[[float], Measurements]

_RUN_HERE = ("/bend/", "/layer/")


@dataclass(frozen=True, eq=False)
class Move(LayerOrder, Setting):
    """Let the numbers of a preset be where it has them, and move as it says.

    Attributes:
        preset: its sections count; its tensors and stages go by other orders.
    """

    preset: Preset


@dataclass(frozen=True)
class MoveOthers(Setting):
    """Move what is no part of a preset as well: numbers of the window.

    Attributes:
        numbers: those that routes and macros lead to, each with what it moves about.
    """

    numbers: tuple[tuple[Number, float], ...] = ()


@dataclass(frozen=True)
class Moved(Part):
    """What moves now.

    Attributes:
        values: where the numbers are that move, by their addresses; those that do not run here are others' to turn.
        sources: what the source of each route says, by the route's number, before its curves.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Steered(Part):
    """By what the numbers of `Moved` move.

    Attributes:
        routes: of the preset that runs.
        macros: likewise.
    """

    routes: Routes = ()
    macros: MacroBank = MACRO_BANK.default


@dataclass(frozen=True)
class EditCosts(Part):
    """What a move of a live edit costs.

    Attributes:
        seconds: of the last one, until the device had it, by tensor.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Beats(Part):
    """How far the time has gone by which beats are counted.

    Attributes:
        time: of the last frame, in seconds since the beginning.
        at: when that frame was, by `time.monotonic`; 0 before the first.
    """

    time: float = 0.0
    at: float = 0.0

    def now(self, at: float) -> float:
        """The time at a moment of `time.monotonic`."""
        return self.time + (at - self.at) if self.at else 0.0


class Movement(Feature):
    """Works out what moves before each frame, and turns it.

    Attributes:
        listen: as it was given.
        measured: what had been measured outside of the picture and the network as the last frame began.

    Args:
        listen: what was measured until a time in seconds: of sound, of controllers.
    """

    def __init__(self, listen: Listen = lambda _: NOTHING) -> None:
        self.listen = listen
        self._order: Move | None = None
        self._graph: Graph | None = None
        self._engine: Engine | None = None
        self._turner: Turner | None = None
        self._runner: FrameRunner | None = None
        self._matrix = Matrix(())
        self._others: tuple[tuple[Number, float], ...] = ()
        self._is_new = False  # whether the order has not been carried out yet
        self._meter = PictureMeter()
        self._of_layers: dict[str, float] = {}
        self._values: dict[str, float] = {}
        self._sources: dict[int, float] = {}
        self._steered = Steered()
        self._beats = Beats()
        self.measured = NOTHING

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {Move: self._move, MoveOthers: self._move_others}

    def _move(self, order: Move) -> None:
        self._order, moved = order, self._values
        if self._turner is not None and self._runner is not None and self._preset is not None:
            # What is run again until the next frame has it already; what moves still stays where it is.
            self._begin(order.preset, self._runner, self._turner)
            self._values = {address: moved[address] for address in moved.keys() & self._matrix.targets}
            self._turner.turn(self._values)
        self._is_new = True

    def _move_others(self, order: MoveOthers) -> None:
        if order.numbers != self._others:
            self._others, self._is_new = order.numbers, True

    def restart(self) -> None:
        """Let what curves and meters remember be forgotten: what comes can be played again from here."""
        self._matrix.reset()
        self._meter.reset()
        self._of_layers = {}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        if graph is not self._graph:
            self._matrix, self._values, self._sources, self._of_layers = Matrix(()), {}, {}, {}
            self._meter.reset()
        self._engine, self._graph, self._turner, self._runner = engine, graph, None, None
        self._is_new = True

    def closing(self) -> None:
        """See `Feature.closing`."""
        self._engine = self._turner = self._runner = None

    def moves(self, engine: Engine) -> bool:
        """See `Feature.moves`."""
        del engine
        preset = self._preset
        if preset is None:
            return False
        return self._is_new or self._matrix.moves or preset.section(FEEDBACK).amount > 0.0

    @property
    def _preset(self) -> Preset | None:
        order = self._order
        return order.preset if order is not None and order.graph is self._graph else None

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """See `Feature.before`."""
        preset, time = self._preset, float(tick.time)
        self._beats = Beats(time, monotonic())
        if preset is None or self._engine is None:
            return
        if self._turner is None or runner is not self._runner:
            self._turner, self._runner, self._is_new = Turner(self._engine, runner), runner, True
        if self._is_new:
            self._begin(preset, runner, self._turner)
        if self._matrix:
            measured = self._measured(time, picture)
            self._values = self._matrix.values(time, measured)
            self._sources = self._matrix.sources(time, measured)
            self._turner.turn(self._values)
        self._steered = Steered(preset.section(ROUTES), preset.section(MACRO_BANK))
        if self._turner.refused:
            raise StudioError(self._turner.refused)

    def _begin(self, preset: Preset, runner: FrameRunner, turner: Turner) -> None:
        """Turn everything to its base: what moved before and moves no more goes back."""
        self._is_new = False
        before, self._matrix = self._matrix, matrix_of(preset, self._others)
        self._matrix.keep(before)
        self._values, self._sources = {}, {}
        runner.offsets = preset.section(LATENT)
        runner.feedback = preset.section(FEEDBACK)
        runner.stepping = preset.section(STEPPING)
        turner.steer(preset)
        turner.keep_edits(preset)
        own = {knob.number.address: knob.get(preset) for knob in knobs(preset)}
        turner.turn({address: value for address, value in own.items() if address.startswith(_RUN_HERE)})

    def _measured(self, time: float, picture: DeepPicture) -> Measurements:
        measured, signals = self.listen(time), self._matrix.signals
        self.measured = measured
        values = {**measured.values, **self._of_layers}
        if any(name.startswith(PREFIX) for name in signals):
            values |= self._meter.measure(picture)
        return Measurements(values, measured.began, measured.ended)

    def took(self, frame: Frame) -> None:
        """Turn what waited for the first run; measure the maps that routes go by, which move in the next frame."""
        if self._turner is not None:
            self._turner.catch_up()
        if not frame.is_new:
            return
        for name in self._matrix.signals:
            owner, _, rest = name.partition("/")
            layer, _, what = rest.rpartition("/")
            if owner == "layer" and layer in frame.engine.graph:
                stats = frame.engine.stats(layer)
                self._of_layers[name] = stats.mean if what == "mean" else stats.maximum - stats.minimum

    @property
    def is_prompt(self) -> bool:
        """See `Feature.is_prompt`."""
        return self._matrix.moves

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        yield Moved(self._values, self._sources)
        yield self._steered
        yield self._beats
        if self._engine is not None and self._engine.edit_seconds:
            yield EditCosts(dict(self._engine.edit_seconds))
