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
