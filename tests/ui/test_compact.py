"""On a small window panels share one place as tabs; with room again each is where it was, in this run and the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.ui.shell import compact

pytestmark = pytest.mark.gl

ROOMY, SMALL = (1400, 900), (640, 360)


def resize(whole: WholeWindow, size: tuple[int, int]) -> None:
    whole.window.resize(*size)
    whole.settle()
    # What rests is noted, and what comes back is put there once more.
    whole.qtbot.wait(compact._REST + compact._AGAIN)
    whole.until(lambda: not whole.window._docks.compact._resting.isActive())
    whole.settle()


def shown(whole: WholeWindow) -> list[QDockWidget]:
    return [dock for dock in whole.window.docks.values() if not dock.isHidden()]


def places(whole: WholeWindow) -> dict[str, QRect]:
    names = ("network", "presets", "filters", "histogram")
    return {name: whole.window.docks[name].geometry() for name in names}


def close_to(one: dict[str, QRect], other: dict[str, QRect]) -> bool:
    def far(a: QRect, b: QRect) -> int:
        return max(abs(p - q) for p, q in zip(a.getRect(), b.getRect(), strict=True))  # type: ignore[call-overload]

    return all(far(one[name], other[name]) <= 3 for name in one)


def test_they_come_together_and_go_back_and_what_was_closed_stays_so(whole: WholeWindow) -> None:
    resize(whole, ROOMY)
    before = places(whole)
    resize(whole, SMALL)
    docks = shown(whole)
    assert {docks[0], *whole.window.tabifiedDockWidgets(docks[0])} >= set(docks)
    assert whole.viewport.width() > 250
    assert "filters" in {dock.objectName() for dock in docks if not dock.visibleRegion().isEmpty()}
    whole.window.docks["vary"].close()
    whole.window.docks["feedback"].show()
    resize(whole, ROOMY)
    assert whole.window.docks["vary"].isHidden()
    assert not whole.window.docks["feedback"].isHidden()
    assert close_to(places(whole), before)


def test_usual_layout_on_a_small_window_is_that_of_a_small_one(whole: WholeWindow) -> None:
    resize(whole, SMALL)
    whole.window._docks.put_back()
    whole.settle()
    docks = shown(whole)
    assert {docks[0], *whole.window.tabifiedDockWidgets(docks[0])} >= set(docks)
    resize(whole, ROOMY)
    at = places(whole)
    assert at["network"].right() < whole.viewport.mapTo(whole.window, whole.viewport.rect().topLeft()).x()
    assert at["filters"].left() > at["network"].right()


def test_closed_while_small_it_is_found_roomy(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> None:
    from helpers import tiny_network

    from studio.io.networks import save_network

    del gl_app
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    first = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    resize(first, ROOMY)
    before = places(first)
    resize(first, SMALL)
    first.close()
    second = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    assert second.first_size.toTuple() == SMALL
    resize(second, ROOMY)
    assert close_to(places(second), before)
    second.close()
