"""The collector of the window's thread: what is imported later is not gone through, and circles still end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import ModuleType
from weakref import ref

import pytest
from pytestqt.qtbot import QtBot

from studio.ui.services.collecting import Collector


class Knot:
    """A circle of one object."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    del qtbot
    was_on = gc.isenabled()
    made = Collector()
    made.begin()
    yield made
    made.close()
    # What has been imported goes on being left out, as for all other tests.
    gc.unfreeze()
    gc.freeze()
    if not was_on:
        gc.disable()


def test_what_was_imported_meanwhile_is_not_gone_through(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    collector._look()
    frozen = gc.get_freeze_count()
    held = []
    for number in range(30):
        made = ModuleType(f"made_up_{number}")
        held.append([[] for _ in range(1000)])
        made.__dict__["lists"] = held[-1]
        monkeypatch.setitem(sys.modules, made.__name__, made)
    collector._look()
    assert gc.get_freeze_count() > frozen + 30_000


def test_circles_of_later_end(collector: Collector) -> None:
    gone = ref(Knot())
    assert gone() is not None
    kept = [[] for _ in range(5 * gc.get_threshold()[0])]
    collector._look()
    assert kept
    assert gone() is None
