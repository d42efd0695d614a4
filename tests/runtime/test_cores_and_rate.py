"""Free cores are used and given back within a second; a rate is kept by the size: both on machines made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.runtime.live.cores import CoreChoice
from studio.runtime.live.rate_keeper import SIZES, RateKeeper


class Machine:
    """Frames on so many cores, of which others take some; all at once are slow then, as threads wait for each other."""

    def __init__(self, cores: int = 2, work: float = 0.08) -> None:
        self.cores, self.work, self.taken, self.now = cores, work, 0, 0.0
        self.choice = CoreChoice(cores, 0.0)

    def frame(self) -> None:
        threads = self.choice.threads
        seconds = self.work / threads * (3.0 if threads > self.cores - self.taken else 1.0)
        self.now += seconds
        self.choice.took(seconds, self.now)

    def run(self, seconds: float) -> list[int]:
        end, used = self.now + seconds, []
        while self.now < end:
            used.append(self.choice.threads)
            self.frame()
        return used


@pytest.mark.parametrize("cores", [2, 4, 8])
def test_all_cores_are_used_while_they_are_free(cores: int) -> None:
    machine = Machine(cores)
    machine.run(8.0)
    assert set(machine.run(5.0)) == {cores}


def test_they_are_given_back_within_a_second() -> None:
    machine = Machine(2)
    machine.run(8.0)
    assert machine.choice.threads == 2
    machine.taken = 1
    start = machine.now
    while machine.choice.threads == 2:
        machine.frame()
    assert machine.now - start < 1.0


@pytest.mark.parametrize("slow", [2, 5])
def test_a_few_short_frames_in_which_something_is_drawn_give_nothing_back(slow: int) -> None:
    """Of a small picture: the window draws a panel, or a layer is looked at, many times a minute."""
    machine = Machine(2, work=0.04)
    machine.run(8.0)
    for _ in range(200):
        for number in range(20):
            seconds = 0.02 * (1.8 if number < slow else 1.0)
            machine.now += seconds
            assert machine.choice.took(seconds, machine.now) == 2


def test_it_is_settled_once_all_have_been_tried() -> None:
    for taken in (0, 1):
        machine = Machine(2)
        machine.taken = taken
        machine.run(3.0)
        assert not machine.choice.is_settled
        machine.run(5.0)
        assert machine.choice.is_settled
    assert CoreChoice(1, 0.0).is_settled


def test_where_a_core_is_always_wanted_trials_cost_little() -> None:
    machine = Machine(2)
    machine.taken = 1
    used = machine.run(120.0)
    assert sum(each == 2 for each in used) / len(used) < 0.02


def test_on_a_busy_machine_nothing_is_tried() -> None:
    choice, now = CoreChoice(2, 0.0), 0.0
    for _ in range(400):
        now += 0.08
        assert choice.took(0.08, now, is_busy=True) == 1


def test_a_hiccup_gives_nothing_back_and_one_core_is_one() -> None:
    machine = Machine(2)
    machine.run(8.0)
    machine.choice.took(1.0, machine.now + 1.0)
    assert machine.choice.threads == 2
    alone = Machine(1)
    assert set(alone.run(20.0)) == {1}


@pytest.mark.parametrize("fps", [10, 25])
@given(pixel=st.floats(2e-8, 3e-6))
def test_a_rate_is_kept_at_the_largest_size_that_allows_it(fps: int, pixel: float) -> None:
    keeper, size, now = RateKeeper(fps), 256, 0.0
    for _ in range(600):
        size = keeper.next(size, pixel * size * size, now)
        now += 0.2
    seconds = pixel * size * size
    assert seconds <= 1.08 / fps or size == SIZES[0]
    larger = next((each for each in SIZES if each > size), None)
    assert larger is None or pixel * larger * larger > 0.79 / fps
    # It rests there.
    assert {keeper.next(size, pixel * size * size, now + k) for k in range(60)} == {size}


def test_where_the_machine_is_slower_for_a_while_it_goes_down_at_once_and_up_in_time() -> None:
    keeper, now = RateKeeper(25), 10.0
    assert keeper.next(256, 0.08, now) < 192
    assert keeper.next(160, 0.012, now + 1.0) == 160
    sizes = [keeper.next(160, 0.012, now + 2.0 + k / 5) for k in range(20)]
    assert sizes[0] == 160
    assert sizes[-1] > 160 or 192 in sizes
