"""A layer in the viewport before and after its bends: by mouse, by key, by address, while stages come and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import picture, tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.io.networks import save_network
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.runtime.live.looked_at import looked_at
from studio.ui.services.controllers import Controllers
from studio.ui.viewport.raster import RasterSurface


def test_a_view_before_bends_keeps_to_it_from_layer_to_layer_and_no_further() -> None:
    workspace = Workspace(Document(Preset("test", tiny_network(), {})))
    workspace.choose("enc")
    workspace.show("layer", before=True)
    assert workspace.view == View("layer", "enc", before=True)
    assert workspace.view.shows == "enc>made"
    workspace.step(1)
    assert workspace.view == View("layer", "act", before=True)
    workspace.show("layer")
    assert workspace.view.shows == "act"
    workspace.show("output", before=True)
    assert workspace.view == View()


def test_what_goes_to_the_screen_is_what_the_layer_made() -> None:
    graph = tiny_network().graph
    assert looked_at(graph, View("layer", "enc", before=True), output_too=True) == (
        ("enc>made", graph.output),
        frozenset({graph.output}),
    )
    for unknown in (View("layer", "enc>made"), View("layer", "nose", before=True)):
        assert looked_at(graph, unknown, output_too=False) == ((graph.output,), frozenset({graph.output}))


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), picture(24, 32))
    opened = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    # Bars of effects come over the tiles when they have been measured.
    opened.viewport.over.clear()
    opened.workspace.choose("enc")
    opened.command("view.layer")
    opened.settle()
    yield opened
    opened.close()


def seen(whole: WholeWindow) -> Picture:
    """What the lower half of the viewport shows, where nothing lies over it, once it has drawn what there is."""
    surface = whole.viewport.surface
    for _ in range(2):
        whole.viewport.grab()
        whole.until(lambda: not isinstance(surface, RasterSurface) or surface.is_settled)
    image = whole.viewport.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[image.height() // 2 :, : 3 * image.width()].copy()


def wait_for(whole: WholeWindow, wanted: Picture) -> None:
    whole.until(lambda: np.array_equal(seen(whole), wanted))


def another(whole: WholeWindow, before: Picture) -> Picture:
    """What is seen once it is not this any more."""
    now = before

    def differs() -> bool:
        nonlocal now
        now = seen(whole)
        return not np.array_equal(now, before)

    whole.until(differs)
    return now


def drawn(whole: WholeWindow) -> list[str]:
    return [part.shown.name for part in whole.viewport._parts]


@pytest.mark.gl
def test_a_layer_is_seen_before_and_after_its_bends_while_they_come_and_go(whole: WholeWindow) -> None:
    control, document = whole.viewport.around_bends, whole.document
    whole.until(lambda: drawn(whole) == ["enc"])
    assert not control.isVisible(), "there is nothing to choose"
    plain = seen(whole)
    document.add_stage("enc", make_bend("Invert", {}))
    whole.picture()
    bent = another(whole, plain)
    assert control.isVisible()
    assert (control.layer.text(), control.after.isChecked()) == ("enc", True)

    whole.click(control.before)
    assert whole.workspace.view == View("layer", "enc", before=True)
    wait_for(whole, plain)
    assert drawn(whole) == ["enc>made"]
    assert control.before.isChecked()
    whole.click(control.after)
    wait_for(whole, bent)

    # The camera stays, so that the two can be compared.
    camera = whole.viewport.camera
    whole.key(Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    wait_for(whole, plain)
    assert whole.viewport.camera is camera
    whole.key(Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    wait_for(whole, bent)
    names = whole.context[Controllers].hub.names
    names.set("/command/view.before_bends", 1)
    wait_for(whole, plain)

    # The stage goes, and comes back: before it there is the same.
    document.undo()
    whole.picture()
    wait_for(whole, plain)
    assert control.isVisible(), "what is seen is said still"
    document.redo()
    whole.picture()
    wait_for(whole, plain)
    names.set("/command/view.before_bends", 0)
    wait_for(whole, bent)
    document.undo()
    wait_for(whole, plain)
    assert not control.isVisible()


@pytest.mark.gl
def test_layer_and_output_leave_it(whole: WholeWindow) -> None:
    control = whole.viewport.around_bends
    whole.document.add_stage("enc", make_bend("Invert", {}))
    whole.key(Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert whole.workspace.view.before
    whole.key(Qt.Key.Key_L)
    assert whole.workspace.view == View("layer", "enc")
    whole.key(Qt.Key.Key_O)
    assert not control.isVisible()
    # From elsewhere the key leads to the selected layer.
    whole.key(Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert whole.workspace.view == View("layer", "enc", before=True)
    # A click on a tile selects what makes it, as it does after the bends.
    whole.until(lambda: drawn(whole) == ["enc>made"])
    whole.workspace.choose("dec")
    left, top = whole.viewport.camera.to_view(2, 2)
    whole.viewport.around_bends.hide()
    ratio = whole.viewport.devicePixelRatioF()
    whole.click(whole.viewport, QPoint(round(left / ratio), round(top / ratio)))
    assert whole.workspace.layer == "enc"


@pytest.mark.gl
def test_what_there_is_not_gives_way_to_the_output(whole: WholeWindow) -> None:
    """It was waited for without end, and "Waiting for the first frame" was what was seen meanwhile."""
    whole.workspace.view = View("layer", "enc>17")
    whole.until(lambda: drawn(whole) == [whole.document.graph.output])
    whole.workspace.view = View("layer", "enc")
    whole.until(lambda: drawn(whole) == ["enc"])
