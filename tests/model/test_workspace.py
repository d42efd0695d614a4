"""The state of the window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import tiny_network

from studio.model.document import Document
from studio.model.preset import Preset
from studio.model.workspace import Workspace


def test_what_it_has_no_field_for_is_not_set_in_silence() -> None:
    workspace = Workspace(Document(Preset("tiny", tiny_network(), {})))
    with pytest.raises(AttributeError, match="no field 'compared'"):
        setattr(workspace, "compared", "enc")  # noqa: B010 - as a checker of types would not let it stand
    workspace.comparison = "enc"
    assert workspace.comparison == "enc"


def bounded(**sides: tuple[int, int | None]) -> Preset:
    made = tiny_network()
    graph = replace(made.graph, inputs=tuple(replace(put, **sides) for put in made.graph.inputs))
    return Preset("bounded", replace(made, graph=graph), {})


@pytest.mark.parametrize(("before", "then"), [("512", "64"), ("source", "64"), ("320x48", "64"), ("48x64", "48x64")])
def test_a_network_of_bounded_sides_sets_a_size_that_is_too_large(before: str, then: str) -> None:
    workspace = Workspace(Document(Preset("tiny", tiny_network(), {})))
    workspace.size = before
    workspace.document.load(bounded(heights=(16, 64), widths=(16, 128)))
    assert workspace.size == then
    workspace.document.load(bounded(heights=(16, None)))
    assert workspace.size == before
