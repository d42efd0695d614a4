"""A package of others, installed by its entry points, has its panel, keys, commands and numbers in the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import tiny_network
from installing import PAGE, SITE, ask_anew, installer, page_of_plugins
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow, drop

from studio import plugin
from studio.io.networks import save_network
from studio.model.declared import plugins
from studio.ui.importing.dropping import export_filters, kind_of, model_suffixes
from studio.ui.shell.declared import declared

pytestmark = pytest.mark.gl


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    yield from installer(tmp_path, monkeypatch)


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, install: Callable[..., None]) -> Iterator[WholeWindow]:
    del gl_app
    install("wave_pack", "broken_pack")
    yield from opened(qtbot, tmp_path)


@pytest.fixture
def page(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, install: Callable[..., None]) -> Iterator[WholeWindow]:
    del gl_app
    install("wave_pack", site=page_of_plugins(tmp_path / "page"))
    yield from opened(qtbot, tmp_path)


def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[WholeWindow]:
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    yield made
    made.close()


def groups_of(points: str) -> set[str]:
    return set(re.findall(r"^\[(studio\.\w+)\]", points, re.MULTILINE))


def test_every_group_that_the_program_asks_for_has_an_example_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = set()

    def spy(group: str) -> object:
        asked.add(group)
        return ()

    monkeypatch.setattr(plugins, "entry_points", spy)
    ask_anew()
    plugin.check()
    declared()
    monkeypatch.undo()
    ask_anew()
    example = page_of_plugins(tmp_path / "page") / "wave_pack-1.2.dist-info" / "entry_points.txt"
    site = SITE / "wave_pack-1.2.dist-info" / "entry_points.txt"
    table = re.findall(r"^\| (`studio.*?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(asked) >= 14
    assert groups_of(example.read_text("utf-8")) == asked
    assert groups_of(site.read_text("utf-8")) == asked
    assert set(re.findall(r"studio\.\w+", " ".join(table))) == asked


def test_formats_of_plug_ins_are_dropped_and_chosen_as_those_of_the_studio(
    install: Callable[..., None], tmp_path: Path
) -> None:
    names = ("sea.wave", "checkpoint.pth.tar", "model.ONNX", "model.json", "film.mp4", "picture.png")
    assert [kind_of(tmp_path / name) for name in names] == ["source", *["model"] * 3, *["source"] * 2]
    install("wave_pack")
    assert [kind_of(tmp_path / name) for name in names] == [*["model"] * 4, *["source"] * 2]
    assert ".wave" in model_suffixes()
    filters = export_filters().split(";;")
    assert filters[0].endswith("(*.pt *.pth)")
    assert "Names of layers (*.names)" in filters
    assert filters[-1].endswith("(*)")


def test_a_folder_that_a_plug_in_imports_is_dropped_on_the_window(whole: WholeWindow, tmp_path: Path) -> None:
    folder = tmp_path / "sea"
    folder.mkdir()
    assert kind_of(folder) == "source"
    (folder / "times.wave").write_text("2.5", "utf-8")
    assert kind_of(folder) == "model"
    drop(whole, folder)
    importing = whole.opening.importing
    whole.until(lambda: importing.dialog)
    QTest.keyClick(importing.dialog, Qt.Key.Key_Return)
    whole.until(lambda: [type(node.op).__name__ for node in whole.document.graph.nodes] == ["Ripple"])


def test_all_of_it_shows_up_in_the_window(whole: WholeWindow) -> None:
    window, document = whole.window, whole.document
    names = window.docks["names"].widget().widget()
    assert isinstance(names, QLabel)
    assert names.text() == ", ".join(node.name for node in document.graph.nodes)
    whole.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert names.text() == names.text().upper()
    first = document.graph.nodes[0].name
    assert window.actions_["wave.bypass"].isEnabled()
    whole.command("wave.bypass")
    assert document.bypassed == {first}
    assert not window.actions_["wave.bypass"].isEnabled()
    reached = whole.studio.controllers.hub.names
    reached.set("/names/brightness", 0.25)
    assert reached.get("/names/brightness") == 0.25
    reached.set("/mood/wild", 1)
    assert (reached.get("/mood/wild"), document.history.labels[-1]) == (1.0, "Wild")
    # Its outlet gets the running picture; of one that fails at it the plug-in is named.
    whole.command("send.collected")
    whole.until(lambda: "Collected: the output is sent as the list SENT." in whole.said)
    whole.command("send.collected")
    from wave_pack.outlet import SENT  # type: ignore[import-not-found]

    whole.until(lambda: SENT and SENT[-1] is None)
    whole.command("send.deaf")
    whole.until(lambda: any("(broken-pack 0.1) has failed: LookupError: nobody there" in text for text in whole.said))
    # What came with it and is broken is named, and nothing else.
    whole.until(lambda: any("broken-pack 0.1" in text for text in whole.said))
    assert not [text for text in whole.said if "wave-pack" in text]


def test_panel_and_commands_of_the_page_on_plug_ins_work_as_they_are_written(page: WholeWindow) -> None:
    window, document = page.window, page.document
    names = window.docks["names"].widget().widget()
    assert isinstance(names, QLabel)
    page.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert names.text() == ", ".join(node.name for node in document.graph.nodes).upper()
    page.command("wave.bypass")
    assert document.bypassed == {document.graph.nodes[0].name}
    assert not window.actions_["wave.bypass"].isEnabled()
    page.command("send.file")
    page.until(lambda: any(text.startswith("A file that is always new: the output is sent as ") for text in page.said))
    page.command("send.file")
    page.studio.controllers.hub.names.set("/mood/wild", 1)
    assert document.history.labels[-1] == "Wild"
    assert not [text for text in page.said if "wave-pack" in text]
