"""The deck in the whole window: presets tried on what is playing, and what is shown of one that is opened."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.errors import StudioError
from studio.io.opening import find_and_open
from studio.io.presets import find_preset
from studio.model.networks.preset import Preset
from studio.paths import WEIGHTS
from studio.runtime.live.proofs import SIDE
from studio.ui.kit.panel import bring_forward
from studio.ui.kit.seen import in_sight
from studio.ui.presets import trying
from studio.ui.presets.trying import LARGE, Trying


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path) -> Iterator[WholeWindow]:
    made = WholeWindow(qtbot, tmp_path, "negative-space", "demo", "64")
    made.until(lambda: made.deck.list.tiles)
    made.settle()
    # On a busy machine a few pictures may take longer than a mouse that is left lying is to cost.
    made.context[Trying]._end.setInterval(600_000)
    yield made
    made.close()


def place(at: WholeWindow, name: str) -> QPoint:
    tiles = at.deck.list
    row = [tile.card.path.name for tile in tiles.tiles].index(name)
    index = tiles.model().index(row, 0)
    tiles.scrollTo(index)
    return tiles.visualRect(index).center()


def pixels(image: QImage) -> bytes:
    return bytes(image.constBits())


def test_a_mouse_over_a_tile_plays_its_preset_on_what_runs(at: WholeWindow) -> None:
    tiles, path = at.deck.list, find_preset("violet-strokes")
    spot = place(at, "violet-strokes")
    document = at.document.revision
    QTest.mouseMove(tiles.viewport(), spot)
    seen: set[bytes] = set()

    def lives() -> bool:
        if path in tiles.delegate.pictures:
            seen.add(pixels(tiles.delegate.pictures[path]))
        return len(seen) > 3

    at.until(lives)
    assert set(tiles.delegate.pictures) == {path}
    # Elsewhere it is as it was; and nothing was opened.
    QTest.mouseMove(at.deck.search)
    at.until(lambda: not tiles.delegate.pictures)
    assert at.document.revision == document


def test_what_takes_long_to_be_read_plays_all_the_same(at: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, goes_on, end = threading.Event(), threading.Event(), at.context[Trying]._end

    def slow(path: Path) -> Preset:
        asked.set()
        assert goes_on.wait(60)
        return find_and_open(str(path))[0]

    monkeypatch.setattr(trying, "_preset", slow)
    end.setInterval(50)
    QTest.mouseMove(at.deck.list.viewport(), place(at, "violet-strokes"))
    at.until(asked.is_set)
    at.qtbot.wait(200)
    end.setInterval(600_000)
    goes_on.set()
    at.until(lambda: at.deck.list.delegate.pictures)


def test_what_cannot_be_tried_is_not_waited_for_under_a_mouse_that_lies(
    at: WholeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def refuse(_: Path) -> Preset:
        asked.set()
        raise StudioError("It cannot be read.")

    monkeypatch.setattr(trying, "_preset", refuse)
    QTest.mouseMove(at.deck.list.viewport(), place(at, "violet-strokes"))
    at.until(asked.is_set)
    at.until(lambda: not at.studio.parts.proofs._groups)
    assert not at.deck.list.delegate.pictures


def test_it_plays_in_the_large_picture_too_and_nothing_else_is_touched(at: WholeWindow) -> None:
    spot, tried = place(at, "violet-strokes"), at.context[Trying]
    at.until(lambda: at.viewport._parts)
    before, document = at.viewport.grab().toImage(), at.document.revision
    QTest.mouseMove(at.deck.list.viewport(), spot)
    at.until(lambda: tried.large is not None)
    large = tried.large
    assert large is not None
    assert max(large.width(), large.height()) == LARGE
    middle = at.viewport.rect().center()
    at.until(lambda: at.viewport.grab().toImage().pixelColor(middle) != before.pixelColor(middle))
    # Nothing is opened, and what is taken from the network is still its own.
    assert at.document.revision == document
    assert at.document.name == "negative-space"
    QTest.mouseMove(at.deck.search)
    at.until(lambda: tried.large is None)
    # In its tile alone, and this is remembered.
    at.click(at.deck.large_button)
    assert not at.studio.parts.session.tries_large
    QTest.mouseMove(at.deck.list.viewport(), spot)
    at.until(lambda: at.deck.list.delegate.pictures)
    assert tried.large is None
    image = next(iter(at.deck.list.delegate.pictures.values()))
    assert max(image.width(), image.height()) == SIDE


def test_all_tiles_on_the_persons_own_source_on_demand(at: WholeWindow) -> None:
    deck = at.deck
    deck.search.setText("autoencoder-fractional")
    deck.list.verticalScrollBar().setValue(0)
    at.click(deck.own_button)
    at.until(lambda: len(deck.list.delegate.pictures) >= 3)
    image = next(iter(deck.list.delegate.pictures.values()))
    assert max(image.width(), image.height()) == 112
    at.click(deck.own_button)
    assert not deck.list.delegate.pictures


def test_an_opened_preset_selects_its_bent_layer_and_shows_its_bend(at: WholeWindow) -> None:
    panels = at.window.docks
    for name, panel in (("dusk", "filters"), ("mandala", "bends"), ("violet-strokes", "filters")):
        spot = place(at, name)
        at.click(at.deck.list.viewport(), spot)
        at.until(lambda name=name: at.document.name == name)
        bent = [stage.layer for stage in at.document.stages] or [
            node.name for node in at.document.graph.nodes if at.document.is_bent(node.name)
        ]
        assert at.workspace.layer == bent[0]
        at.until(lambda panel=panel: in_sight(panels[panel]))


def test_an_imported_network_is_there_at_once_and_found_by_name(at: WholeWindow) -> None:
    shutil.copytree(WEIGHTS / "restorer", at.studio.parts.networks / "mine")
    at.studio.parts.opener.open(at.studio.parts.networks / "mine")
    at.until(lambda: at.document.path is None and at.document.weights_path is not None)
    at.until(lambda: at.document.weights_path.name == "mine")
    bring_forward(at.deck)
    for row, shelf in ((1, "networks"), (2, "recent")):
        at.click(at.deck.tabs, at.deck.tabs.tabRect(row).center())
        at.until(lambda: "mine" in [tile.card.path.name for tile in at.deck.list.shown])
        at.deck.search.setText("mine")
        assert [tile.card.path.name for tile in at.deck.list.shown] == ["mine"], shelf
        at.deck.search.clear()
    assert np.isfinite(at.picture()).all()


def test_a_still_is_written_larger_than_the_network_works(at: WholeWindow, tmp_path: Path) -> None:
    panel = at.recorder
    for value, side, how in (("2 restorer", 128, "restorer"), ("4 network", 256, "network")):
        row = panel.larger.findData(value)
        panel.larger.setCurrentIndex(row)
        panel.larger.activated.emit(row)
        at.studio.parts.session.recording = replace(at.studio.parts.session.recording, folder=str(tmp_path))
        at.command("file.still")
        at.until(lambda how=how: any(said.startswith("Wrote") and how in said for said in at.said))
        (path,) = tmp_path.glob(f"*x{side // 64}*.png")
        assert max(cv2.imread(str(path)).shape) == side
