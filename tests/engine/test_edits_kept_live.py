"""Live edits on every engine against the edits done once and for all with numpy, and what a move of one costs."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import EngineFor, assert_same_bits, branched_network, normal, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.edits import make_edit
from studio.engine.base import Engine
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import LiveEdit, LiveEdits, bound, by_tensor, edited
from studio.model.networks.layout import Rect, crop, put, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

MADE = branched_network()
PICTURE = {"input": normal(3, 12, 14)}
KINDS = {
    "Gain": {"factor": st.floats(-3, 3)},
    "Rotate": {"degrees": st.floats(-180, 180)},
    "Blur": {"sigma": st.floats(0.1, 3)},
    "Offset": {"amount": st.floats(-0.5, 0.5)},
    "Noise": {"amount": st.floats(0, 1), "seed": st.integers(0, 9)},
    "Shuffle": {"seed": st.integers(0, 9)},
    "Mix": {"amount": st.floats(0, 1)},
    "Negate": {},
    "Sharpen": {"amount": st.floats(0, 2)},
}
TENSORS = ("enc.weight", "mid.weight", "up.weight", "skip.bias", "norm.weight", "frac.weight")


@st.composite
def chains(draw: st.DrawFn) -> LiveEdits:
    """A few live edits of a few tensors, some of them of some kernels alone."""
    found = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        tensor, kind = draw(st.sampled_from(TENSORS)), draw(st.sampled_from(sorted(KINDS)))
        edit = make_edit(kind, {name: draw(values) for name, values in KINDS[kind].items()})
        shape = MADE.tensors[tensor].shape
        some = Selection.random(shape, draw(st.integers(1, 6)), draw(st.integers(0, 9)))
        selection = draw(st.sampled_from([None, some]))
        amount = draw(st.sampled_from([0.0, 0.25, 0.7, 1.0]))
        found.append(LiveEdit(number, tensor, edit, selection, amount, draw(st.booleans())))
    return bound(found, MADE.tensors)


def worked_out(network: Network, edits: LiveEdits) -> Network:
    """The oracle: every edit by itself, mixed by hand."""
    found: dict[str, Array] = {}
    for each in edits:
        if each.on:
            now = found.get(each.tensor, network.tensors[each.tensor])
            chosen = each.selection or Selection.everything(now.shape)
            made = each.edit.apply(now, chosen).applied(now)
            mixed = (1 - each.amount) * now.astype(np.float64) + each.amount * made.astype(np.float64)
            found[each.tensor] = mixed.astype(np.float32)
    return network.with_tensors(found)


def close_to(engine: Engine, network: Network) -> None:
    fresh = TorchEngine(network)
    fresh.run(PICTURE)
    assert relative_error(engine.output(), fresh.output()) < 1e-4
    for name, tensor in network.tensors.items():
        assert relative_error(engine.sheet(name), to_sheet(tensor)) < 1e-5


@given(chains(), chains(), st.data())
@settings(max_examples=12)
def test_they_give_what_numpy_gives_while_they_are_turned(
    engine_for: EngineFor, one: LiveEdits, other: LiveEdits, data: st.DataObject
) -> None:
    engine = engine_for(MADE)
    engine.set_edits(one)
    engine.run(PICTURE)
    close_to(engine, worked_out(MADE, one))
    engine.set_edits(other)
    engine.update()
    close_to(engine, worked_out(MADE, other))
    # A stroke goes beneath them.
    tensor = data.draw(st.sampled_from(TENSORS))
    rect, values = Rect(0, 0, 1, 3), normal(1, 3, seed=5)
    engine.replace(tensor, rect, values)
    engine.update()
    painted = MADE.tensors[tensor].copy()
    put(painted, rect, values)
    close_to(engine, worked_out(MADE.with_tensors({tensor: painted}), other))
    assert_same_bits({tensor: engine.tensor(tensor)}, {tensor: painted})
    # None left: as it was trained, to the bit.
    engine.replace(tensor, rect, crop(MADE.tensors[tensor], rect))
    engine.set_edits(())
    engine.update()
    fresh = engine_for(MADE)
    fresh.run(PICTURE)
    assert_same_bits({"output": engine.output()}, {"output": fresh.output()})
    engine.close()
    fresh.close()


def test_only_the_tensor_that_was_turned_is_worked_out_again(engine_for: EngineFor) -> None:
    engine = engine_for(MADE)
    gain, turn = make_edit("Gain", {"factor": 2.0}), make_edit("Rotate", {"degrees": 30.0})
    edits = (LiveEdit(1, "enc.weight", gain), LiveEdit(2, "frac.weight", turn))
    engine.set_edits(edits)
    engine.run(PICTURE)
    before = {name: engine.revision(name) for name in MADE.tensors}
    engine.set_edits(edits)
    assert engine.update() == ()
    engine.set_edits((edits[0], LiveEdit(2, "frac.weight", turn, amount=0.5)))
    assert engine.update() == ("frac", "out")
    after = {name: engine.revision(name) for name in MADE.tensors}
    assert {name for name in after if after[name] != before[name]} == {"frac.weight"}
    assert engine.edit_seconds["frac.weight"] > 0
    engine.close()


def test_one_that_cannot_work_is_named_and_the_others_work(engine_for: EngineFor) -> None:
    engine = engine_for(MADE)
    edits = (
        LiveEdit(1, "enc.weight", make_edit("Transpose", {})),
        LiveEdit(2, "enc.weight", make_edit("Gain", {"factor": 0.5})),
    )
    with pytest.raises(StudioError, match=r"^Live edit 1 \(Transpose\) of enc\.weight: Kernels of 4×2 cannot"):
        engine.set_edits(edits)
    engine.run(PICTURE)
    close_to(engine, worked_out(MADE, edits[1:]))
    with pytest.raises(StudioError, match="There is no tensor"):
        engine.set_edits((LiveEdit(1, "nothing.weight", make_edit("Negate", {})),))
    engine.close()


def test_the_pure_function_gives_the_same_bits_as_the_steps() -> None:
    engine = TorchEngine(MADE)
    edits = tuple(
        LiveEdit(k, "up.weight", make_edit("Gain", {"factor": 1.0 + k}), amount=0.3 * k, on=k != 2) for k in (1, 2, 3)
    )
    engine.set_edits(edits)
    whole = edited(MADE.tensors["up.weight"], by_tensor(edits)["up.weight"])
    assert np.array_equal(engine.store.tensor("up.weight"), whole)
    engine.close()
