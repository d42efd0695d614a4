"""The performance that is open: edits that can be taken back, a part that is chosen, where it is."""

from __future__ import annotations

from pathlib import Path

from studio.model.performances.performance import Ended, Performance, Turned
from studio.model.performances.score import Score

MADE = Performance("0" * 64, "p", (*(Turned(float(k), "/a", k / 10) for k in range(10)), Ended(9.5)))


def test_edits_are_taken_back_and_done_again() -> None:
    score, told = Score(), []
    score.changed.connect(told.append)
    score.open(MADE, Path("x"))
    assert told == ["performance", "selection", "position"]
    assert (score.unsaved, score.can_undo) == (False, False)
    score.selection = 7.0, 2.0
    assert score.selection == (2.0, 7.0)
    score.cut()
    assert score.performance is not None
    assert score.performance.seconds == 4.5
    assert (score.selection, score.position, score.unsaved) == (None, 2.0, True)
    score.set_turns("/a", ())
    assert score.performance.addresses() == ()
    score.undo()
    score.undo()
    assert score.performance is MADE
    assert not score.unsaved
    score.redo()
    assert score.performance.seconds == 4.5
    score.mark_saved(Path("y"))
    assert (score.unsaved, score.path) == (False, Path("y"))
    score.position = 99.0
    assert score.position == 4.5
    score.selection = 3.0, 3.0
    assert score.selection is None
    score.set_turns("/a", score.performance.turns("/a"))
    assert score.can_redo
    score.selection = 1.0, 3.0
    score.trim()
    assert score.performance.seconds == 2.0
    assert not score.can_redo


def test_without_a_performance_nothing_happens() -> None:
    score = Score()
    for act in (score.trim, score.cut, score.undo, score.redo):
        act()
    score.thin("/a", 0.1)
    score.selection = 0.0, 1.0
    assert (score.performance, score.selection, score.position) == (None, None, 0.0)
