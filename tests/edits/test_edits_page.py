"""docs/edits.md says what is so."""

from __future__ import annotations

from pathlib import Path

from studio.edits._docs import edits_page

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_page_of_edits_is_what_the_registry_makes() -> None:
    assert (ROOT / "docs" / "edits.md").read_text("utf-8") == edits_page()
