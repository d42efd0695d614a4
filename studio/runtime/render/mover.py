"""A preset that moves by itself, frame by frame, without a window: what is measured, what moves, what is bent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import chain
from typing import Protocol, TypeVar

from studio.control.crossing import Crossing
from studio.control.matrix import Matrix
from studio.control.measuring import PREFIX, PictureMeter
from studio.control.performing import Replay
from studio.engine.base import Engine
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.declared.tick import START, Tick
from studio.model.movement.address import Number
from studio.model.movement.feedback import FEEDBACK
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.movement.route import MACRO_BANK, ROUTES
from studio.model.movement.tempo import TEMPO
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.model.networks.section import SECOND
from studio.model.numbers import knobs
from studio.runtime.render.coming import DeepComing, there
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.turner import Turner
from studio.runtime.render.turns import Turn

Bend = Callable[[DeepPicture, float], DeepPicture]
Listen = Callable[[float], Measurements]
Made = TypeVar("Made")


def matrix_of(preset: Preset, others: Iterable[tuple[Number, float]] = ()) -> Matrix:
    """What moves in a preset.

    Args:
        preset: with its routes and macros.
        others: numbers that are no part of it and may be moved as well, each with what it moves about.
    """
    numbers = ((knob.number, knob.get(preset)) for knob in knobs(preset))
    return Matrix(chain(numbers, others), preset.section(ROUTES), preset.section(MACRO_BANK), preset.section(TEMPO))


def feeds_back(preset: Preset) -> bool:
    """Whether some of the output goes back in with the next picture, or may."""
    return preset.section(FEEDBACK).amount > 0.0 or "/feedback/amount" in matrix_of(preset).targets


class Second(Protocol):
    """Lends the maps of a second film or picture; see `studio.runtime.live.second_film`."""

    def play(self, spec: str) -> None:
        """Take those of this one, as the command line names it; empty for none."""

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """A run is about to begin."""


class Mover:
    """Moves the numbers of a preset before each picture is bent.

    The same pictures at the same times, from `begin` on, give the same pictures.

    Args:
        preset: what is bent, how, and what moves.
        engine: with the preset's network loaded; its stages and numbers are set.
        runner: what feeds it.
        bend: makes a picture of a picture at a time; the runner itself where it works on whole pictures.
        listen: what else was measured until a time: of sound, of controllers; or of pictures, which are not measured
            here then.
        replay: a performance that is played again; it begins with this preset.
        crossing: a fade or a morph, of which this preset is the first; not together with a performance.
        second: lends the maps of the second film that the preset, as it is now, says.
        as_played: whether numbers that wait for the first run have their effect from the second on, as in the window.
    """

    def __init__(
        self,
        preset: Preset,
        engine: Engine,
        runner: FrameRunner,
        bend: Bend | None = None,
        listen: Listen = lambda _: NOTHING,
        replay: Replay | None = None,
        crossing: Crossing | None = None,
        *,
        second: Second | None = None,
        as_played: bool = False,
    ) -> None:
        self._as_played, self._second = as_played, second
        if replay is not None and crossing is not None:
            raise StudioError("A performance and a fade cannot be rendered together; leave one out.")
        self._replay = replay
        self._crossing = crossing
        self._first = preset.bent.tensors
        self._touched: set[str] = set()
        if replay is not None and replay.take.whole:
            # It holds its own beginning, from the trained network on.
            self._first, self._touched = preset.network.tensors, set(preset.changed)
            preset = replay.preset
        self._engine = engine
        self._runner = runner
        self._bend = bend or runner
        self._listen = listen
        self._turner = Turner(engine, runner)
        self._meter = PictureMeter()
        self._before: dict[str, float] = {}
        self._moved: dict[str, float] = {}
        self._put_back()
        self.show(preset)

    def show(self, preset: Preset) -> None:
        """Take another preset of the same network: its stages, numbers and movements."""
        self._shown = preset
        if self._second is not None:
            self._second.play(preset.section(SECOND) or "")
        self._turner.show(preset)
        self._refuse()
        before, self._matrix = getattr(self, "_matrix", None), matrix_of(preset)
        if before is not None:
            self._matrix.keep(before)
        self._signals = self._matrix.signals | (self._crossing.signals if self._crossing is not None else frozenset())

    @property
    def moves(self) -> bool:
        """Whether the same picture may come out otherwise in the next frame."""
        return self._engine.moves or self._matrix.moves

    @property
    def shown(self) -> Preset:
        """What is bent now, but for strokes."""
        return self._shown

    def veil(self, stage: Stage | None) -> None:
        """Have a stage behind those of the preset, or none, or the same one with another amount."""
        before, self._turner.veil = self._turner.veil, stage
        if before is None or stage is None:
            stages = self._shown.section(STAGES)
            self._engine.set_stages(stages if stage is None else (*stages, stage))
        elif any(place.owner == stage.id for place in self._engine.places):
            self._engine.set_number(stage.id, "amount", stage.amount)

    def finish(self) -> None:
        """Do what the performance does after the last run."""
        if self._replay is not None:
            self._play(self._replay.seconds, self._replay.seconds)

    @property
    def remembers(self) -> bool:
        """Whether a bend has a memory, so that a frame needs those before it."""
        return self._engine.remembers

    @property
    def looks_at_layers(self) -> bool:
        """Whether something moves by what a layer's map was in the frame before."""
        return any(name.partition("/")[0] == "layer" for name in self._signals)

    def begin(self) -> None:
        """Start from the beginning: curves, memories and what motion is measured against are forgotten."""
        if self._replay is not None:
            self._replay.begin()
            self._put_back()
            self.show(self._replay.preset)
        if self._crossing is not None:
            self._crossing.reset()
        self._runner.forget()
        self._matrix.reset()
        self._meter.reset()
        self._before, self._moved = {}, {}
        self._runner.tick = START

    def __call__(self, picture: DeepPicture, time: float, frame: int = 0) -> DeepPicture:
        """(H, W, 3) RGB bent, with everything where it is at this time.

        Args:
            picture: of 8 or 16 bits.
            time: in seconds, rising from call to call.
            frame: how many frames came before it, for bends that go by frames.
        """
        return self._run(picture, _tick(frame, time), time, self._play(time, time), time, self._bend)

    def later(self, picture: DeepPicture, time: float, frame: int = 0) -> DeepComing:
        """As calling it; where the runner bends, the picture is on its way while the next one is bent.

        Returns:
            Waits for it, to be called once.
        """

        def bent(picture: DeepPicture, place: float) -> DeepComing:
            return there(self._bend(picture, place))

        bend = self._runner.later if self._bend is self._runner else bent
        return self._run(picture, _tick(frame, time), time, self._play(time, time), time, bend)

    def pass_by(self, time: float) -> None:
        """Let a frame go by that another device bends: what moves goes on as if it had been bent here.

        What it moves by is listened to, also what is measured of pictures.

        Args:
            time: in seconds, rising from call to call, also of those that are bent.
        """
        if self._matrix:
            self._moved = self._matrix.values(time, self._listen(time))
            self._turner.turn(self._moved)
        self._runner.pass_by(time)

    def run(self, picture: DeepPicture, tick: Tick, time: float, played: Measurements, place: float) -> DeepPicture:
        """As calling it, at any place of the source and in any frame.

        Args:
            picture: of 8 or 16 bits.
            tick: which frame it is, for bends.
            time: in seconds, for routes.
            played: the signals that a performance brings.
            place: seconds on the path of vectors.
        """
        return self._run(picture, tick, time, played, place, self._bend)

    def _run(
        self,
        picture: DeepPicture,
        tick: Tick,
        time: float,
        played: Measurements,
        place: float,
        bend: Callable[[DeepPicture, float], Made],
    ) -> Made:
        measured = self._measured(picture, time, played)
        self._cross(time, measured)
        if self._matrix:
            self._moved = self._matrix.values(time, measured)
            self._turner.turn(self._moved)
            self._refuse()
        self._runner.tick = tick
        if self._second is not None:
            self._second.before(self._runner, tick, picture)
        bent = bend(picture, place)
        if self._turner.catch_up() and not self._as_played:
            self._runner.forget()
            bent = bend(picture, place)
        self._look_at_layers()
        return bent

    def _refuse(self) -> None:
        if self._turner.refused:
            raise StudioError(self._turner.refused)

    def replayed(
        self, picture: DeepPicture, turn: Turn, ahead: Callable[[Measurements], object] = lambda _: None
    ) -> DeepPicture:
        """A run of the network as it took place while the performance was played.

        Args:
            picture: of 8 or 16 bits.
            turn: the run.
            ahead: called before it with the signals that the performance brings.
        """
        if turn.is_cut:
            self._runner.forget()
        clock = float(turn.tick.time)
        played = self._play(turn.time, clock)
        ahead(played)
        if not turn.is_again or self._bend is not self._runner:
            return self.run(picture, turn.tick, clock, played, turn.place)
        # What moves stays where it is until the next frame; some of it may be gone.
        self._turner.turn({address: self._moved[address] for address in self._moved.keys() & self._matrix.targets})
        bent = self._runner.again(picture)
        self._look_at_layers()
        return bent

    def _put_back(self) -> None:
        for name in self._touched:
            self._engine.set_tensor(name, self._first[name])
        self._touched.clear()

    def _play(self, time: float, clock: float) -> Measurements:
        """Do what the performance does until now; the signals that it brings."""
        if self._replay is None:
            return NOTHING
        step = self._replay.at(time, clock)
        for stroke in step.strokes:
            self._engine.replace(stroke.tensor, stroke.patch.rect, stroke.patch.values)
            self._touched.add(stroke.tensor)
        if step.is_new or not all(self._matrix.turn(address, value) for address, value in step.turned.items()):
            self.show(step.preset)
        elif step.turned:
            self._turner.turn(step.turned)
        return step.measured

    def _cross(self, time: float, measured: Measurements) -> None:
        """Go to where the fade or the morph is now."""
        mixed = None if self._crossing is None else self._crossing.at(time, measured)
        if mixed is None or self._crossing is None:
            return
        for name in self._crossing.tensors:
            self._engine.set_tensor(name, mixed.changed.get(name, mixed.network.tensors[name]))
        self.show(mixed)

    def _measured(self, picture: DeepPicture, time: float, played: Measurements) -> Measurements:
        measured = self._listen(time)
        values = {**measured.values, **self._before, **played.values}
        if any(name.startswith(PREFIX) and name not in values for name in self._signals):
            values |= self._meter.measure(picture)
        return Measurements(values, {**measured.began, **played.began}, {**measured.ended, **played.ended})

    def _look_at_layers(self) -> None:
        """Measure the maps that routes go by; they move in the next frame."""
        for name in self._signals:
            owner, _, rest = name.partition("/")
            layer, _, what = rest.rpartition("/")
            if owner == "layer" and layer in self._engine.graph:
                stats = self._engine.stats(layer)
                self._before[name] = stats.mean if what == "mean" else stats.maximum - stats.minimum


def _tick(frame: int, time: float) -> Tick:
    return Tick(frame, Fraction(time).limit_denominator(10**6))
