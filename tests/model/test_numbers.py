"""Numbers under addresses: what there is, what they take, and that turning one is an item of the history."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.bends import registry as bends
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import ChannelRange, Guard, Luma, SomeChannels
from studio.model.bends.stages import STAGES, StagesChanged
from studio.model.declared.param import param
from studio.model.documents.document import Document
from studio.model.movement.address import Number, split
from studio.model.movement.curve import Range
from studio.model.movement.latent_offset import LATENT, moved
from studio.model.movement.route import ROUTES, added
from studio.model.networks.changes import Change
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.networks.section import SectionChanged
from studio.modulators import make_modulator
from studio.ops.conv import Conv2d


class Wave(Bend):
    label = "Wave"
    shader = "wave"
    size: float = param(2.0, lo=0.0, hi=64.0, live=True, unit="px", doc="How long")
    count: int = param(3, lo=1, hi=9, live=True, doc="How many")
    soft: bool = param(False, live=True, doc="Whether it is soft")
    taps: int = param(3, lo=1, hi=9, doc="Compiled in")


def network(seed: int = 0) -> Network:
    a = Conv2d(in_channels=3, out_channels=4, kernel_size=3, padding=1)
    b = Conv2d(in_channels=8, out_channels=4, kernel_size=1)
    graph = Graph(
        (Input("picture"), Input("z", 8, kind="vector")), (Node("a", a, ("picture",)), Node("b", b, ("z",))), "a"
    )
    rng = np.random.default_rng(seed)
    return Network("n", graph, {k: rng.standard_normal(s).astype(np.float32) for k, s in graph.tensor_shapes.items()})


@pytest.fixture
def document() -> Document:
    made = Document(Preset("p", network(), {}))
    made.add_stage("a", Wave(), mask=Luma(source="picture"), guard=Guard(kind="deviation"))
    made.add_stage("b", Wave(size=5.0))
    return made


def test_every_number_has_an_address_with_what_was_declared_of_it(document: Document) -> None:
    found = {number.address: number for number in document.numbers()}
    of_first = {address for address in found if address.startswith("/bend/1/")}
    own = ("amount", "on", "size", "count", "soft", "taps", "mask/low", "mask/high", "guard/times", "guard/kind")
    assert of_first == {f"/bend/1/{name}" for name in own}
    assert {f"/latent/z/{k}" for k in range(8)} <= found.keys()
    size = found["/bend/1/size"]
    assert (size.lo, size.hi, size.unit, size.default, size.doc) == (0.0, 64.0, "px", 2.0, "How long")
    assert (found["/bend/1/count"].kind, found["/bend/1/soft"].kind) == ("integer", "switch")
    assert len(found) == len(document.numbers())
    for address in found:
        assert split(address)


def test_what_chooses_has_an_address_as_what_is_turned(document: Document) -> None:
    document.add_stage("a", Wave(), channels=SomeChannels(share=0.25, seed=2**31 - 1))
    document.set_section(ROUTES, added((), make_modulator("lfo", {"seed": 2**31 - 2}), "/bend/1/size")[0], "Move")
    seed = document.number("/bend/3/channels/seed")
    assert (seed.kind, seed.lo, seed.hi, seed.doc) == ("integer", 0.0, 2.0**31 - 1, "Which ones")
    wanted = {"/bend/3/channels/seed": 7, "/bend/3/channels/share": 0.75, "/bend/3/taps": 9, "/route/1/seed": 2**31 - 1}
    for address, value in wanted.items():
        document.set(address, value)
        assert document.get(address) == value
    stage = document.stages[2]
    assert (stage.channels, stage.bend) == (SomeChannels(share=0.75, seed=7), Wave(taps=9))
    assert type(stage.bend.taps) is type(stage.channels.seed) is int
    assert document.section(ROUTES)[0].source == make_modulator("lfo", {"seed": 2**31 - 1})
    for _ in wanted:
        document.undo()
    assert document.stages[2].channels == SomeChannels(share=0.25, seed=2**31 - 1)


def test_a_choice_is_a_number_by_its_place_and_can_be_said_by_its_word(document: Document) -> None:
    document.add_stage("a", make_bend("Rotate", {}))
    document.add_stage("a", make_bend("Median", {}))
    route = make_modulator("lfo", {"shape": "square"})
    document.set_section(ROUTES, added((), route, "/bend/1/size", curves=(Range(),))[0], "Move")
    border = document.number("/bend/3/border")
    assert (border.kind, border.choices) == ("choice", ("zero", "edge", "reflect", "wrap"))
    assert (border.default, border.reach, border.word(document.get(border.address))) == (0.0, (0.0, 3.0), "zero")
    document.set(border.address, "wrap")
    assert (document.get(border.address), document.stages[2].bend.border) == (3.0, "wrap")
    document.set(border.address, 2)
    assert document.stages[2].bend.border == "reflect"
    document.set("/bend/3/guard/kind", "norm")
    assert document.stages[2].guard == Guard(kind="norm")
    document.set("/route/1/shape", "saw down")
    document.set("/route/1/curve/1/overshoots", 1)
    held = document.section(ROUTES)[0]
    assert (held.source, held.curves) == (make_modulator("lfo", {"shape": "saw down"}), (Range(overshoots=True),))
    # Whole numbers to choose from are themselves; the nearest is taken.
    radius = document.number("/bend/4/radius")
    assert (radius.kind, radius.lo, radius.hi) == ("integer", 1.0, 3.0)
    document.set(radius.address, 3)
    assert document.stages[3].bend.radius == 3
    with pytest.raises(
        StudioError, match="takes one of zero, edge, reflect, wrap, or its place from 0 to 3, not mirror"
    ):
        document.set(border.address, "mirror")
    assert border.clipped(2.4) == 2.0


def test_turning_a_number_is_undone_and_told_of(document: Document) -> None:
    seen: list[Change] = []
    document.changed.connect(seen.append)
    document.set("/bend/2/size", 7)
    document.set("/latent/z/3", -1.5)
    assert (document.get("/bend/2/size"), document.get("/bend/1/size")) == (7.0, 2.0)
    assert document.section(LATENT) == {"z": (0.0, 0.0, 0.0, -1.5)}
    assert StagesChanged() in seen
    assert SectionChanged("latent") in seen
    assert document.history.labels[-2:] == ("Wave size", "z 3")
    document.undo()
    document.undo()
    assert (document.get("/bend/2/size"), document.get("/latent/z/3")) == (5.0, 0.0)
    document.go(len(document.history.labels))
    assert (document.get("/bend/2/size"), document.get("/latent/z/3")) == (7.0, -1.5)


def test_a_drag_is_one_item_and_escape_takes_it_back(document: Document) -> None:
    before = len(document.history.labels)
    drag = document.begin("Turn")
    for value in np.linspace(0, 1, 20):
        drag.set("/bend/1/amount", float(value) / 2)
    drag.commit()
    assert len(document.history.labels) == before + 1
    drag = document.begin("Turn")
    drag.set("/bend/1/amount", 0.25)
    drag.set("/latent/z/7", 2)
    drag.cancel()
    assert (document.get("/bend/1/amount"), document.get("/latent/z/7")) == (0.5, 0.0)
    assert document.section(LATENT) == {}
    assert len(document.history.labels) == before + 1


@settings(max_examples=60)
@given(st.data())
def test_what_is_set_is_what_is_got_and_nothing_else_changes(data: st.DataObject) -> None:
    of = Document(Preset("p", network(), {}))
    of.add_stage("a", Wave(), mask=Luma(source="picture"))
    numbers = of.numbers()
    for number in data.draw(st.lists(st.sampled_from(numbers), max_size=6)):
        value = data.draw(st.floats(*number.reach))
        before = {each.address: of.get(each.address) for each in numbers}
        of.set(number.address, value)
        assert of.get(number.address) == number.checked(value)
        assert {**before, number.address: of.get(number.address)} == {
            each.address: of.get(each.address) for each in numbers
        }


@pytest.mark.parametrize(
    ("address", "value", "sentence"),
    [
        ("/bend/1/amount", 1.5, "/bend/1/amount takes a number from 0 to 1, not 1.5."),
        ("/bend/1/size", -1, "/bend/1/size takes a number from 0 to 64 px, not -1."),
        ("/bend/1/count", "three", "/bend/1/count takes a whole number from 1 to 9, not three."),
        ("/bend/1/size", math.nan, "not nan"),
        ("/bend/1/size", None, "not None"),
        ("/bend/1/sise", 1, "There is no number at /bend/1/sise. Did you mean /bend/1/size?"),
        ("/bend/9/size", 1, "There is no number at /bend/9/size."),
        ("/wobble", 1, "There is no number at /wobble."),
        ("bend", 1, '"bend" is no address'),
        ("/bend//amount", 1, "is no address"),
        ("/bend/1/amo unt", 1, "is no address"),
        ("/" + "x" * 500, 1, "is no address"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    document: Document, address: str, value: object, sentence: str
) -> None:
    before = document.preset().sections, document.history.labels
    with pytest.raises(StudioError) as caught:
        document.set(address, value)
    assert sentence in str(caught.value)
    assert (document.preset().sections, document.history.labels) == before


def test_what_moves_by_itself_is_clipped_and_rounded() -> None:
    number = Number("/x", "x", "integer", 2.0, 0.0, 9.0)
    assert [number.clipped(value) for value in (-5, 3.6, 99, math.nan, math.inf)] == [0, 4, 9, 2, 9]
    assert Number("/x", "x", "switch", 0.0, 0.0, 1.0).clipped(0.6) == 1.0


@pytest.mark.parametrize(
    ("number", "reach"),
    [
        (Number("/x", "x", lo=0.0, hi=1.0), (0.0, 1.0)),
        (Number("/x", "x", lo=0.0, hi=1e9, safe=(0.1, 4.0)), (0.1, 4.0)),
        (Number("/x", "x", default=3.0), (-3.0, 9.0)),
        (Number("/x", "x", default=0.0, lo=0.0), (0.0, 1.0)),
        (Number("/x", "x", default=0.0, hi=0.0), (-1.0, 0.0)),
    ],
)
def test_a_fader_covers_a_finite_range(number: Number, reach: tuple[float, float]) -> None:
    assert number.reach == reach


def test_vectors_are_moved_and_the_others_are_the_same_arrays() -> None:
    feeds = {"z": np.zeros((4, 1, 1), np.float32), "y": np.ones((2, 1, 1), np.float32)}
    found = moved(feeds, {"z": (0.0, 2.0), "gone": (1.0,)})
    assert found["z"].ravel().tolist() == [0, 2, 0, 0]
    assert found["y"] is feeds["y"]
    assert feeds["z"].ravel().tolist() == [0, 0, 0, 0]


def test_stages_are_added_moved_changed_and_removed_and_keep_their_numbers(document: Document) -> None:
    third = document.add_stage("a", Wave(), at=0)
    assert [(stage.id, stage.layer) for stage in document.stages] == [(3, "a"), (1, "a"), (2, "b")]
    document.move_stage(3, "a", 1)
    assert [stage.id for stage in document.stages] == [1, 2, 3]
    document.move_stage(1, "b", 0)
    assert [(stage.id, stage.layer) for stage in document.stages] == [(1, "b"), (2, "b"), (3, "a")]
    document.change_stage(3, channels=ChannelRange(first=0, last=1), guard=Guard(kind="norm"))
    assert (document.stages[2].guard.kind, document.stages[2].bend) == ("norm", third.bend)
    document.remove_stage(2)
    assert [stage.id for stage in document.stages] == [1, 3]
    with pytest.raises(StudioError, match="There is no stage 2; there are 1, 3"):
        document.remove_stage(2)
    with pytest.raises(StudioError, match='no layer "nowhere"'):
        document.add_stage("nowhere", Wave())
    with pytest.raises(StudioError, match="its amount goes from 0 to 1"):
        document.change_stage(1, amount=2.0)
    while document.undo():
        pass
    assert document.stages == ()
    document.go(len(document.history.labels))
    assert [stage.id for stage in document.stages] == [1, 3]


def test_another_preset_brings_its_stages_and_undo_the_earlier_ones(document: Document) -> None:
    seen: list[Change] = []
    document.changed.connect(seen.append)
    earlier = document.stages
    document.load(Preset("plain", document.network, {}))
    assert document.stages == ()
    assert StagesChanged() in seen
    document.undo()
    assert document.stages == earlier
    assert document.preset().section(STAGES) == earlier


def test_removing_a_stage_takes_what_moves_it_along_and_undo_brings_both_back(document: Document) -> None:
    routes, _ = added((), make_modulator("lfo", {}), "/bend/1/size")
    routes, other = added(routes, make_modulator("lfo", {}), "/bend/2/size")
    document.set_section(ROUTES, routes, "Routes")
    assert document.get("/route/1/rate") == 0.5
    document.set("/route/1/rate", 3)
    document.remove_stage(1)
    assert document.section(ROUTES) == (other,)
    assert document.history.labels[-2:] == ("LFO rate", "Remove Wave")
    document.undo()
    assert document.get("/route/1/rate") == 3.0
    assert [stage.id for stage in document.stages] == [1, 2]


@pytest.mark.parametrize("name", sorted(bends()))
def test_no_bend_has_a_parameter_that_stages_have_themselves(name: str) -> None:
    of = Document(Preset("p", network(), {}))
    bend = bends()[name]()
    of.add_stage("a", bend, source="picture" if bend.other == "layer" else None, mask=Luma(source="picture"))
    found = [number.address for number in of.numbers()]
    assert len(found) == len(set(found))
    for address in found:
        of.set(address, of.number(address).reach[1])
