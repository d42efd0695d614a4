"""docs/bends.md says what is so, and shows every bend."""

from __future__ import annotations

from helpers import ROOT

from studio.bends import registry
from studio.bends._docs import bends_page


def test_the_page_of_bends_is_made_from_the_registry() -> None:
    assert (ROOT / "docs" / "bends.md").read_text("utf-8") == bends_page()
    assert {file.stem for file in (ROOT / "docs" / "bends").glob("*.jpg")} == set(registry())
