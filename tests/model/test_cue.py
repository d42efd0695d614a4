"""Cue points as lists: by time, by number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.model.performances import cue
from studio.model.performances.cue import Cue

TIMES = st.lists(st.integers(0, 600).map(lambda tenth: tenth / 10), max_size=12)


def cues_at(times: list[float]) -> cue.Cues:
    found: cue.Cues = ()
    for time in times:
        found = cue.added(found, Cue(time))
    return found


@given(TIMES, st.floats(0, 60))
def test_they_lie_by_time_and_the_number_is_that_of_the_last_that_has_gone_by(times: list[float], at: float) -> None:
    cues = cues_at(times)
    assert [each.time for each in cues] == sorted(set(times))
    assert cue.number_at(cues, at) == sum(each.time <= at + cue.SAME for each in cues)
    behind = cue.after(cues, at)
    assert behind == next((each for each in cues if each.time > at + cue.SAME), None)


def test_one_at_the_same_place_takes_the_place_of_the_other() -> None:
    cues = cue.added(cues_at([1.0, 2.0]), Cue(2.01, "drop"))
    assert cues == (Cue(1.0), Cue(2.01, "drop"))
    assert cue.renamed(cues, 1, "in") == (Cue(1.0, "in"), Cue(2.01, "drop"))
    assert cue.without(cues, 1) == (Cue(2.01, "drop"),)


def test_going_back_just_behind_a_cue_means_the_one_before_it() -> None:
    cues = cues_at([1.0, 5.0])
    assert cue.before(cues, 5.3) == Cue(1.0)
    assert cue.before(cues, 6.0) == Cue(5.0)
    assert cue.before(cues, 1.2) is None
