"""Which picture the network runs on, when, and at what time: what plays, the clock, and edits decide it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from studio.engine.base import Engine
from studio.errors import MemoryLackError, StudioError
from studio.io.resize import resized
from studio.io.sources.latent import WORD, path_given
from studio.model.bends.stage import made
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.runtime.live.clock import Clock
from studio.runtime.live.player import Player
from studio.runtime.live.playing import Newest
from studio.runtime.render.frame_runner import FrameRunner, Launched
from studio.runtime.render.size import WorkingSize, parse_size

Prepare = Callable[[FrameRunner, Tick, DeepPicture], None]

_FIRST_REST, _LONGEST_REST = 1.0, 30.0
"""Seconds until a picture that lacked memory is run again, and how long that may become where it lacks it again."""


@dataclass(frozen=True)
class Run:
    """How the network ran last.

    Attributes:
        at: when it began, in nanoseconds of `time.monotonic_ns`.
        tick: which frame it was; that of the run before where only what edits reached ran again.
        position: seconds from the source's start at which its picture stands.
        laps: how often the source had begun again before it.
        is_cut: whether the picture does not follow the one before.
        is_again: whether only what edits reached ran again.
    """

    at: int
    tick: Tick
    position: float
    laps: int
    is_cut: bool = False
    is_again: bool = False


class Underway(NamedTuple):
    """A frame that was begun and is not waited for: where it is, how it runs, and when that was, by `perf_counter`."""

    launched: Launched
    run: Run
    began: float


class _Input(NamedTuple):
    """What the network was fed last."""

    picture: DeepPicture
    newest: Newest


class Pictures:
    """Runs the network on what plays; belongs to the render thread.

    A frame is run for every new picture; where something moves by itself, also while the source stands still or brings
    few. Between frames only what edits reached is run again: that remembers nothing new.

    Attributes:
        size: to which pictures are brought, as the command line gives it.
        held: whether no new picture is taken in.
        has_run: whether the engine holds a picture of the open network, made of the newest that may be taken.
        working: how the last picture passed through the network; None before the first.
        last: how the network ran last; None before it has.

    Args:
        player: brings pictures.
        clock: says when frames take place.
    """

    def __init__(self, player: Player, clock: Clock | None = None) -> None:
        self.size = "256"
        self.held = False
        self.has_run = False
        self.working: WorkingSize | None = None
        self.last: Run | None = None
        self._player = player
        self._clock = clock or Clock()
        self._taken = -1  # the number of the picture that was run last
        self._input: _Input | None = None
        self._is_due = self._begins = False
        self._again_at, self._rest = math.inf, _FIRST_REST

    def crops(self, graph: Graph) -> dict[str, Size]:
        """What belongs to the picture of the maps that hold one, once it has run; the rest of them is a border."""
        assert self.working is not None
        whole, padded = self.working.picture, self.working.padded
        crops = {i.name: whole if i.smaller == (1, 1) else i.map_size(padded) for i in graph.inputs if i.has_size}
        return crops | dict.fromkeys((graph.output, made(graph.output)), self.working.output)

    def restart(self) -> None:
        """Another network is open: its first frame is at time 0."""
        self._clock.begin()

    def begin(self) -> None:
        """Another engine runs; time goes on."""
        self._taken, self._input, self.has_run = -1, None, False

    def renew(self) -> None:
        """Run the newest picture again: size, layers or what failed have changed."""
        self._taken = -1

    def lost(self, error: BaseException) -> None:
        """The newest picture has not come out; where it lacked memory alone, it is run again by itself, soon."""
        self.has_run = False
        if isinstance(error, MemoryLackError):
            self._again_at = time.monotonic() + self._rest
            self._rest = min(2 * self._rest, _LONGEST_REST)

    def again(self) -> None:
        """Run once more what is fed already, at a time of its own, though nothing moves."""
        self._is_due = True

    def begin_again(self) -> None:
        """Let states and bends with memory begin again, as after a seek, though the source goes on."""
        self._begins = self._is_due = True

    def run(self, engine: Engine, runner: FrameRunner, *, moves: bool, prepare: Prepare) -> bool:
        """Run what there is to run.

        Args:
            engine: runs.
            runner: feeds it.
            moves: whether the same picture may come out differently now.
            prepare: called before a frame.

        Returns:
            Whether anything ran.

        Raises:
            StudioError: where the picture does not fit the size or the network. Whatever else an engine raises, too.
        """
        newest, is_cut = self._player.newest(), False
        if time.monotonic() >= self._again_at:
            self._again_at = math.inf
            self.renew()
        if newest is not None and self._is_new(newest):
            self._taken = newest.number
            before, self._input, self.has_run = self._input, None, False
            is_cut = before is not None and _is_cut(before.newest, newest, runner)
            fed = self._sized(newest)
        elif self._input is not None and self._comes_again(engine, moves=moves):
            fed, self.has_run = self._input, False
        else:
            at = self._clock.now
            ran = self.has_run and bool(engine.update())
            if ran and self.last is not None:
                self.last = replace(self.last, at=at, is_cut=False, is_again=True)
            return ran
        is_cut, self._is_due, self._begins = is_cut or self._begins, False, False
        if is_cut:
            runner.forget()
        run, when = self._begin(fed, runner, prepare, is_cut=is_cut)
        self.working = runner.run(fed.picture, when)
        self._input, self.has_run, self.last = fed, True, run
        self._again_at, self._rest = math.inf, _FIRST_REST
        return True

    def _sized(self, newest: Newest) -> _Input:
        size = parse_size(self.size, Size.of(newest.picture))
        self._player.ahead = partial(_brought, self.size)
        made = newest.ahead
        return _Input(made if made is not None and made.shape[:2] == size else resized(newest.picture, size), newest)

    def _begin(self, fed: _Input, runner: FrameRunner, prepare: Prepare, *, is_cut: bool) -> tuple[Run, float]:
        """Get what feeds the engine ready for a frame; how it runs, and where vectors are on their path."""
        tick = self._clock.tick()
        prepare(runner, tick, fed.picture)
        runner.tick = tick
        newest = fed.newest
        runner.path = path_given(newest.spec)
        path = runner.path or runner.generator.path
        endless = newest.spec == WORD
        when = path.endless(newest.position) if endless else path.played(newest.position, newest.laps)
        return Run(self._clock.last, tick, newest.position, newest.laps, is_cut), when

    # -- several at a time ------------------------------------------------------------------------------------------

    def launch(self, runner: FrameRunner, within: Executor, prepare: Prepare) -> Underway | None:
        """Begin a frame of the newest picture, and do not wait for it; None where there is none, or it must be `run`.

        Args:
            runner: as for `run`.
            within: has the threads that run it.
            prepare: as for `run`.
        """
        newest = self._player.newest()
        if newest is None or self._input is None or not self.has_run or self._is_due or not self._is_new(newest):
            return None
        fed = self._sized(newest)
        if not runner.can_launch(fed.picture):
            return None
        self._taken = newest.number
        run, when = self._begin(fed, runner, prepare, is_cut=_is_cut(self._input.newest, newest, runner))
        launched = runner.launch(fed.picture, within, when)
        self._input = fed
        return Underway(launched, run, time.perf_counter())

    def land(self, runner: FrameRunner, underway: Underway) -> bool:
        """Wait for a frame that was begun; whether it is what the engine holds now, else its picture is run again.

        Raises what `run` does.
        """
        if not runner.land(underway.launched):
            self.again()
            return False
        self.working, self.last = underway.launched.size, underway.run
        return True

    @property
    def has_new(self) -> bool:
        """Whether there is a picture that has not been taken, and may be."""
        newest = self._player.newest()
        return newest is not None and self._is_new(newest)

    @property
    def is_live(self) -> bool:
        """Whether the source is a camera."""
        return self._player.state().is_camera

    def is_pressed(self, engine: Engine, *, moves: bool) -> bool:
        """Whether another frame is due already.

        Args:
            engine: as for `run`.
            moves: as for `run`.
        """
        return self.has_new or self._comes_again(engine, moves=moves)

    def _is_new(self, newest: Newest) -> bool:
        return newest.number != self._taken and not (self.held and self.has_run)

    def _comes_again(self, engine: Engine, *, moves: bool) -> bool:
        return self.has_run and self._input is not None and (self._is_due or (moves and self.wait(engine) <= 0))

    def wait(self, engine: Engine) -> float:
        """Seconds until what moves needs another frame; endless where only the next picture may bring one.

        Bends with memory go on by a frame with every picture of a film, as they do in a render, and not between two.
        """
        state = self._player.state()
        brings = state.info is not None and state.playing and not state.ended and not self.held
        fps = state.info.fps if brings and state.info is not None else None
        if fps and engine.remembers and not state.is_camera:
            return math.inf
        return self._clock.wait(float(fps) * state.speed if fps else None)


def _brought(size: str, picture: DeepPicture) -> DeepPicture | None:
    """The picture at this size; None where it has none, which is said when it is run."""
    try:
        return resized(picture, parse_size(size, Size.of(picture)))
    except StudioError:
        return None


def _is_cut(before: Newest, newest: Newest, runner: FrameRunner) -> bool:
    """Whether a picture does not follow the one before: a loop does where the network looks at no picture."""
    if before.era == newest.era:
        return False
    looped = before.era[0] == newest.era[0] and newest.laps == before.laps + 1
    return not (looped and runner.goes_on)
