"""The state of the window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.changes import NetworkChanged
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace


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


def test_a_size_that_was_chosen_for_a_network_of_bounded_sides_stays() -> None:
    workspace = Workspace(Document(Preset("tiny", tiny_network(), {})))
    workspace.size = "512"
    workspace.document.load(bounded(heights=(16, 64)))
    workspace.size = "48"
    workspace.document.changed.emit(NetworkChanged(same_layers=True))
    assert workspace.size == "48"
    workspace.document.load(bounded(heights=(16, None)))
    assert workspace.size == "512"


@pytest.mark.parametrize(
    ("size", "nearest"), [((256, 256), (64, 256)), ((8, 8), (32, 48)), ((40, 50), (40, 50)), ((90, 2), (64, 48))]
)
def test_the_nearest_size_that_a_network_takes(size: tuple[int, int], nearest: tuple[int, int]) -> None:
    graph = bounded(heights=(32, 64), widths=(48, None)).network.graph
    assert graph.nearest(Size(*size)) == nearest


def test_the_layer_behind_which_something_bends_is_selected_as_the_document_opens() -> None:
    network = tiny_network()
    document = Document(Preset("tiny", network, {}))
    first, last = Workspace(document).layer, network.graph.nodes[-1].name
    assert first != last
    document.add_stage(last, make_bend("Invert", {}))
    assert Workspace(document).layer == last
    # Bent weights come first, as where a preset is opened in the deck.
    document.apply("louder", f"{first}.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))
    assert Workspace(document).layer == first
