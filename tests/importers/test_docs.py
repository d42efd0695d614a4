"""docs/operators.md says what is so."""

from __future__ import annotations

from helpers import ROOT

from studio.io.importers._aten.table import table as aten
from studio.io.importers._docs import NOT_ATEN, NOT_ONNX, operators_page
from studio.io.importers._onnx.table import table as onnx


def test_the_page_of_operators_is_what_is_registered() -> None:
    assert (ROOT / "docs" / "operators.md").read_text(encoding="utf-8") == operators_page()


def test_what_is_said_not_to_be_supported_is_not() -> None:
    assert not {f"aten.{name}" for name in NOT_ATEN} & aten().keys()
    assert not set(NOT_ONNX) & onnx().keys()
