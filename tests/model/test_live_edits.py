"""Live edits of a document: numbers, order, undo, baking, files, and what a preset with them comes to elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.control.blend import Blend, fade_shares
from studio.control.move import move
from studio.edits import make_edit, registry
from studio.errors import StudioError
from studio.io.preset_file import section_from_json, section_to_json
from studio.io.presets import load_preset, save_preset
from studio.model import numbers
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.filters.live_edits import EDITS, LiveEdit, as_run, bound, edited, turned
from studio.model.movement.route import ROUTES
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.ops.conv import Conv2d


def small() -> Network:
    op = Conv2d(in_channels=3, out_channels=4, kernel_size=3, padding=1)
    last = Conv2d(in_channels=4, out_channels=3, kernel_size=3, padding=1)
    graph = Graph((Input("picture"),), (Node("a", op, ("picture",)), Node("b", last, ("a",))), "b")
    rng = np.random.default_rng(0)
    return Network(
        "small", graph, {k: rng.standard_normal(s).astype(np.float32) for k, s in graph.tensor_shapes.items()}
    )


def document() -> Document:
    return Document(Preset("small", small(), {}))


def test_every_number_of_every_edit_has_an_address_and_is_turned_by_it() -> None:
    of = document()
    for kind in registry().values():
        if "points" in kind.model_fields:
            continue
        of.add_edit("a.weight", kind())
    addresses = {number.address: number for number in of.numbers() if number.address.startswith("/edit/")}
    assert {"/edit/1/amount", "/edit/1/on"} <= addresses.keys()
    offset = next(each.id for each in of.edits if each.edit.label == "Offset")
    assert f"/edit/{offset}/own/amount" in addresses
    for address, number in addresses.items():
        lo, hi = number.reach
        wanted = number.clipped(lo + 0.37 * (hi - lo))
        of.set(address, wanted)
        assert of.get(address) == wanted
        with pytest.raises(StudioError, match="takes"):
            of.set(address, number.hi + 1)


def test_each_action_is_one_undo_and_undo_brings_routes_back() -> None:
    of = document()
    first = of.add_edit("a.weight", make_edit("Gain", {"factor": 2.0}))
    second = of.add_edit("a.weight", make_edit("Negate", {}), Selection.rows(of.tensor("a.weight").shape, [1]))
    of.set_section(ROUTES, move((), "/edit/1/factor", "lfo")[0], "Move")
    of.move_edit(2, 0)
    assert [each.id for each in of.edits] == [2, 1]
    of.change_edit(2, amount=0.5)
    of.remove_edit(1)
    assert of.section(ROUTES) == ()
    assert [each.id for each in of.edits] == [2]
    assert len(of.history) == 6
    of.undo()
    assert of.section(ROUTES)[0].target == "/edit/1/factor"
    of.undo()
    of.undo()
    assert of.edits == (first, second)
    while of.undo():
        pass
    assert of.edits == ()
    assert not of.unsaved


def test_baking_gives_what_ran_in_one_undo() -> None:
    of = document()
    of.apply("paint", "a.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 3.0, np.float32)))
    of.add_edit("a.weight", make_edit("Gain", {"factor": 2.0}), amount=0.25)
    of.add_edit("b.bias", make_edit("Offset", {"amount": 0.1}))
    of.set_section(ROUTES, move((), "/edit/1/factor", "lfo")[0], "Move")
    before, wanted = of.tensor("a.weight").copy(), as_run(of.preset())
    items = len(of.history)
    of.bake()
    assert len(of.history) == items + 1
    assert of.edits == ()
    assert of.section(ROUTES) == ()
    for name in ("a.weight", "b.bias"):
        assert np.array_equal(of.tensor(name), wanted.tensors[name])
    of.undo()
    assert np.array_equal(of.tensor("a.weight"), before)
    assert len(of.edits) == 2
    assert len(of.section(ROUTES)) == 1
    # Where a route has it at the moment, and only this tensor's.
    of.bake("a.weight", {"/edit/1/factor": 4.0, "/bend/7/amount": 0.0})
    np.testing.assert_allclose(of.tensor("a.weight"), before * 1.75, rtol=1e-6)
    assert [each.tensor for each in of.edits] == ["b.bias"]


def test_what_cannot_work_is_refused_and_nothing_changes() -> None:
    of = document()
    with pytest.raises(StudioError, match=r"Live edit 1 \(Re-initialise\) of a\.bias: A vector has no fan"):
        of.add_edit("a.bias", make_edit("Reinitialise", {}))
    with pytest.raises(StudioError, match='no tensor "c'):
        of.add_edit("c.weight", make_edit("Negate", {}))
    with pytest.raises(StudioError, match="amount goes from 0 to 1"):
        of.add_edit("a.weight", make_edit("Negate", {}), amount=2.0)
    with pytest.raises(StudioError, match="There is no live edit 4; there are none"):
        of.remove_edit(4)
    assert of.edits == ()
    assert not of.unsaved


def test_mix_moves_back_to_the_trained_weights() -> None:
    of = document()
    of.apply("paint", "a.weight", Patch(Rect(0, 0, 3, 3), np.zeros((3, 3), np.float32)))
    of.add_edit("a.weight", make_edit("Mix", {"amount": 1.0}))
    assert np.array_equal(as_run(of.preset()).tensors["a.weight"], of.original("a.weight"))
    edits = bound(of.edits, of.network.tensors)
    assert turned(edits, {"/edit/1/own/amount": 0.0})[0].patch(of.tensor("a.weight")).values.shape == (12, 9)
    with pytest.raises(StudioError, match="no number"):
        turned(edits, {"/edit/1/nothing": 0.0})


@given(st.integers(1, 12), st.integers(0, 99), st.floats(0, 1), st.booleans())
def test_the_section_of_a_preset_reads_what_it_wrote(count: int, seed: int, amount: float, on: bool) -> None:
    network = small()
    some = Selection.random(network.tensors["a.weight"].shape, count, seed)
    edits = (
        LiveEdit(1, "a.weight", make_edit("Rotate", {"degrees": 12.5}), some, amount, on),
        LiveEdit(7, "b.bias", make_edit("Negate", {})),
    )
    document_, version = section_to_json(EDITS, edits)
    assert section_from_json("edits", document_, version, network)[1] == edits


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"id": 1, "tensor": "c.weight", "edit": "Gain"}, "no such tensor"),
        ({"id": 1, "tensor": "a.weight", "edit": "Gain", "params": {"factor": "x"}}, "factor"),
        ({"id": 1, "tensor": "a.weight", "edit": "Gone"}, 'no edit "Gone"'),
        ({"id": 1, "tensor": "a.weight", "edit": "Gain", "kernels": {"size": [9, 9], "bits": "AAAA"}}, "damaged"),
        ({"id": 1, "tensor": "a.weight", "edit": "Gain", "amount": 3}, "amount"),
        ({"id": 1, "tensor": "a.weight", "edit": "Gain", "kernels": {"size": [2, 2], "bits": "eJz7AAAA8QDx"}}, "grid"),
    ],
)
def test_a_damaged_section_is_refused_in_a_sentence(said: dict[str, object], reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        section_from_json("edits", [said], 1, small())


def test_a_preset_keeps_them_and_a_file_elsewhere_has_them_baked(tmp_path: Path) -> None:
    of = document()
    of.add_edit("a.weight", make_edit("Gain", {"factor": 3.0}), Selection.rows(of.tensor("a.weight").shape, [0]))
    save_preset(of.preset(), tmp_path / "mine")
    found = load_preset(tmp_path / "mine")
    assert found.section(EDITS) == of.edits
    assert np.array_equal(found.bent.tensors["a.weight"], of.original("a.weight"))
    wanted = of.original("a.weight").copy()
    wanted[0] *= 3
    assert np.array_equal(as_run(found).tensors["a.weight"], wanted)


def test_a_fade_goes_through_them_by_their_amounts() -> None:
    a, b = document(), document()
    a.add_edit("a.weight", make_edit("Gain", {"factor": 2.0}))
    b.add_edit("b.weight", make_edit("Negate", {}))
    b.add_edit("a.weight", make_edit("Gain", {"factor": 4.0}), amount=0.5)
    b.set_section(ROUTES, move((), "/edit/2/factor", "lfo", depth=0.4)[0], "Move")
    blend = Blend((a.preset(), b.preset()))
    mixed = blend.at(fade_shares(0.25))
    found = {each.tensor: each for each in mixed.section(EDITS)}
    assert numbers.get(mixed, f"/edit/{found['a.weight'].id}/factor") == pytest.approx(2.5)
    assert found["a.weight"].amount == pytest.approx(0.75 + 0.125)
    assert found["b.weight"].amount == pytest.approx(0.25)
    assert mixed.section(ROUTES)[0].target == f"/edit/{found['a.weight'].id}/factor"
    assert blend.at((0.0, 1.0)).section(EDITS) == b.edits


def test_the_amount_mixes_and_its_ends_are_exact() -> None:
    tensor = np.random.default_rng(3).standard_normal((4, 3, 3, 3)).astype(np.float32)
    for amount in (0.0, 0.3, 1.0):
        found = edited(tensor, [LiveEdit(1, "a.weight", make_edit("Gain", {"factor": -1.0}), amount=amount)])
        np.testing.assert_allclose(found, tensor * (1 - 2 * amount), rtol=1e-6, atol=1e-7)
    assert np.array_equal(edited(tensor, [LiveEdit(1, "t", make_edit("Negate", {}), amount=0.0)]), tensor)
    huge = np.full((1, 1, 1, 1), 3e38, np.float32)
    assert np.isfinite(edited(huge, [LiveEdit(1, "t", make_edit("Gain", {"factor": 50.0}), amount=0.9)])).all()
