"""What is kept of unsaved work, found again, restored bit for bit, and gone when all went well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from helpers import assert_same_bits, tiny_network

from studio.errors import StudioError
from studio.io.autosave import Recovery, discard, recovered
from studio.io.networks import load_network, save_network
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED

THEN = datetime(2026, 3, 4, 14, 3, tzinfo=UTC)


def bent(name: str = "mine", weights_path: Path | None = None) -> Preset:
    network = tiny_network()
    weight = network.tensors["enc.weight"].copy()
    weight[0, 1, 2, 3] = np.float32(-0.0)
    weight[1] *= np.float32(1.1)
    return Preset(
        name, network, {"enc.weight": weight}, weights_path=weights_path, sections={BYPASSED: frozenset({"act"})}
    )


def test_what_was_kept_comes_back_bit_for_bit(tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "net")
    kept = bent(weights_path=tmp_path / "net")
    kept = Preset("mine", load_network(tmp_path / "net"), kept.changed, weights_path=tmp_path / "net")
    before = datetime.now().astimezone()
    Recovery(tmp_path / "recovery", THEN).keep(kept, tmp_path / "presets" / "mine")
    [found] = Recovery(tmp_path / "recovery").others()
    assert (found.name, found.path) == ("mine", tmp_path / "presets" / "mine")
    assert before <= found.when <= datetime.now().astimezone()
    preset = recovered(found)
    assert_same_bits(dict(preset.changed), dict(kept.changed))
    assert preset.weights_path == tmp_path / "net"


def test_the_last_of_several_writes_counts_and_others_are_listed_newest_first(tmp_path: Path) -> None:
    first, second = Recovery(tmp_path, THEN), Recovery(tmp_path, THEN + timedelta(hours=1))
    first.keep(bent("a"), None)
    first.keep(bent("b"), None)
    second.keep(bent("c"), None)
    assert [kept.name for kept in Recovery(tmp_path).others()] == ["c", "b"]
    assert [kept.name for kept in first.others()] == ["c"]
    assert Recovery(tmp_path).others()[0].path is None
    assert recovered(Recovery(tmp_path).others()[1]).bypassed == {"act"}


def test_nothing_is_left_after_a_run_that_ended_well(tmp_path: Path) -> None:
    run = Recovery(tmp_path, THEN)
    run.keep(bent(), None)
    run.drop()
    assert Recovery(tmp_path).others() == []
    assert run.folder.is_dir()
    run.keep(bent(), None)
    run.end()
    assert list(tmp_path.iterdir()) == []


def test_what_is_discarded_is_not_offered_again(tmp_path: Path) -> None:
    Recovery(tmp_path, THEN).keep(bent(), None)
    [found] = Recovery(tmp_path).others()
    discard(found)
    discard(found)
    assert Recovery(tmp_path).others() == []


def test_a_damaged_folder_is_passed_over(tmp_path: Path) -> None:
    broken = Recovery(tmp_path, THEN)
    broken.keep(bent(), None)
    (broken.folder / "about.json").write_text("{")
    Recovery(tmp_path, THEN + timedelta(hours=1)).keep(bent("whole"), None)
    assert [kept.name for kept in Recovery(tmp_path).others()] == ["whole"]
    assert Recovery(tmp_path / "nowhere").others() == []


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot write"):
        Recovery(tmp_path / "file").keep(bent(), None)
