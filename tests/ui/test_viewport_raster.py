"""The viewport where OpenGL is drawn in software: a thread draws, and the window does not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from viewport_stage import SIZE, Stage

from studio.errors import StudioError
from studio.io.networks import load_network
from studio.model.documents.document import Document
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace
from studio.paths import WEIGHTS
from studio.ui.viewport import canvas as viewport_canvas
from studio.ui.viewport import drawer as viewport_drawer
from studio.ui.viewport.raster import RasterSurface
from studio.ui.viewport.widget import Viewport

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(WEIGHTS / "autoencoder-transposed")


@pytest.fixture
def stage(gl_app: QApplication, network: Network) -> Iterator[Stage]:  # noqa: ARG001
    made = Stage("torch", network, ("dec2_act",))
    yield made
    made.close()


@pytest.fixture
def viewport(qtbot: QtBot, stage: Stage, network: Network, monkeypatch: pytest.MonkeyPatch) -> Viewport:
    monkeypatch.setattr(viewport_canvas, "draws_in_software", lambda: True)
    made = Viewport(Workspace(Document(Preset("test", network, {}))), stage.find)
    qtbot.addWidget(made)
    made.resize(3 * SIZE, 3 * SIZE)
    qtbot.waitUntil(lambda: stage.screen is not None)
    return made


def surface(viewport: Viewport) -> RasterSurface:
    assert isinstance(viewport.surface, RasterSurface)
    return viewport.surface


def counted(monkeypatch: pytest.MonkeyPatch, name: str, gate: threading.Event | None = None) -> list[str]:
    """Notes the thread of every call of a method of what draws, and holds it up until the gate is open."""
    threads: list[str] = []
    inherited = getattr(viewport_drawer.Easel, name)

    def noted(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        if gate is not None:
            assert gate.wait(60)
        return inherited(*arguments)

    monkeypatch.setattr(viewport_drawer.Easel, name, noted)
    return threads


def test_the_window_goes_on_while_its_picture_is_drawn(
    qtbot: QtBot, viewport: Viewport, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    threads = counted(monkeypatch, "draw", gate)
    viewport.show()
    qtbot.waitUntil(lambda: bool(threads))
    for _ in range(5):
        viewport.grab()

    assert not surface(viewport).is_settled
    assert threads == ["drawing"]
    gate.set()
    qtbot.waitUntil(lambda: viewport.grab().toImage().pixelColor(96, 96).lightness() > 30)


def test_what_has_been_drawn_is_not_drawn_again(
    qtbot: QtBot, stage: Stage, viewport: Viewport, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = stage.screen
    assert screen is not None
    qtbot.waitUntil(lambda: bool(screen.front()))
    front = screen.front()
    monkeypatch.setattr(screen, "front", lambda: front)
    drawings, answers = counted(monkeypatch, "_draw"), counted(monkeypatch, "draw")
    viewport.show()
    qtbot.waitUntil(lambda: bool(drawings))
    said: list[str] = []
    viewport.hovered.connect(said.append)
    for x in (30, 60, 90):
        QTest.mouseMove(viewport, QPoint(x, 50))
        qtbot.waitUntil(lambda x=x: bool(said) and f"x {x // 3} " in said[-1])

    assert len(drawings) == 1
    assert len(answers) >= 4
    viewport.zoom_in()
    qtbot.waitUntil(lambda: len(drawings) == 2)


def test_the_thread_lives_as_long_as_the_viewport_is_seen(qtbot: QtBot, viewport: Viewport) -> None:
    others = set(threading.enumerate())

    def drawing() -> int:
        return sum(thread.name == "drawing" and thread not in others for thread in threading.enumerate())

    assert not drawing()
    for _ in range(2):
        viewport.show()
        qtbot.waitUntil(lambda: drawing() == 1 and surface(viewport).is_settled)
        viewport.hide()
        assert not drawing()


def test_what_stands_in_the_way_of_drawing_is_said(
    qtbot: QtBot, viewport: Viewport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: object) -> None:
        raise StudioError("There is no OpenGL here.")

    monkeypatch.setattr(viewport_drawer.RenderContext, "open", refuse)
    viewport.show()
    qtbot.waitUntil(lambda: viewport.problem == "There is no OpenGL here.")
    viewport.hide()
