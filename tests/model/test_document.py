"""A document against the simplest reference: whole copies of its tensors after every item of the history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.changes import Change, DetailsChanged, HistoryChanged, NetworkChanged, Opened, WeightsChanged
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect, crop, put, sheet_size, to_sheet
from studio.model.networks.network import Network, same_bits
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED, SOURCE, BypassChanged, SectionChanged
from studio.model.networks.values import Values
from studio.ops.conv import Conv2d


def small(name: str = "small", seed: int = 0) -> Network:
    a = Conv2d(in_channels=3, out_channels=4, kernel_size=3, padding=1)
    b = Conv2d(in_channels=4, out_channels=3, kernel_size=3, padding=1)
    graph = Graph((Input("picture"),), (Node("a", a, ("picture",)), Node("b", b, ("a",))), "b")
    rng = np.random.default_rng(seed)
    tensors = {key: rng.standard_normal(shape).astype(np.float32) for key, shape in graph.tensor_shapes.items()}
    return Network(name, graph, tensors)


def document(limit: int = 2**20) -> Document:
    return Document(Preset("small", small(), {}), limit=limit)


def everything(of: Document) -> dict[str, bytes]:
    sections = {"~": repr((sorted(of.bypassed), of.source)).encode()}
    return {name: of.tensor(name).tobytes() for name in of.network.tensors} | sections


def a_patch(of: Document, tensor: str, seed: int) -> Patch:
    rng = np.random.default_rng(seed)
    height, width = sheet_size(of.tensor(tensor).shape)
    y, x = int(rng.integers(height)), int(rng.integers(width))
    rect = Rect(y, x, int(rng.integers(1, height - y + 1)), int(rng.integers(1, width - x + 1)))
    return Patch(rect, rng.standard_normal((rect.height, rect.width)).astype(np.float32))


TENSORS = st.sampled_from(["a.weight", "a.bias", "b.weight", "b.bias"])
SEEDS = st.integers(0, 10_000)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), TENSORS, SEEDS),
        st.tuples(st.just("stroke"), TENSORS, SEEDS),
        st.tuples(st.just("drag"), TENSORS, SEEDS),
        st.tuples(st.just("cancel"), TENSORS, SEEDS),
        st.tuples(st.just("reset"), TENSORS, SEEDS),
        st.tuples(st.just("turn"), TENSORS, st.integers(0, 5)),
        st.tuples(st.just("bypass"), st.sampled_from(["a", "b"]), st.integers(0, 1)),
        st.tuples(st.just("load"), TENSORS, SEEDS),
        st.tuples(st.just("other"), TENSORS, SEEDS),
        st.tuples(st.just("undo"), TENSORS, SEEDS),
        st.tuples(st.just("redo"), TENSORS, SEEDS),
    ),
    max_size=25,
)


def act(of: Document, what: str, name: str, seed: int) -> None:
    if what == "apply":
        of.apply("apply", name, a_patch(of, name, seed))
    elif what in ("stroke", "drag", "cancel"):
        gesture = of.begin(what)
        for k in range(4):
            (gesture.preview if what == "drag" else gesture.put)(name, a_patch(of, name, seed + k))
        gesture.cancel() if what == "cancel" else gesture.commit()
    elif what == "turn":
        # Sections and tensors in one gesture.
        gesture = of.begin(what)
        for k in range(seed):
            gesture.set_section(SOURCE, f"film {k % 3}")
            gesture.put(name, a_patch(of, name, seed + k))
        gesture.cancel() if seed == 5 else gesture.commit()
    elif what == "reset":
        of.reset("reset", [name])
    elif what == "bypass":
        of.set_bypassed(name, bool(seed))
    elif what == "load":
        bent = {name: np.full_like(of.tensor(name), seed)}
        of.load(Preset("loaded", of.network, bent, sections={BYPASSED: frozenset({"a"})}), Path("/nowhere"))
    elif what == "other":
        of.load(Preset("other", small("other", seed), {}))


@settings(max_examples=150)
@given(ACTIONS)
def test_undo_and_redo_restore_every_bit(actions: list[tuple[str, str, int]]) -> None:
    of = document(limit=2**30)
    states, position = [everything(of)], 0
    for what, name, seed in actions:
        if what in ("undo", "redo"):
            step = -1 if what == "undo" else 1
            expected = 0 <= position + step < len(states)
            assert (of.undo() if what == "undo" else of.redo()) == expected
            position += step if expected else 0
        else:
            before = of.history.position
            act(of, what, name, seed)
            if of.history.position != before:
                states = [*states[: position + 1], everything(of)]
                position += 1
        assert everything(of) == states[position]
        assert of.history.position == position
    for place in range(len(states) - 1, -1, -1):
        of.go(place)
        assert everything(of) == states[place]
    for place in range(len(states)):
        of.go(place)
        assert everything(of) == states[place]


@settings(max_examples=80)
@given(ACTIONS)
def test_whoever_follows_the_changes_holds_the_same_values(actions: list[tuple[str, str, int]]) -> None:
    of = document()
    copy = {name: np.array(of.tensor(name), order="C") for name in of.network.tensors}
    bypassed, source = of.bypassed, of.source

    def follow(change: Change) -> None:
        nonlocal copy, bypassed, source
        if isinstance(change, NetworkChanged):
            copy = {name: np.array(of.tensor(name), order="C") for name in of.network.tensors}
            bypassed, source = of.bypassed, of.source
        elif isinstance(change, WeightsChanged):
            put(copy[change.tensor], change.rect, crop(np.array(of.tensor(change.tensor)), change.rect))
        elif isinstance(change, BypassChanged):
            bypassed = of.bypassed
        elif change == SectionChanged("source"):
            source = of.source

    of.changed.connect(follow)
    for what, name, seed in actions:
        if what in ("undo", "redo"):
            of.undo() if what == "undo" else of.redo()
        else:
            act(of, what, name, seed)
        assert {name: tensor.tobytes() for name, tensor in copy.items()} == {
            name: of.tensor(name).tobytes() for name in of.network.tensors
        }
        assert (bypassed, source) == (of.bypassed, of.source)


def test_a_drag_takes_back_what_it_showed_before() -> None:
    of = document()
    before = of.tensor("a.weight").tobytes()
    gesture = of.begin("drag")
    gesture.preview("a.weight", Patch(Rect(0, 0, 2, 2), np.ones((2, 2), np.float32)))
    gesture.preview("a.weight", Patch(Rect(4, 4, 1, 1), np.ones((1, 1), np.float32)))
    assert (
        crop(of.tensor("a.weight"), Rect(0, 0, 2, 2)).tobytes()
        == crop(of.original("a.weight"), Rect(0, 0, 2, 2)).tobytes()
    )
    gesture.commit()
    assert of.history.labels == ("drag",)
    of.undo()
    assert of.tensor("a.weight").tobytes() == before


def test_a_change_of_no_bit_leaves_no_trace() -> None:
    of = document()
    rect = Rect(0, 0, 3, 3)
    of.apply("nothing", "a.weight", Patch(rect, crop(of.tensor("a.weight"), rect)))
    of.reset("reset", ["a.weight"])
    assert of.history.labels == ()
    assert not of.unsaved


def test_undo_while_the_brush_is_down_takes_the_stroke_back() -> None:
    of = document()
    gesture = of.begin("stroke")
    gesture.put("a.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))
    assert of.unsaved
    assert of.undo()
    assert not gesture.is_open
    assert not of.is_bent("a")
    gesture.put("a.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))
    assert not of.is_bent("a")


def test_unsaved_follows_undo_and_saving() -> None:
    of = document()
    assert not of.unsaved
    of.apply("x", "a.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 5.0, np.float32)))
    assert of.unsaved
    of.mark_saved(Path("/presets/x"), "x")
    assert not of.unsaved
    assert (of.name, of.path) == ("x", Path("/presets/x"))
    of.undo()
    assert of.unsaved
    of.redo()
    assert not of.unsaved
    of.load(Preset("other", small("other", 5), {}), Path("/presets/other"))
    assert not of.unsaved
    of.set_bypassed("a", True)
    assert of.unsaved
    of.undo()
    of.undo()
    assert not of.unsaved
    assert of.path == Path("/presets/x")


def test_a_preset_of_the_open_network_keeps_the_network() -> None:
    of = document()
    seen: list[Change] = []
    network = of.network
    of.changed.connect(seen.append)
    bent = {"a.bias": np.arange(4, dtype=np.float32)}
    of.load(Preset("again", small(), bent))
    assert of.network is network
    assert NetworkChanged not in map(type, seen)
    assert of.tensor("a.bias").tolist() == [0, 1, 2, 3]
    assert {type(change) for change in seen} == {
        *(WeightsChanged, BypassChanged, DetailsChanged, HistoryChanged, Opened)
    }
    # All that is another by it has been told of by then.
    assert [type(change) for change in seen].index(Opened) > [type(change) for change in seen].index(BypassChanged)


def test_saved_again_is_what_was_loaded() -> None:
    of = document()
    patch = a_patch(of, "b.weight", 3)
    of.apply("x", "b.weight", patch)
    of.set_bypassed("a", True)
    preset = of.preset()
    assert set(preset.changed) == {"b.weight"}
    assert preset.bypassed == {"a"}
    other = Document(preset)
    assert everything(other) == everything(of)


def test_history_is_bounded_by_bytes() -> None:
    of = document(limit=5000)
    for seed in range(60):
        of.apply("x", "a.weight", a_patch(of, "a.weight", seed))
        assert of.history.nbytes <= 5000
    assert len(of.history.labels) < 60


def test_a_preset_that_does_not_fit_changes_nothing() -> None:
    of = document()
    before = everything(of)
    with pytest.raises(StudioError, match="has shape"):
        of.load(Preset("bad", of.network, {"a.bias": np.zeros(7, np.float32)}))
    with pytest.raises(StudioError, match=r'no tensor "c\.weight"'):
        of.apply("x", "c.weight", Patch(Rect(0, 0, 1, 1), np.zeros((1, 1), np.float32)))
    with pytest.raises(StudioError, match="lies outside"):
        of.apply("x", "a.bias", Patch(Rect(0, 3, 1, 2), np.zeros((1, 2), np.float32)))
    assert everything(of) == before
    assert of.history.labels == ()


def test_the_network_is_never_written_to() -> None:
    network = small()
    before = {name: tensor.copy() for name, tensor in network.tensors.items()}
    of = Document(Preset("x", network, {"a.bias": np.zeros(4, np.float32)}))
    for name in network.tensors:
        of.apply("x", name, a_patch(of, name, 1))
    for name, tensor in network.tensors.items():
        assert tensor.tobytes() == before[name].tobytes()
    with pytest.raises(ValueError, match="read-only"):
        of.tensor("a.bias")[0] = 1.0


def test_what_is_saved_beside_the_work_is_the_revision_it_was_taken_from() -> None:
    of = document()
    of.apply("one", "a.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 1.0, np.float32)))
    taken = of.revision
    of.apply("two", "a.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 2.0, np.float32)))
    stroke = of.begin("three")
    of.mark_saved(Path("/presets/x"), "x", taken)
    assert stroke.is_open
    stroke.cancel()
    assert (of.unsaved, of.path, of.name) == (True, Path("/presets/x"), "x")
    of.undo()
    assert (of.unsaved, of.revision) == (False, taken)


def test_renaming_leaves_unsaved_what_is_unsaved() -> None:
    of = document()
    of.apply("one", "a.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 1.0, np.float32)))
    of.rename("other")
    assert (of.name, of.unsaved, len(of.history.labels)) == ("other", True, 1)


def test_picture_values_are_an_item_of_the_history_and_leave_the_weights() -> None:
    doc = document()
    doc.mark_saved(Path("saved"), "small")
    doc.apply("a", "a.bias", Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))
    weights, before, heard = everything(doc), doc.graph, []
    doc.changed.connect(heard.append)
    doc.set_values(Values(range=(-1, 1)))
    assert (doc.graph.inputs[0].range, everything(doc), doc.bent().keys()) == ((-1, 1), weights, {"a.bias"})
    assert NetworkChanged(same_layers=True) in heard
    doc.set_values(Values(range=(-1, 1)))
    with pytest.raises(StudioError, match="2 numbers"):
        doc.set_values(Values(mean=(1, 2)))
    assert doc.history.labels == ("a", "Picture values")
    doc.undo()
    assert (doc.graph, everything(doc), doc.unsaved) == (before, weights, True)
    doc.undo()
    assert not doc.unsaved
    doc.go(2)
    assert (doc.graph.inputs[0].range, everything(doc), doc.unsaved) == ((-1, 1), weights, True)


def test_a_section_that_stays_as_it_is_leaves_no_trace() -> None:
    of = document()
    seen: list[Change] = []
    of.changed.connect(seen.append)
    of.set_section(SOURCE, None, "Nothing")
    assert of.history.labels == ()
    assert not of.unsaved
    gesture = of.begin("there and back")
    gesture.set_section(SOURCE, "film")
    gesture.set_section(SOURCE, None)
    gesture.commit()
    assert of.history.labels == ()
    assert not of.unsaved


def test_a_patch_that_does_not_fit_leaves_what_undo_owns_shared() -> None:
    of = document()
    of.apply("x", "a.bias", a_patch(of, "a.bias", 1))
    bent = of.tensor("a.bias").tolist()
    of.reset("trained", ["a.bias"])
    of.undo()
    with pytest.raises(StudioError, match="lies outside"):
        of.apply("x", "a.bias", Patch(Rect(0, 3, 1, 2), np.zeros((1, 2), np.float32)))
    of.apply("y", "a.bias", a_patch(of, "a.bias", 2))
    of.undo()
    assert of.tensor("a.bias").tolist() == bent
    of.redo()
    of.undo()
    of.redo()
    of.go(1)
    assert of.tensor("a.bias").tolist() == bent


@given(st.data())
def test_what_is_bent_is_known_after_any_changes(data: st.DataObject) -> None:
    """It is reckoned with each change, so it must be what a comparison of all weights gives."""
    of = document()
    name = next(iter(of.graph.tensor_shapes))
    trained = of.original(name)
    height, width = sheet_size(trained.shape)
    for _ in range(data.draw(st.integers(1, 6))):
        y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
        rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
        back = data.draw(st.booleans())
        values = crop(trained, rect) if back else np.full((rect.height, rect.width), 5.0, np.float32)
        of.apply("Change", name, Patch(rect, values))
        if data.draw(st.booleans()):
            of.undo()
        assert of.is_bent(name) == (not same_bits(of.tensor(name), trained))


def test_what_is_as_it_was_saved_is_not_unsaved_undone_or_not() -> None:
    of = document()
    assert not of.unsaved
    of.set_bypassed("a", True)
    assert of.unsaved
    of.set_bypassed("a", False)
    assert not of.unsaved
    of.set_bypassed("b", True)
    of.mark_saved(Path("/nowhere/a"), "a")
    of.set_bypassed("a", True)
    of.set_bypassed("b", False)
    assert of.unsaved
    of.set_bypassed("a", False)
    of.set_bypassed("b", True)
    assert not of.unsaved
    # Other weights are another state, whatever the layers do.
    of.apply("Change", "a.weight", a_patch(of, "a.weight", 1))
    assert of.unsaved
    of.set_bypassed("b", False)
    of.set_bypassed("b", True)
    assert of.unsaved
    while of.unsaved:
        assert of.undo()
    assert of.bypassed == {"b"}
    of.undo()
    of.redo()
    assert not of.unsaved


def test_weights_and_values_that_are_turned_back_by_hand_are_not_unsaved() -> None:
    of = document()
    weights, plain = of.tensor("a.weight").copy(), Values(range=of.graph.inputs[0].range)
    whole = Rect(0, 0, *sheet_size(weights.shape))
    of.apply("Change", "a.weight", a_patch(of, "a.weight", 1))
    of.mark_saved(Path("/nowhere/a"), "a")
    painted = of.tensor("a.weight").copy()
    for number in range(200):
        of.apply("Paint", "a.weight", Patch(Rect(0, number % 2, 1, 1), np.full((1, 1), number, np.float32)))
        assert of.unsaved
    of.apply("Back", "a.weight", Patch(whole, to_sheet(painted)))
    assert not of.unsaved
    of.reset("Reset", ["a.weight"])
    assert of.unsaved
    of.apply("Again", "a.weight", Patch(whole, to_sheet(painted)))
    assert not of.unsaved
    of.set_values(Values(range=(-1, 1)))
    assert of.unsaved
    of.set_values(plain)
    assert not of.unsaved
    # The weights of another tensor, in the same places, are something else.
    of.reset("Reset", ["a.weight"])
    other = to_sheet(of.tensor("b.weight"))
    of.apply("Change", "b.weight", Patch(Rect(0, 0, *other.shape), other + 1))
    assert of.unsaved


@given(st.data())
def test_states_are_known_by_what_they_hold(data: st.DataObject) -> None:
    """After any strokes: the same weights are the same state, others another, undone or not."""
    of, seen = document(), dict[bytes, int]()
    for _ in range(data.draw(st.integers(1, 8))):
        name = data.draw(st.sampled_from(["a.weight", "b.weight"]))
        height, width = sheet_size(of.tensor(name).shape)
        y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
        rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
        level = data.draw(st.sampled_from([0.0, -0.0, 1.0]))
        of.apply("Change", name, Patch(rect, np.full((rect.height, rect.width), level, np.float32)))
        if data.draw(st.booleans()):
            of.undo()
        bits = b"".join(of.tensor(each).tobytes() for each in ("a.weight", "b.weight"))
        assert seen.setdefault(bits, of.revision) == of.revision
    assert len(set(seen.values())) == len(seen)
