"""What makes a place of the picture lights up in the list of layers, and its filters can be taken from there."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from whole_window import WholeWindow

from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Makers
from studio.runtime.live.channel_study import Impacts
from studio.runtime.live.report import Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.filters.makers import layers_with_filters, makers_of, unknown
from studio.ui.services.effects import Effects

LEFT, NONE, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def test_layers_are_as_strong_as_their_strongest_channel_and_maps_stand_in_for_effects() -> None:
    document = Document(Preset("tiny", tiny_network(), {}))
    graph, telemetry = document.graph, Telemetry()
    telemetry.follow(graph)
    effects = Effects(document, telemetry, lambda _: None)
    layers = layers_with_filters(graph)
    assert {"enc", "dec"} <= set(layers)
    assert set(unknown(graph, effects, {})) == set(layers)
    counts = {layer: graph.tensor_shapes[f"{layer}.weight"][layer == "dec"] for layer in layers}
    places = {"enc": np.zeros((counts["enc"], 16, 16), np.float32)}
    places["enc"][2, :8] = 4.0
    places["enc"][0, :8] = 1.0
    places["enc"][1, 8:] = 9.0
    of = {name: each.max(axis=(1, 2)) for name, each in places.items()}
    telemetry.take(Report((Impacts(graph, of, "", places),)))
    sample = np.random.default_rng(1).standard_normal((counts["dec"], 8, 8)).astype(np.float32)
    found = makers_of(graph, effects, {"dec": sample}.get, (0.1, 0.1), (0.3, 0.3))
    by_layer = {each.layer: each for each in found}
    assert by_layer["enc"].channels[:2] == (2, 0)
    assert by_layer["enc"].strength == 1.0
    assert by_layer["dec"].strength == 0.0
    assert by_layer["dec"].channels
    assert set(unknown(graph, effects, {"dec": sample})) == set(layers) - {"enc", "dec"}
    # Where nothing changes the picture, the layer stays dark.
    places["enc"][:] = 0
    telemetry.take(Report((Impacts(graph, of, "", places),)))
    assert "enc" not in {each.layer for each in makers_of(graph, effects, {}.get, (0.1, 0.1), (0.3, 0.3))}


def chip(whole: WholeWindow, layer: str, channel: int) -> QPoint:
    layers, model = whole.network.list, whole.network.model
    index = model.place(layer)
    layers.scrollTo(index)
    rect = layers.visualRect(index)
    delegate = layers.delegate
    return delegate.chips(delegate.places(rect), model.rows[index.row()])[channel].center()


@pytest.mark.gl
def test_a_drag_over_the_picture_lights_up_the_layers_and_a_chip_selects_its_filter(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.command("view.output")
    whole.until(lambda: whole.picture_in_place)
    dark = whole.network.list.viewport().grab().toImage()
    middle = whole.viewport.rect().center()
    QTest.mousePress(whole.viewport, LEFT, pos=middle - QPoint(40, 40))
    QTest.mouseMove(whole.viewport, middle)
    QTest.mouseMove(whole.viewport, middle + QPoint(40, 40))
    QTest.mouseRelease(whole.viewport, LEFT, pos=middle + QPoint(40, 40))
    whole.until(lambda: {"enc", "dec"} <= {each.layer for each in whole.workspace.makers})
    enc, dec = (next(each for each in whole.workspace.makers if each.layer == name) for name in ("enc", "dec"))
    if not enc.strength:
        assert whole.workspace.found == ("enc", enc.channels), "list and sheet say the same"
    assert whole.network.list.viewport().grab().toImage() != dark
    at, viewport = chip(whole, "dec", dec.channels[0]), whole.network.list.viewport()
    QTest.mouseMove(viewport, at - QPoint(0, 30))
    QTest.mouseMove(viewport, at)
    whole.until(lambda: whole.workspace.pointed == ("dec", dec.channels[0]))
    QTest.mouseClick(viewport, LEFT, NONE, at)
    assert whole.workspace.layer == "dec"
    selection = whole.workspace.selection
    assert selection is not None
    assert np.flatnonzero(selection.mask.all(axis=0)).tolist() == [dec.channels[0]]
    # The row of channels above the sheet is of this layer now.
    assert whole.workspace.found == ("dec", dec.channels)
    assert whole.editor.found.isVisible()
    QTest.mouseClick(viewport, LEFT, CTRL, chip(whole, "dec", dec.channels[-1]))
    selection = whole.workspace.selection
    assert selection is not None
    assert set(np.flatnonzero(selection.mask.all(axis=0))) == {dec.channels[0], dec.channels[-1]}
    whole.editor.found._clear()
    assert whole.workspace.makers == ()
    QApplication.processEvents()


@pytest.mark.gl
def test_the_menu_of_a_layer_selects_all_that_make_the_place(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.workspace.makers = (Makers("dec", (2, 0), 1.0),)
    menu = whole.network._actions.menu(whole.network, "dec")
    action = next(each for each in menu.actions() if each.text().startswith("Select the filters"))
    action.trigger()
    selection = whole.workspace.selection
    assert selection is not None
    assert np.flatnonzero(selection.mask.all(axis=0)).tolist() == [0, 2]
    assert "makes the place by channels 2 0" in whole.network.model.state_text("dec")
