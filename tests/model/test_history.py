from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.model.documents.history import Command, History


def counting(log: list[str], name: str, nbytes: int = 1) -> Command:
    return Command(name, nbytes, lambda: log.append(f"undo {name}"), lambda: log.append(f"redo {name}"))


def test_undo_and_redo_go_back_and_forth() -> None:
    log: list[str] = []
    history = History()
    history.push(counting(log, "a"))
    history.push(counting(log, "b"))
    assert history.undo()
    assert history.undo()
    assert not history.undo()
    assert history.redo()
    assert log == ["undo b", "undo a", "redo a"]
    assert history.labels == ("a", "b")
    assert history.position == 1


def test_doing_something_new_forgets_what_was_undone() -> None:
    log: list[str] = []
    history = History()
    for name in "abc":
        history.push(counting(log, name))
    history.undo()
    history.undo()
    history.push(counting(log, "d"))
    assert history.labels == ("a", "d")
    assert not history.redo()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_bytes_are_bounded_and_the_newest_is_kept(sizes: list[int]) -> None:
    history = History(limit=50)
    for i, size in enumerate(sizes):
        history.push(counting([], str(i), size))
        assert history.nbytes <= 50
        assert history.labels[-1] == str(i)
    history.push(counting([], "huge", 1000))
    assert history.labels == ("huge",)


def test_going_to_a_place_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no position 3"):
        History().go(3)


@pytest.mark.long
def test_noting_the_fifty_thousandth_costs_what_the_first_did() -> None:
    """Every one of them goes through a fixed number of steps: to look through all would be a thousand million."""
    history, log = History(limit=40_000), list[str]()
    for number in range(50_000):
        history.push(counting(log, str(number)))
    assert (len(history), history.position, history.nbytes, history.pushed) == (40_000, 40_000, 40_000, 50_000)
    assert (history.label(0), history.label(39_999)) == ("10000", "49999")
    history.go(0)
    assert log[0] == "undo 49999"
    assert log[-1] == "undo 10000"
    history.push(counting(log, "new"))
    assert (history.labels, history.nbytes) == (("new",), 1)
