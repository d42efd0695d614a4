"""How fast frames follow each other is known at any time, however many there were."""

from __future__ import annotations

from collections import deque
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.runtime.live.pace import Pace


class Unread(deque[tuple[float, float]]):
    """Frames that nobody goes through."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("there may be thousands")


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), max_size=60), st.floats(0, 5))
def test_a_frame_takes_the_mean_of_those_of_the_last_second(frames: list[tuple[float, float]], later: float) -> None:
    pace, now, last = Pace(), 0.0, 0.0
    for waited, took in frames:
        now += waited + took
        pace.add(now - took, now)
        last = took
    found = pace.seconds(now + later)
    left = [took for _, took in pace._frames]
    assert found == pytest.approx(sum(left) / len(left) if left else last, abs=1e-9)


def test_nobody_goes_through_all_frames_before_each() -> None:
    pace = Pace()
    pace._frames = Unread()
    for number in range(3000):
        pace.add(number / 2000, number / 2000 + 0.0004)
        assert pace.seconds(number / 2000 + 0.0004) == pytest.approx(0.0004)
    assert pace.fps(3000 / 2000) == pytest.approx(2000, rel=0.01)
    pace.clear()
    assert not pace
    assert pace.seconds(9.0) == 0.0


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(1e-4, 2)), min_size=1, max_size=60))
def test_rate_and_time_never_tell_of_more_than_all_of_the_time(frames: list[tuple[float, float]]) -> None:
    pace, now = Pace(), 0.0
    for waited, took in frames:
        now += waited + took
        pace.add(now - took, now)
        assert pace.fps(now) * pace.seconds(now) <= 1 + 1e-9


@given(st.lists(st.floats(1e-3, 2), min_size=2, max_size=60))
def test_of_frames_that_nothing_holds_up_rate_and_time_say_the_same(times: list[float]) -> None:
    pace, now = Pace(), 0.0
    for took in (1.0, *times):
        now += took
        pace.add(now - took, now)
    assert pace.fps(now) == pytest.approx(1 / pace.seconds(now))
