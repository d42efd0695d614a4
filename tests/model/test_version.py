"""Tensors that are handed on without a copy: whoever has a version has it as it was, and nobody waits for its size."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters import room
from studio.model.filters.edit import Patch
from studio.model.filters.version import TWO_64, Version, total_of
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect, crop, sheet_size, to_sheet
from studio.model.networks.network import Network, same_bits
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.ops.conv import Conv2d

_LAYERS, _CHANNELS = 12, 128


def made(layers: int = _LAYERS, channels: int = _CHANNELS) -> Network:
    op = Conv2d(in_channels=channels, out_channels=channels, kernel_size=3, padding=1, bias=False)
    nodes = tuple(Node(f"l{k}", op, (f"l{k - 1}" if k else "map",)) for k in range(layers))
    graph = Graph((Input("map", channels),), nodes, nodes[-1].name)
    rng = np.random.default_rng(0)
    return Network(
        "n", graph, {name: rng.standard_normal(s).astype(np.float32) for name, s in graph.tensor_shapes.items()}
    )


def learnt(of: Document, seed: int) -> dict[str, Version]:
    rng = np.random.default_rng(seed)
    trained = of.network.tensors
    return {
        name: version(value + rng.standard_normal(value.shape).astype(np.float32), value)
        for name, value in trained.items()
    }


def version(values: np.ndarray, trained: np.ndarray) -> Version:
    return Version.measured(values, trained, total_of(trained))


def put(of: Document, weights: dict[str, Version]) -> None:
    gesture = of.begin("Learn")
    for name, version in weights.items():
        gesture.swap(name, version)


def cost(does: Callable[[], object]) -> int:
    """Bytes that were taken at most while it was done."""
    tracemalloc.start()
    try:
        does()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_comes_in_whole_costs_nothing_by_its_size() -> None:
    of = Document(Preset("n", made(), {}))
    one = of.network.tensors["l0.weight"].nbytes
    first, second = learnt(of, 1), learnt(of, 2)
    few = one // 4
    assert cost(lambda: put(of, first)) < few
    assert cost(lambda: put(of, second)) < few, "it ends the item before"
    assert cost(of.finish_gesture) < few
    assert cost(of.undo) < few
    assert cost(of.redo) < few
    assert cost(of.preset) < few
    assert cost(lambda: of.reset("Reset", of.network.tensors)) < few
    assert cost(of.undo) < few
    # A stroke copies the tensor that it is on, and none besides.
    patch = Patch(Rect(0, 0, 3, 3), np.ones((3, 3), np.float32))
    assert cost(lambda: of.apply("Paint", "l3.weight", patch)) < one + few
    assert same_bits(of.tensor("l4.weight"), second["l4.weight"].values)


def test_a_stroke_goes_into_room_that_was_made_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGE", 1 << 10)
    of = Document(Preset("n", made(), {}))
    weights = of.network.tensors["l0.weight"].size
    few = weights
    patch = Patch(Rect(0, 0, 3, 3), np.ones((3, 3), np.float32))
    first = learnt(of, 1)
    put(of, first)
    copy = np.array(first["l3.weight"].values)
    assert of.room_wanted == weights
    of.take_in(room.make(weights))
    assert of.room_wanted == 0
    assert cost(lambda: of.apply("Paint", "l3.weight", patch)) < few
    assert same_bits(first["l3.weight"].values, copy), "the version stays as it was"
    assert of.tensor("l3.weight")[0, 0, 0, 0] == 1.0
    assert same_bits(of.tensor("l3.weight").ravel()[9:], copy.ravel()[9:])
    assert of.room_wanted == weights, "it is used up"
    of.undo()
    assert same_bits(of.tensor("l3.weight"), copy)


def test_room_is_as_large_as_the_copy_in_it_and_is_for_large_tensors_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = np.arange(300_000, dtype=np.float32), np.arange(4, dtype=np.float32)
    monkeypatch.setattr(room, "LARGE", 100_000)
    of = room.Room()
    assert of.lacks(large.size)
    assert not of.lacks(small.size)
    for values, serves in ((small, False), (large.reshape(3, -1), True), (large[:200_000].reshape(2, 100, -1), True)):
        held = room.make(large.size)
        of.take_in(held)
        copied = of.copy(values)
        assert same_bits(copied, values)
        assert copied.flags.c_contiguous
        assert copied.flags.writeable
        assert np.shares_memory(copied, held) is serves
        assert held.size == (values.size if serves else large.size), "what is too much is given back"
        assert of.lacks(large.size) is serves
    of.take_in(room.make(200_000))
    assert same_bits(of.copy(large), large), "too little serves nobody"
    of.trim(150_000)
    assert of.lacks(150_000)


def test_room_for_what_is_not_open_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGE", 2)
    of = Document(Preset("n", made(2, 8), {}))
    late = room.make(of.room_wanted)
    of.load(Preset("m", made(2, 4), {}))
    wanted = of.room_wanted
    of.take_in(late)
    assert of.room_wanted == wanted == of.network.tensors["l0.weight"].size
    of.take_in(room.make(wanted))
    assert of.room_wanted == 0
    of.load(Preset("tiny", made(1, 1), {}))
    monkeypatch.setattr(room, "LARGE", 1 << 20)
    assert of.room_wanted == 0


def test_a_version_stays_as_it_was_whatever_is_done() -> None:
    of = Document(Preset("n", made(2, 4), {}))
    start, weights = of.hold("l0.weight"), learnt(of, 1)
    put(of, weights)
    of.finish_gesture()
    held = of.hold("l0.weight")
    copy = np.array(held.values)
    of.apply("Paint", "l0.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 9.0, np.float32)))
    assert same_bits(held.values, copy)
    assert of.tensor("l0.weight")[0, 0, 0, 0] == 9.0
    of.undo()
    assert same_bits(of.tensor("l0.weight"), copy)
    of.undo()
    assert of.hold("l0.weight").is_like(start)
    assert not of.is_bent("l0.weight")
    of.redo()
    assert same_bits(of.tensor("l0.weight"), weights["l0.weight"].values)


def test_what_is_as_it_was_leaves_no_item() -> None:
    of = Document(Preset("n", made(2, 4), {}))
    trained = of.network.tensors
    put(of, {name: version(value.copy(), value) for name, value in trained.items()})
    of.finish_gesture()
    put(of, {name: Version(value.copy()) for name, value in trained.items()})
    of.finish_gesture()
    assert of.history.labels == ()
    assert not of.unsaved


def test_a_gesture_that_is_taken_back_leaves_what_was_there() -> None:
    of = Document(Preset("n", made(2, 4), {}))
    put(of, learnt(of, 1))
    of.undo()
    assert of.history.labels == ()
    assert all(same_bits(of.tensor(name), value) for name, value in of.network.tensors.items())
    assert not of.unsaved


def test_what_does_not_fit_is_refused_and_nothing_has_changed() -> None:
    of = Document(Preset("n", made(2, 4), {}))
    gesture = of.begin("Learn")
    with pytest.raises(StudioError, match="has shape"):
        gesture.swap("l0.weight", Version(np.zeros((1, 1, 3, 3), np.float32)))
    with pytest.raises(StudioError, match='no tensor "other"'):
        gesture.swap("other", Version(np.zeros((1, 1, 3, 3), np.float32)))
    gesture.commit()
    assert of.history.labels == ()


@given(st.data())
def test_whole_tensors_and_patches_mix(data: st.DataObject) -> None:
    """Against copies of all tensors; what is known of a tensor is what a look at all of it tells."""
    of = Document(Preset("n", made(2, 3), {}))
    name = "l0.weight"
    trained = of.network.tensors[name]
    height, width = sheet_size(trained.shape)
    states = [np.array(trained)]
    for number in range(data.draw(st.integers(1, 6))):
        does = data.draw(st.sampled_from(["learn", "paint", "all", "back", "reset"]))
        if does == "learn":
            values = trained + np.float32(number + 1)
            put(of, {name: version(values, trained)})
        elif does == "back":
            put(of, {name: version(np.array(trained), trained)})
        elif does == "reset":
            of.reset("Reset", [name])
        else:
            y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
            rect = Rect(y, x, height - y, width - x) if does == "paint" else Rect(0, 0, height, width)
            of.apply("Paint", name, Patch(rect, np.full((rect.height, rect.width), number, np.float32)))
        of.finish_gesture()
        now = np.array(of.tensor(name))
        if len(of.history) == len(states):
            states.append(now)
        assert same_bits(now, states[-1])
        assert of.is_bent(name) == (not same_bits(now, trained))
        held = of.hold(name)
        assert held.mark in (None, (total_of(now) - total_of(trained)) % TWO_64)
    for position in (0, len(states) - 1, *range(len(states))):
        of.go(position)
        assert same_bits(of.tensor(name), states[position])
        rect = Rect(0, 0, height, width)
        assert same_bits(crop(of.tensor(name), rect), to_sheet(states[position]))
