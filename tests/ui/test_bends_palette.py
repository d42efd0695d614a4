"""Pictures of what each bend does to the open network, and choosing by them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot

from studio.bends import make_bend, registry
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.bending.palette import SIDE, Asked, PaletteMaker, pictures
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.render.frame_runner import FrameRunner
from studio.ui.bends.findings import Findings
from studio.ui.bends.panel import BendsPanel

FILM = [np.random.default_rng(k).integers(0, 256, (24, 32, 3), np.uint8) for k in range(3)]


def asked(*stages: Stage) -> Asked:
    return Asked(tiny_network(), "enc", stages, FILM)


def test_every_bend_has_a_picture_of_what_it_really_does() -> None:
    found = dict(pictures(asked()))
    assert found.keys() == registry().keys()
    assert all(picture is not None and picture.shape == (24, 32, 3) for picture in found.values())
    engine = TorchEngine(tiny_network(), "cpu")
    engine.set_stages([Stage(1, "enc", make_bend("Invert", {}))])
    np.testing.assert_array_equal(found["Invert"], FrameRunner(engine)(FILM[-1]))
    # A bend that remembers is shown on pictures in a row, so that it does something.
    still = Asked(tiny_network(), "enc", (), FILM[-1:])
    delay, alone = found["Delay"], dict(pictures(still, [registry()["Delay"]]))["Delay"]
    assert delay is not None
    assert alone is not None
    assert not np.array_equal(delay, alone)


def test_large_pictures_are_worked_on_and_shown_small() -> None:
    film = [np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)]
    found = dict(pictures(Asked(tiny_network(), "enc", (), film), [registry()["Invert"]]))["Invert"]
    assert found is not None
    assert found.shape == (54, 96, 3)


def test_bends_that_stand_there_count_and_what_does_not_fit_has_no_picture() -> None:
    before = Stage(4, "enc", make_bend("Ablate", {}))
    multiplied = dict(pictures(asked(before), [registry()["Multiply"]]))["Multiply"]
    ablated = dict(pictures(asked(), [registry()["Ablate"]]))["Ablate"]
    assert multiplied is not None
    np.testing.assert_array_equal(multiplied, ablated)

    class Fussy(registry()["Multiply"]):  # type: ignore[misc]
        def check(self, shape: object) -> None:
            del shape
            raise StudioError("It does not fit.")

    assert dict(pictures(asked(), [Fussy])) == {"Fussy": None}


def test_it_takes_its_share_and_stops_when_told() -> None:
    took: list[str] = []
    maker = PaletteMaker(asked(), lambda name, _: took.append(name), share=0.01)
    end = time.monotonic() + 60
    while not took and time.monotonic() < end:
        time.sleep(0.01)
    maker.stop()
    assert maker.join(60)
    assert 0 < len(took) < len(registry())


ROW = [(x, SIDE // 2) for x in range(SIDE)]
COLUMN = [(SIDE // 2, y) for y in range(SIDE)]


class Desk:
    def __init__(self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Asked] = []
        desk = self

        class Maker:
            def __init__(self, asked: Asked, took: object, kinds: object) -> None:
                del kinds
                desk.asked.append(asked)
                self.took, self.stopped = took, False
                desk.maker = self

            def stop(self) -> None:
                self.stopped = True

        monkeypatch.setattr("studio.ui.bends.palette.PaletteMaker", Maker)
        self.maker: Maker
        self.document = Document(Preset("tiny", tiny_network(), {}))
        self.workspace = Workspace(self.document)
        self.workspace.choose("enc")
        telemetry = Telemetry()
        telemetry.follow(self.document.graph)
        findings = Findings(self.document, telemetry, lambda _: None)
        self.panel = BendsPanel(self.document, self.workspace, findings, lambda _: None, lambda: FILM[0])
        qtbot.addWidget(self.panel)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def make(self, name: str, level: int) -> None:
        picture: Picture = np.full((72, 96, 3), level, np.uint8)
        self.maker.took(name, picture)  # type: ignore[operator]

    def level(self, name: str) -> int:
        palette = self.panel._palette
        assert palette is not None
        image = palette.items[name].icon().pixmap(SIDE, SIDE).toImage()
        return image.pixelColor(SIDE // 2, SIDE // 2).red()


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(qtbot, monkeypatch)


def test_a_bend_is_chosen_by_its_picture(desk: Desk, qtbot: QtBot) -> None:
    qtbot.mouseClick(desk.panel.grid, Qt.MouseButton.LeftButton)
    palette = desk.panel._palette
    assert palette is not None
    assert palette.isVisible()
    assert len(palette.items) == len(registry())
    desk.make("Invert", 200)
    qtbot.waitUntil(lambda: desk.level("Invert") == 200)
    item = palette.items["Invert"]
    palette.list.scrollToItem(item)
    at = palette.list.visualItemRect(item).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [type(stage.bend).__name__ for stage in desk.document.stages] == ["Invert"]
    assert not palette.isVisible()
    desk.document.undo()
    assert desk.document.stages == ()


@pytest.mark.parametrize("size", [(16, 16), (54, 96), (96, 40), (1, 1)])
def test_pictures_of_all_shapes_fill_their_place_and_names_stay_where_they_are(
    desk: Desk, qtbot: QtBot, size: tuple[int, int]
) -> None:
    """Of a network of 16×16 pixels they were specks, and names stood where others had been drawn."""
    desk.panel.open_palette()
    palette = desk.panel._palette
    assert palette is not None
    before = palette.list.visualItemRect(palette.items["Invert"])
    desk.maker.took("Invert", np.full((*size, 3), 200, np.uint8))  # type: ignore[operator]
    qtbot.waitUntil(lambda: desk.level("Invert") == 200)
    assert palette.items["Invert"].icon().availableSizes() == [QSize(SIDE, SIDE)]
    assert palette.list.visualItemRect(palette.items["Invert"]) == before
    image = palette.items["Invert"].icon().pixmap(SIDE, SIDE).toImage()
    filled = [sum(image.pixelColor(*at).red() == 200 for at in line) for line in (ROW, COLUMN)]
    assert max(filled) == SIDE
    assert min(filled) == round(SIDE * min(size) / max(size))


def test_it_is_found_by_name_and_arrows_too(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.open_palette()
    palette = desk.panel._palette
    assert palette is not None
    qtbot.keyClicks(palette.search, "kaleid")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert [type(stage.bend).__name__ for stage in desk.document.stages] == ["Kaleidoscope"]


def test_pictures_are_kept_and_made_anew_after_an_edit_alone(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.open_palette()
    for name in registry():
        desk.make(name, 100)
    qtbot.waitUntil(lambda: desk.level("Invert") == 100)
    desk.panel.open_palette()
    assert len(desk.asked) == 1, "all are known"
    desk.workspace.choose("dec")
    desk.panel.open_palette()
    assert [each.layer for each in desk.asked] == ["enc", "dec"]
    assert desk.level("Invert") != 100
    desk.workspace.choose("enc")
    desk.document.add_stage("enc", make_bend("Multiply", {}))
    desk.panel.open_palette()
    assert desk.level("Invert") == 100, "what was known is shown until it is made anew"
    assert [each.layer for each in desk.asked] == ["enc", "dec", "enc"]
    assert len(desk.asked[-1].stages) == 1


def test_maps_of_bends_that_remember_come_from_what_plays(desk: Desk) -> None:
    film: list[Array] = []
    for _ in range(9):
        desk.panel.pictures._newest = lambda: film[-1]
        film.append(np.zeros((4, 4, 3), np.uint8))
        desk.panel.pictures.look()
        desk.panel.pictures.look()
    desk.panel.pictures.want("enc")
    assert len(desk.asked[0].film) == 6
    assert all(a is b for a, b in zip(desk.asked[0].film, film[-6:], strict=True))
