"""When the network runs, on which picture and at what time, on a clock that the tests turn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from studio.io.sources import SourceInfo
from studio.io.sources.latent import latent_path
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.movement.generator import Generator
from studio.model.networks.latent import LatentPath
from studio.model.networks.picture import Picture
from studio.runtime.live.clock import Clock
from studio.runtime.live.pictures import Pictures
from studio.runtime.live.playing import Newest, PlayerState
from studio.runtime.render.size import WorkingSize

FILM = SourceInfo(Size(8, 8), Fraction(25), 250, 10.0, False, "h264")


class Desk:
    """A player, an engine and what feeds it, all of which only note what they are told."""

    def __init__(self) -> None:
        self.now = 10**12
        self.state_ = PlayerState("film", FILM, playing=True)
        self.newest_: Newest | None = None
        self.ran: list[tuple[int, Tick, float]] = []
        self.forgot = self.updated = 0
        self.stale = self.remembers = self.goes_on = False
        self.tick = Tick()
        self.path: LatentPath | None = None
        self.generator = Generator()
        self.fails: Exception | None = None
        self.prepared: list[Tick] = []
        self.pictures = Pictures(self, Clock(lambda: self.now))  # type: ignore[arg-type]

    # -- the player -----------------------------------------------------------------------------------------------

    def newest(self) -> Newest | None:
        return self.newest_

    def state(self) -> PlayerState:
        return self.state_

    def show(self, number: int, **facts: object) -> None:
        before = self.newest_ or Newest(0, np.zeros((8, 8, 3), np.uint8))
        picture = np.full((8, 8, 3), number, np.uint8)
        self.newest_ = before._replace(number=number, picture=picture, **facts)  # type: ignore[arg-type]

    # -- the engine and what feeds it -----------------------------------------------------------------------------

    def forget(self) -> None:
        self.forgot += 1

    def update(self) -> tuple[str, ...]:
        self.updated += 1
        was, self.stale = self.stale, False
        return ("a",) if was else ()

    def run(self, picture: Picture, time: float) -> WorkingSize:
        if self.fails is not None:
            raise self.fails
        self.ran.append((int(picture[0, 0, 0]), self.tick, time))
        return WorkingSize(Size(8, 8), Size(8, 8), Size(8, 8))

    # -- the loop -------------------------------------------------------------------------------------------------

    def turn(self, seconds: float = 0.0, *, moves: bool = False) -> bool:
        self.now += round(seconds * 1e9)
        return self.pictures.run(self, self, moves=moves, prepare=lambda _, tick, __: self.prepared.append(tick))  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.pictures.size = "source"
    return made


def test_every_new_picture_is_run_once_with_frame_and_time(desk: Desk) -> None:
    assert not desk.turn()
    desk.show(1)
    assert desk.turn()
    assert not desk.turn(0.01)
    desk.show(2)
    assert desk.turn(0.03)
    assert [(value, tick) for value, tick, _ in desk.ran] == [(1, Tick(0)), (2, Tick(1, Fraction(4, 100)))]
    assert desk.prepared == [tick for _, tick, _ in desk.ran]


def test_what_moves_is_drawn_while_the_source_stands_still(desk: Desk) -> None:
    desk.state_ = replace(desk.state_, playing=False)
    desk.show(1)
    desk.turn(moves=True)
    ran = [desk.turn(0.005, moves=True) for _ in range(200)]
    # Thirty frames in the second, of the same picture, each at a time of its own.
    assert 28 <= sum(ran) <= 31
    times = [float(tick.time) for _, tick, _ in desk.ran]
    assert [tick.frame for _, tick, _ in desk.ran] == list(range(len(desk.ran)))
    assert np.all(np.diff(times) >= 1 / 30 - 1e-9)
    assert np.all(np.diff(times) <= 1 / 30 + 0.006)
    # What stands still costs nothing.
    assert not any(desk.turn(0.1) for _ in range(5))


@pytest.mark.parametrize(("fps", "speed", "between"), [(25, 1.0, 0), (25, 0.1, 10), (4, 1.0, 6)])
def test_a_source_that_brings_enough_pictures_needs_none_in_between(
    desk: Desk, fps: int, speed: float, between: int
) -> None:
    desk.state_ = replace(desk.state_, info=replace(FILM, fps=Fraction(fps)), speed=speed)
    period = 1 / (fps * speed)
    for number in range(1, 4):
        desk.show(number)
        assert desk.turn(0.0, moves=True)
        ran = sum(desk.turn(period / 80, moves=True) for _ in range(79))
        desk.now += round(period / 80 * 1e9)
        assert abs(ran - between) <= 1


def test_what_remembers_goes_on_with_the_pictures_of_a_film_alone(desk: Desk) -> None:
    desk.remembers = True
    desk.state_ = replace(desk.state_, info=replace(FILM, fps=Fraction(5)))
    for number in range(1, 4):
        desk.show(number)
        assert desk.turn(0.0, moves=True)
        assert not any(desk.turn(0.05, moves=True) for _ in range(8))
    assert [value for value, _, _ in desk.ran] == [1, 2, 3]
    # What stands still, and a camera, which may bring few pictures in the dark, are drawn all the same.
    desk.state_ = replace(desk.state_, playing=False)
    assert desk.turn(0.05, moves=True)
    desk.state_ = replace(desk.state_, playing=True, is_camera=True)
    assert desk.turn(0.05, moves=True)


def test_while_held_what_moves_goes_on_and_the_picture_stays(desk: Desk) -> None:
    desk.show(1)
    desk.turn(moves=True)
    desk.pictures.held = True
    desk.show(2)
    assert not desk.turn(0.01, moves=True)
    assert desk.turn(0.03, moves=True)
    assert [value for value, _, _ in desk.ran] == [1, 1]
    desk.pictures.held = False
    assert desk.turn(moves=True)
    assert desk.ran[-1][0] == 2


def test_an_edit_runs_again_at_the_same_time(desk: Desk) -> None:
    desk.show(1)
    desk.turn()
    desk.stale = True
    assert desk.turn(0.01)
    assert (len(desk.ran), desk.updated) == (1, 1)


def test_memory_begins_again_where_a_picture_does_not_follow_the_one_before(desk: Desk) -> None:
    for number, era in enumerate([(1, 0), (1, 0), (1, 1), (1, 1), (2, 0)], 1):
        desk.show(number, era=era)
        desk.turn(0.04)
    assert desk.forgot == 2
    # Time goes on all the same: a movement that is longer than the film is not cut short.
    assert [tick.frame for _, tick, _ in desk.ran] == [0, 1, 2, 3, 4]


def test_another_network_begins_at_the_beginning(desk: Desk) -> None:
    desk.show(1)
    desk.turn()
    desk.pictures.begin()
    desk.pictures.restart()
    assert not desk.pictures.has_run
    desk.turn(1.0)
    assert desk.ran[-1][1] == Tick(0, Fraction(0))


def test_another_engine_goes_on_in_time(desk: Desk) -> None:
    desk.show(1)
    desk.turn()
    desk.pictures.begin()
    desk.turn(1.0)
    assert desk.ran[-1][1] == Tick(1, Fraction(1))


def test_what_failed_is_tried_with_the_next_picture_or_when_told(desk: Desk) -> None:
    desk.show(1)
    desk.fails = RuntimeError("odd")
    with pytest.raises(RuntimeError):
        desk.turn()
    assert not desk.pictures.has_run
    desk.fails = None
    assert not desk.turn(1.0, moves=True)
    desk.pictures.renew()
    assert desk.turn()


@dataclass(frozen=True)
class Lap:
    position: float
    laps: int


@pytest.mark.parametrize("text", ["walk,seed=3", "between,seed=1,to=2", "loop,seed=3"])
def test_no_path_of_vectors_jumps_where_its_film_begins_again(desk: Desk, text: str) -> None:
    path, frames = latent_path(text), 200
    seen = []
    for number in range(3 * frames):
        lap = Lap(number % frames / 25, number // frames)
        desk.show(number % 250 + 1, spec=f"latent:{text}", position=lap.position, laps=lap.laps, era=(1, lap.laps))
        desk.turn(0.04)
        seen.append(path.at(desk.ran[-1][2], 8))
    steps = [float(np.linalg.norm(after - before)) for before, after in pairwise(seen)]
    assert max(steps) < 0.3


def test_a_state_that_looks_at_no_picture_goes_on_where_its_source_loops_and_begins_again_when_asked(
    desk: Desk,
) -> None:
    desk.goes_on = True
    desk.show(1, era=(1, 0))
    assert desk.turn()
    desk.show(2, era=(1, 1), laps=1)
    assert desk.turn(0.04)
    assert desk.forgot == 0
    desk.show(3, era=(1, 2), laps=0)  # sought
    assert desk.turn(0.04)
    assert desk.forgot == 1
    desk.pictures.begin_again()
    assert desk.turn(0.001)
    assert desk.forgot == 2
    assert desk.pictures.last is not None
    assert desk.pictures.last.is_cut
    desk.goes_on = False
    desk.show(4, era=(1, 3), laps=1)
    assert desk.turn(0.04)
    assert desk.forgot == 3
