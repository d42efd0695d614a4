"""The deck's shelves: presets by network, networks, what was open lately; and presets on the keys 1 to 9."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.networks.preset import Preset
from studio.ui.presets.emptiness import Emptiness
from studio.ui.presets.shelves import network_of


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    home = tmp_path / "home"
    (home / "weights").mkdir(parents=True)
    (home / "presets").mkdir()
    for seed, name in enumerate(("tiny", "other")):
        save_network(tiny_network(seed), home / "weights" / name)
        for title in ("dawn", "dusk"):
            mine = Preset(f"{name} {title}", tiny_network(seed), {}, weights_path=home / "weights" / name)
            save_preset(mine, home / "presets" / f"{name}-{title}")
    made = WholeWindow(qtbot, home, str(home / "weights" / "tiny"), "demo", "64")
    made.until(lambda: made.deck.list.tiles)
    yield made
    made.close()


def shown(whole: WholeWindow) -> list[str]:
    return [tile.card.title for tile in whole.deck.list.shown]


@pytest.mark.gl
def test_presets_of_one_network_stand_together_and_are_found_by_it(whole: WholeWindow) -> None:
    networks = [network_of(tile) for tile in whole.deck.list.tiles]
    changes = sum(one != other for one, other in pairwise(networks))
    assert changes <= len(set(networks)) + 1, "the person's own, then those that came with the studio"
    assert shown(whole)[:4] == ["other dawn", "other dusk", "tiny dawn", "tiny dusk"]
    whole.qtbot.keyClicks(whole.deck.search, "landscapes")
    assert shown(whole)
    assert {network_of(tile) for tile in whole.deck.list.shown} == {"landscapes"}
    assert {tile.badge for tile in whole.deck.list.shown} == {"landscapes"}, "its name stands on each of its tiles"
    assert "yours · tiny" in {tile.badge for tile in whole.deck.list.tiles}


@pytest.mark.gl
def test_where_the_deck_is_empty_it_says_what_to_do(whole: WholeWindow) -> None:
    nothing = whole.deck.nothing
    assert not nothing.isVisible()
    whole.qtbot.keyClicks(whole.deck.search, "no such thing")
    assert nothing.isVisible()
    assert "matches “no such thing”" in nothing.text()
    whole.qtbot.keyClick(whole.deck.search, Qt.Key.Key_Escape)
    assert not nothing.isVisible()
    whole.deck.show_shelf("recent")
    whole.until(lambda: not whole.deck.list.tiles or nothing.isHidden())
    assert nothing.isVisible() == (not whole.deck.list.tiles)
    assert Emptiness().text() == "Reading the presets…"


@pytest.mark.gl
def test_networks_are_there_to_be_opened_an_imported_one_at_once(whole: WholeWindow) -> None:
    whole.click(whole.deck.tabs, whole.deck.tabs.tabRect(1).center())
    whole.until(lambda: "other" in shown(whole))
    assert {"tiny", "landscapes", "autoencoder-transposed"} <= set(shown(whole))
    tile = next(tile for tile in whole.deck.list.tiles if tile.card.title == "other")
    whole.deck.list.chosen.emit(tile.card.path)
    whole.until(lambda: whole.document.weights_path == tile.card.path)
    assert whole.deck.list.delegate.open_path == tile.card.path
    save_network(tiny_network(7), whole.studio.parts.networks / "imported")
    whole.document.load(Preset("imported", tiny_network(7), {}, weights_path=whole.studio.parts.networks / "imported"))
    whole.until(lambda: "imported" in shown(whole))
    before = set(shown(whole))
    whole.deck.list.removed.emit(tile.card.path)
    whole.qtbot.wait(100)
    assert tile.card.path.is_dir(), "a network is not thrown away from here: presets bend it"
    assert set(shown(whole)) == before


@pytest.mark.gl
def test_what_was_open_lately_comes_back_newest_first(whole: WholeWindow) -> None:
    presets = whole.studio.parts.library.own
    for name in ("tiny-dawn", "tiny-dusk"):
        whole.studio.parts.opener.open(presets / name)
        whole.until(lambda name=name: whole.document.path == presets / name)
    whole.deck.show_shelf("recent")
    whole.until(lambda: shown(whole)[:2] == ["tiny dusk", "tiny dawn"])


@pytest.mark.gl
def test_a_key_opens_a_favourite(whole: WholeWindow) -> None:
    presets, session = whole.studio.parts.library.own, whole.studio.parts.session
    assert not whole.window.actions_["preset.favourite_3"].isEnabled()
    whole.deck.list.focus(presets / "other-dusk")
    whole.deck.list.customContextMenuRequested.emit(QPoint(5, 5))
    menu = next(menu for menu in whole.deck.findChildren(QMenu) if menu.isVisible())
    keys = next(action.menu() for action in menu.actions() if action.text() == "Key")
    next(action for action in keys.actions() if action.text() == "3").trigger()
    menu.close()
    assert session.favourites == {3: presets / "other-dusk"}
    assert whole.deck.list.delegate.favourites == {presets / "other-dusk": 3}
    whole.key(Qt.Key.Key_3, on=whole.viewport)
    whole.until(lambda: whole.document.name == "other dusk")
    whole.deck.set_favourite(presets / "tiny-dawn", 3)
    assert session.favourites == {3: presets / "tiny-dawn"}
    whole.deck.set_favourite(presets / "tiny-dawn", None)
    assert session.favourites == {}
    assert not whole.window.actions_["preset.favourite_3"].isEnabled()


@pytest.mark.gl
def test_digits_are_typed_into_fields_all_the_same(whole: WholeWindow) -> None:
    whole.deck.set_favourite(whole.studio.parts.library.own / "tiny-dawn", 1)
    name = whole.document.name
    whole.deck.search.setFocus()
    whole.qtbot.keyClicks(whole.deck.search, "12")
    assert whole.deck.search.text() == "12"
    whole.qtbot.wait(100)
    assert whole.document.name == name
