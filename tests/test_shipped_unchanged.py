"""What comes with the studio stays what it was: the same weights, the same pictures, the same files when saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shipped_looks import facts, look, recorded_facts, recorded_looks, shipped

from studio.io.presets import load_preset, save_preset
from studio.model.documents.document import Document

FACTS, LOOKS = recorded_facts(), recorded_looks()


def test_whatever_was_shipped_is_shipped_still() -> None:
    assert FACTS.keys() <= shipped().keys()


@pytest.mark.parametrize("name", FACTS)
def test_it_holds_the_same_bits(name: str) -> None:
    assert facts(name) == FACTS[name]


@pytest.mark.parametrize("name", FACTS)
def test_it_makes_the_same_picture(name: str) -> None:
    # The last bit of a sum differs between processors, so a value near a rounding edge may fall either way.
    assert np.abs(look(name).astype(np.int16) - LOOKS[name]).max() <= 1


@pytest.mark.parametrize("name", [name for name, fact in FACTS.items() if "manifest" in fact])
def test_a_preset_that_is_opened_and_saved_has_the_same_bytes(name: str, tmp_path: Path) -> None:
    before, after = shipped()[name], tmp_path / name
    save_preset(load_preset(before), after)
    files = {path.name for path in before.iterdir()} - {"thumbnail.png"}
    assert {path.name for path in after.iterdir()} == files
    for file in files:
        assert (after / file).read_bytes() == (before / file).read_bytes(), file


def test_a_generator_whose_vector_is_moved_keeps_that(tmp_path: Path) -> None:
    document = Document(load_preset(shipped()["paper-kites"]))
    document.set("/latent/z/3", 1.25)
    document.set("/latent/z/31", -0.1)
    save_preset(document.preset(), tmp_path / "kites")
    again = Document(load_preset(tmp_path / "kites"))
    assert {each.address: again.get(each.address) for each in again.numbers()} == {
        each.address: document.get(each.address) for each in document.numbers()
    }
    assert again.get("/latent/z/31") == -0.1
