"""The command palette: what fits a few letters, and that choosing does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_network
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import registry as bends
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.networks.preset import Preset
from studio.ui.bends.panel import BendsPanel
from studio.ui.filters import edit_groups
from studio.ui.kit.entry import fit
from studio.ui.presets.shelves import SHELVES
from studio.ui.shell.palette import ENTRY, Palette

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("und", "Undo", "Sounding board"),
        ("lay", "Next layer", "Delay"),
        ("sv", "Save preset", "Output window"),
        ("save pre", "Save preset as", "Reset preset"),
        ("enc2", "enc2", "enc2_act"),
        ("", "Undo", "A much longer text"),
    ],
)
def test_what_fits_better_comes_first(typed: str, better: str, worse: str) -> None:
    assert fit(typed, better) > fit(typed, worse)


@pytest.mark.parametrize(("typed", "text"), [("xyz", "Undo"), ("undo again", "Undo"), ("z", "Save")])
def test_what_does_not_fit_is_left_out(typed: str, text: str) -> None:
    assert fit(typed, text) == 0


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    mine = Preset("Mine own", tiny_network(), {}, weights_path=tmp_path / "weights" / "tiny")
    (tmp_path / "home" / "presets").mkdir(parents=True)
    save_preset(mine, tmp_path / "home" / "presets" / "mine")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    made.until(lambda: made.deck.list.tiles)
    yield made
    made.close()


def opened(whole: WholeWindow) -> Palette:
    whole.key(Qt.Key.Key_K, CTRL, whole.viewport)
    palette = whole.context[Palette]
    whole.until(palette.isVisible)
    return palette


def choose(whole: WholeWindow, typed: str) -> None:
    palette = opened(whole)
    whole.qtbot.keyClicks(palette.field, typed)
    whole.qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert not palette.isVisible()


@pytest.mark.gl
def test_a_few_letters_find_commands_layers_presets_and_edits(whole: WholeWindow) -> None:
    choose(whole, "grey")
    assert whole.workspace.colours == "grey"
    whole.workspace.choose("enc", "weight")
    choose(whole, "rows larg")
    assert whole.workspace.row_order == "norm"
    choose(whole, "rows in order")
    assert whole.workspace.row_order == "index"
    choose(whole, "layer dec")
    assert whole.workspace.layer == "dec"
    choose(whole, "rotat")
    assert whole.editor.panels.currentIndex() == 2
    assert whole.editor.edits.chooser.currentText().startswith("Rotate")
    choose(whole, "mine own")
    whole.until(lambda: whole.document.name == "Mine own")


@pytest.mark.gl
def test_arrows_go_about_and_escape_leaves_everything(whole: WholeWindow) -> None:
    palette = opened(whole)
    texts = [entry.text for entry in palette.model.entries]
    assert {"Undo", "Record"} <= set(texts) | {"Undo"}
    assert "Redo" not in texts, "what is greyed out cannot be chosen"
    assert texts[0] == next(iter(palette._entries)).text, "with nothing typed it is in the order of menus"
    before = palette.list.currentIndex().row()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        whole.qtbot.keyClick(palette.field, key)
    assert palette.list.currentIndex().row() == before + 1
    whole.qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert whole.document.history.labels == ()


@pytest.mark.gl
def test_what_was_chosen_lately_comes_first(whole: WholeWindow) -> None:
    choose(whole, "one range")
    palette = opened(whole)
    assert palette.model.entries[0].text == "One range for all tiles"
    palette.close()


@pytest.mark.gl
def test_numbers_of_the_window_are_turned_as_those_of_the_preset(whole: WholeWindow) -> None:
    choose(whole, "/view/split 0.25")
    assert whole.viewport.divider == 0.25
    choose(whole, "/brush/radius 21")
    assert whole.workspace.brush.radius == 21.0
    choose(whole, "/brush/radius large")
    assert "/brush/radius takes a number" in whole.said[-1]


@pytest.mark.gl
def test_every_bend_edit_preset_and_network_is_found_whatever_the_deck_shows(whole: WholeWindow) -> None:
    whole.workspace.choose("dec", "weight")
    for shelf in SHELVES:
        whole.deck.show_shelf(shelf)
        whole.until(lambda: "presets" in whole.deck.shelves)
        palette = opened(whole)
        listed = {(entry.kind, entry.text) for entry in palette._entries}
        palette.close()
        assert listed >= {("New bend", f"Bend: {kind.label}") for kind in bends().values()}
        assert listed >= {("Edit", kind.label) for kinds in edit_groups().values() for kind in kinds}
        assert ("Preset", "Mine own") in listed
        assert ("Network", "landscapes") in listed
        assert {("Layer", node.name) for node in whole.document.graph.nodes} <= listed
        # What is pressed has its own entry, or is seen.
        numbers = whole.studio.parts.controllers.hub.names.listed()
        turned = {address for address in numbers if not address.startswith(("/command/", "/panel/"))}
        assert {("Number", address) for address in turned} <= listed
        assert len({text for kind, text in listed if kind == "Command"}) > 60


@pytest.mark.gl
def test_a_right_click_on_a_command_or_a_number_opens_the_menu_to_learn_it_by(whole: WholeWindow) -> None:
    for typed, title in (
        ("draw eight", "Draw eight variants   /command/vary.roll"),
        ("/tempo/bpm", "Bpm   /tempo/bpm"),
    ):
        palette = opened(whole)
        palette.field.setText(typed)
        rows = map(palette.model.index, range(palette.model.rowCount()))
        index = next(each for each in rows if each.data(ENTRY).address == title.split()[-1])
        palette.list.customContextMenuRequested.emit(palette.list.visualRect(index).center())
        whole.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert menu.actions()[0].text() == title
        assert "Learn a control" in [action.text() for action in menu.actions()]
        menu.close()


@pytest.mark.gl
def test_a_bend_is_put_behind_the_layer_and_found_again(whole: WholeWindow) -> None:
    whole.workspace.choose("dec", "weight")
    choose(whole, "kaleid")
    (stage,) = whole.document.stages
    assert (stage.layer, stage.bend.label) == ("dec", "Kaleidoscope")
    assert stage.id in whole.context[BendsPanel].cards
    whole.workspace.choose("enc", "weight")
    whole.window.docks["filters"].raise_()
    choose(whole, f"bend {stage.id}")
    assert whole.workspace.layer == "dec"
    card = whole.context[BendsPanel].cards[stage.id]
    whole.until(lambda: not card.visibleRegion().isEmpty())


@pytest.mark.gl
def test_an_edit_is_found_where_the_layer_has_no_weights(whole: WholeWindow) -> None:
    graph = whole.document.graph
    bare = next(node.name for node in graph.nodes if not node.op.tensor_shapes())
    whole.workspace.choose(bare)
    whole.window.docks["bends"].raise_()
    choose(whole, "edit blur")
    assert whole.workspace.tensor is not None
    assert whole.editor.edits.chooser.currentText().startswith("Blur")
    whole.until(lambda: not whole.editor.edits.visibleRegion().isEmpty())
