"""Snapshots on disk: they come back as they were taken, share memory, and nothing that is not theirs is touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import load_preset
from studio.io.snapshots import Shelf
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset

NETWORK = tiny_network()


def taken(number: int) -> Preset:
    document = Document(Preset(f"taken {number}", NETWORK, {"enc.bias": np.full(6, float(number), np.float32)}))
    document.add_stage("enc", make_bend("Rotate", {"angle": 10.0 * number}))
    return document.preset()


def test_what_was_taken_comes_back_and_shares_the_network_that_is_open(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "snapshots")
    assert shelf.read(NETWORK) == ({}, [])
    for number in (2, 9):
        shelf.keep(number, taken(number))
    shelf.keep(4, Preset("other", tiny_network(seed=3), {}))
    shelf.keep(5, Preset("other", tiny_network(seed=3), {}))
    found, problems = Shelf(tmp_path / "snapshots").read(NETWORK)
    assert (sorted(found), problems) == ([2, 4, 5, 9], [])
    assert found[2].network is NETWORK
    assert found[4].network is found[5].network
    assert found[9].section(STAGES) == taken(9).section(STAGES)
    np.testing.assert_array_equal(found[2].changed["enc.bias"], taken(2).changed["enc.bias"])
    shelf.keep(2, taken(7))
    assert shelf.read(NETWORK)[0][2].name == "taken 7"


def test_a_network_that_presets_find_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    save_network(NETWORK, tmp_path / "weights" / "tiny")
    shelf = Shelf(tmp_path / "snapshots")
    shelf.keep(1, Preset("p", NETWORK, {}, weights_path=tmp_path / "weights" / "tiny"))
    assert not list((tmp_path / "snapshots").rglob("network.json"))
    assert shelf.read(tiny_network(seed=9))[0][1].network.sha256() == NETWORK.sha256()


def test_forgetting_leaves_what_others_put_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.drop(1)
    shelf.keep(1, taken(1))
    shelf.keep(2, taken(2))
    (tmp_path / "2" / "notes.txt").write_text("mine")
    shelf.drop(1)
    shelf.drop(2)
    assert not (tmp_path / "1").exists()
    assert [file.name for file in (tmp_path / "2").iterdir()] == ["notes.txt"]
    assert shelf.read(NETWORK) == ({}, [])


def test_one_that_is_damaged_is_named_and_stays_and_others_come_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.keep(1, taken(1))
    shelf.keep(3, taken(3))
    file = tmp_path / "1" / "preset.json"
    file.write_bytes(file.read_bytes()[:-20])
    found, [problem] = shelf.read(NETWORK)
    assert list(found) == [3]
    assert problem.startswith("Snapshot 1 cannot be read: ")
    assert file.exists()
    # Taken anew, it is whole again.
    shelf.keep(1, taken(4))
    assert load_preset(tmp_path / "1").name == "taken 4"
    # And what cannot be written is said.
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError):
        Shelf(tmp_path / "file" / "below").keep(1, taken(1))
