"""Shipped presets stay as they are; the person's own get folders of their own and can be renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers import tiny_network

from studio.errors import StudioError
from studio.io import presets
from studio.io.library import Library, check_title, folder_name
from studio.io.preset_file import PresetFile, read_preset_file
from studio.io.presets import load_preset, save_preset
from studio.model.networks.preset import Preset


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "shipped").mkdir()
    save_preset(Preset("dusk", tiny_network(), {}), tmp_path / "shipped" / "dusk")
    return Library(tmp_path / "home" / "presets", tmp_path / "shipped")


def save(library: Library, title: str) -> Path:
    folder = library.new_folder(title)
    save_preset(Preset(title, tiny_network(), {}), folder)
    return folder


def test_own_presets_come_first(library: Library) -> None:
    assert [card.title for card in library.cards()] == ["dusk"]
    mine = save(library, "Mine")
    assert [(card.title, library.is_shipped(card.path)) for card in library.cards()] == [
        ("Mine", False),
        ("dusk", True),
    ]
    assert mine == library.own / "mine"


def test_every_title_gets_a_folder_of_its_own(library: Library) -> None:
    assert [save(library, title).name for title in ("Été en mer", "ete en mer", "???", "con")] == [
        "ete-en-mer",
        "ete-en-mer-2",
        "preset",
        "preset-con",
    ]
    assert library.free_title("new") == "new"
    assert library.free_title("Dusk") == "Dusk 2"
    save(library, "Dusk 2")
    assert library.free_title("Dusk") == "Dusk 3"
    assert library.free_title("Dusk 2") == "Dusk 3"
    assert len(folder_name("x" * 119)) == 60


def test_a_preset_is_renamed_and_otherwise_the_same(library: Library) -> None:
    mine = save(library, "Mine")
    file = mine / "preset.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"wobble": [1, {"a": 2.5}]}), "utf-8")
    before = load_preset(mine)
    library.retitle(mine, "  Yours: é  ")
    after = load_preset(mine)
    assert after.name == "Yours: é"
    assert json.loads(file.read_text("utf-8"))["wobble"] == [1, {"a": 2.5}]
    assert (after.network.sha256(), after.bypassed) == (before.network.sha256(), before.bypassed)


def test_what_cannot_be_renamed_says_why_and_stays(library: Library) -> None:
    mine = save(library, "Mine")
    shipped = library.shipped / "dusk"
    before = (shipped / "preset.json").read_bytes(), (mine / "preset.json").read_bytes()
    with pytest.raises(StudioError, match="came with the studio"):
        library.retitle(shipped, "dawn")
    for title, reason in (("  ", "needs a name"), ("x" * 121, "may have 120"), ("a\nb", "single line")):
        with pytest.raises(StudioError, match=reason):
            library.retitle(mine, title)
        with pytest.raises(StudioError, match=reason):
            check_title(title)
    assert ((shipped / "preset.json").read_bytes(), (mine / "preset.json").read_bytes()) == before


def test_where_no_folder_can_be_made_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot write"):
        Library(tmp_path / "file" / "presets").new_folder("mine")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of presets that are read."""
    found: list[Path] = []

    def note(file: Path) -> PresetFile:
        found.append(file)
        return read_preset_file(file)

    monkeypatch.setattr(presets, "read_preset_file", note)
    return found


@pytest.mark.long
def test_of_however_many_presets_none_is_read_again(library: Library, read: list[Path]) -> None:
    """A list of so many that were used last forgets each of one more before it comes to it again."""
    one, count = save(library, "one") / "preset.json", 4200
    for number in range(count):
        (library.own / f"p{number}").mkdir()
        os.link(one, library.own / f"p{number}" / "preset.json")
    assert len(library.cards()) > count
    read.clear()
    assert len(library.cards()) > count
    assert library.has("one")
    assert read == []


def test_to_ask_for_a_name_reads_only_what_has_changed(library: Library, read: list[Path]) -> None:
    own = [save(library, title) for title in ("one", "two", "three")]
    library.cards()
    read.clear()
    assert library.free_title("one") == "one 2"
    assert library.has("DUSK")
    assert not library.has("four")
    assert read == []
    library.retitle(own[0], "Four")
    assert library.has("four")
    assert not library.has("one")
    (own[1] / "preset.json").write_bytes(b"rubbish")
    assert library.has("two")
    assert set(read) == {own[0] / "preset.json", own[1] / "preset.json"}
