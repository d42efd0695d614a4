"""Orders: which are kept, in which order, and that none meets layers that it was not meant for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import layer, network, tiny_network

from studio.model.bends.bend import Bend
from studio.model.documents.document import Document
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.views.view import View
from studio.model.views.workspace import ORIGINALS, Workspace
from studio.runtime.live.document_sync import DocumentSync
from studio.runtime.live.layer_monitor import Watch
from studio.runtime.live.mailbox import Mailbox
from studio.runtime.live.orders import Bypass, ChooseEngine, Hold, LookAt, Open, Order, Replace, SetStages, WorkAt
from studio.runtime.live.output_writer import Snapshot, Still

NETWORK = tiny_network()
GRAPH = NETWORK.graph


def taken(*orders: Order) -> tuple[Order, ...]:
    mailbox = Mailbox()
    for order in orders:
        mailbox.put(order)
    return mailbox.take()


def weights(y: int, height: int, tensor: str = "enc.weight", value: float = 0.0) -> Replace:
    return Replace(GRAPH, tensor, Rect(y, 0, height, 2), np.full((height, 2), value, np.float32))


def test_events_are_kept_all_in_order() -> None:
    first, second = Snapshot(lambda _: None), Snapshot(lambda _: None)
    stills = Still(Path("a.png")), Still(Path("b.png"))
    assert taken(stills[0], first, stills[1], second) == (stills[0], first, stills[1], second)


def test_of_settings_the_newest_counts() -> None:
    assert taken(Hold(True), WorkAt("128"), ChooseEngine("gl"), Hold(False), WorkAt("256")) == (
        ChooseEngine("gl"),
        Hold(False),
        WorkAt("256"),
    )


def test_values_that_later_ones_cover_are_dropped_and_the_others_stay_in_order() -> None:
    wide, narrow, other, over = weights(0, 4), weights(1, 1), weights(0, 4, "dec.weight"), weights(0, 2)
    assert taken(wide, narrow, other, over) == (wide, other, over)
    assert taken(narrow, wide) == (wide,)


def test_a_long_drag_stays_small() -> None:
    assert len(taken(*(weights(0, 4, value=float(k)) for k in range(1000)))) == 1


def test_opening_voids_what_was_meant_for_the_layers_before() -> None:
    still, opening = Still(Path("a.png")), Open(NETWORK)
    before = weights(0, 1), Bypass(GRAPH, frozenset({"act"})), LookAt(GRAPH, View("layer", "enc"))
    assert taken(*before, still, Open(NETWORK), opening, weights(0, 1))[:2] == (still, opening)


def test_taken_once() -> None:
    mailbox = Mailbox()
    mailbox.put(Hold(True))
    assert mailbox.take()
    assert mailbox.take() == ()


class Notes:
    """Notes the orders that it is given."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def order(self, order: Order) -> None:
        self.orders.append(order)


@pytest.mark.parametrize("compare", [None, "enc"])
def test_whatever_names_layers_comes_with_their_graph(compare: str | None) -> None:
    """Soloing a layer, and opening a preset of another network that bypasses one: the bypass must not come alone."""
    other = network(
        layer("other", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
        name="other",
    )
    document, notes = Document(Preset("a", NETWORK, {})), Notes()
    workspace = Workspace(document)
    sync = DocumentSync(document, workspace, notes)
    workspace.comparison = compare
    workspace.view = View("layer", "act")
    notes.orders.clear()
    document.load(Preset("b", other, {}, sections={BYPASSED: frozenset({"other"})}))
    opened = next(k for k, order in enumerate(notes.orders) if isinstance(order, Open))
    opening = notes.orders[opened]
    assert isinstance(opening, Open)
    assert (opening.network.graph, opening.bypassed, opening.view) == (other.graph, {"other"}, View())
    layered = [order for order in notes.orders if isinstance(order, Bypass | Replace | LookAt | Watch)]
    # Whether before or behind it, they say whose layers they name; the loop drops those that it does not run.
    assert all(order.graph is other.graph for order in layered)
    del sync


class Standing(Bend):
    """A bend that changes nothing."""

    label = "Still"


def test_stages_go_with_what_is_compared() -> None:
    document, notes = Document(Preset("a", NETWORK, {})), Notes()
    workspace = Workspace(document)
    sync = DocumentSync(document, workspace, notes)
    first = document.add_stage("enc", Standing())
    second = document.add_stage("act", Standing())

    def newest() -> tuple[int, ...]:
        found = [order for order in notes.orders if isinstance(order, SetStages)]
        assert all(order.graph is GRAPH for order in found)
        return tuple(stage.id for stage in found[-1].stages)

    assert newest() == (first.id, second.id)
    workspace.comparison = "act"
    assert newest() == (second.id,)
    workspace.comparison = ORIGINALS
    assert newest() == ()
    workspace.comparison = None
    assert newest() == (first.id, second.id)
    document.undo()
    assert newest() == (first.id,)
    document.load(Preset("b", tiny_network(seed=3), {}))
    opened = [order.stages for order in notes.orders if isinstance(order, Open)]
    assert opened[-1] == ()
    document.undo()
    opened = [order.stages for order in notes.orders if isinstance(order, Open)]
    assert [stage.id for stage in opened[-1]] == [first.id]
    del sync


def test_a_layer_of_another_network_cannot_be_compared() -> None:
    document = Document(Preset("a", NETWORK, {}))
    workspace = Workspace(document)
    workspace.comparison = "enc"
    workspace.comparison = "of another network"
    assert workspace.comparison is None
    workspace.comparison = ORIGINALS
    assert workspace.comparison == ORIGINALS
