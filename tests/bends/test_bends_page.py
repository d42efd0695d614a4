"""docs/bends.md says what is so, and shows every bend."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT

from studio.bends import registry
from studio.bends._docs import bends_page
from tools import make_bends_page


def test_the_page_of_bends_is_made_from_the_registry() -> None:
    assert (ROOT / "docs" / "bends.md").read_text("utf-8") == bends_page()
    assert {file.stem for file in (ROOT / "docs" / "bends").glob("*.jpg")} == set(registry())


def test_its_pictures_are_those_that_the_tool_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Ablate", "FromLayer", "FromPicture", "Delay"]
    monkeypatch.setattr(make_bends_page, "DOCS", tmp_path)
    monkeypatch.setattr("sys.argv", ["make_bends_page", *names])
    make_bends_page.main()
    for name in names:
        found, kept = (cv2.imread(str(at / "bends" / f"{name}.jpg")).astype(float) for at in (tmp_path, ROOT / "docs"))
        assert np.abs(found - kept).mean() < 2, name
