"""States: what a network handed on is what it reads in the next step, on every engine as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error
from torch.nn import functional as F

import studio.bends
from studio import draws
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.declared.tick import Tick
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.ops._reference import reference

CHANNELS = 6


def automaton(rate: float = 0.5) -> Network:
    """A convolution of the state, added to it where a random number is below the rate."""
    state = Input("state", CHANNELS, kind="state", comes_from="next", begins="noise", seed=2)
    return network(
        layer("conv", "Conv2d", "state", in_channels=CHANNELS, out_channels=CHANNELS, kernel_size=3, padding=1),
        layer("change", "Tanh", "conv"),
        layer("drawn", "RandomMap", "state", seed=9),
        layer("mask", "Compare", "drawn", how="lt", value=rate),
        layer("part", "Mul", ("change", "mask")),
        layer("next", "Add", ("state", "part")),
        layer("picture", "SliceChannels", "next", start=0, end=3),
        inputs=(state,),
        seed=3,
    )


def stepped(made: Network, state: Array, steps: int, first: int = 0, rate: float = 0.5) -> list[Array]:
    """The state after each step, as plain PyTorch makes it."""
    weight, bias = (torch.from_numpy(made.tensors[f"conv.{key}"]) for key in ("weight", "bias"))
    at, found = torch.from_numpy(state)[None], []
    for step in range(first, first + steps):
        mask = draws.uniform(draws.places(at[:, :1], 9, step)) < rate
        at = at + torch.tanh(F.conv2d(at, weight, bias, padding=1)) * mask
        found.append(at[0].numpy())
    return found


def test_a_hundred_steps_are_those_of_pytorch(engine_for: EngineFor) -> None:
    made, begun = automaton(), normal(CHANNELS, 9, 13)
    wanted, engine = stepped(made, begun, 100), engine_for(made)
    engine.run({"state": begun})
    assert relative_error(engine.activation("next"), wanted[0]) < 1e-5
    for frame in range(1, 100):
        engine.run({}, Tick(frame))
    assert engine.stepped == 100
    assert relative_error(engine.activation("next"), wanted[-1]) < 1e-4
    np.testing.assert_array_equal(engine.output(), engine.activation("next")[:3])


def test_several_steps_of_a_frame_are_as_many_frames(engine_for: EngineFor) -> None:
    made, begun = automaton(), normal(CHANNELS, 8, 5)
    one, many = engine_for(made), engine_for(made)
    one.run({"state": begun})
    for frame in range(1, 12):
        one.run({}, Tick(frame))
    many.run({"state": begun}, steps=4)
    many.run({}, Tick(1), steps=8)
    np.testing.assert_array_equal(many.activation("next"), one.activation("next"))
    shown = one.activation("next")
    one.run({}, Tick(12), steps=0)
    np.testing.assert_array_equal(one.activation("next"), shown)
    assert one.stepped == 12


def test_what_runs_again_moves_nothing_on(engine_for: EngineFor) -> None:
    made, begun = automaton(), normal(CHANNELS, 7, 6)
    wanted, engine = stepped(made, begun, 3), engine_for(made)
    engine.run({"state": begun})
    engine.run({}, Tick(1))
    before = engine.state("state")
    engine.set_tensor("conv.bias", made.tensors["conv.bias"] + 1.0)
    assert "next" in engine.update()
    assert before is not None
    assert relative_error(before, wanted[1]) < 1e-5
    np.testing.assert_array_equal(engine.state("state"), before)
    engine.set_tensor("conv.bias", made.tensors["conv.bias"])
    engine.run({}, Tick(2))
    assert relative_error(engine.activation("next"), wanted[2]) < 1e-5


def test_it_begins_again_after_a_seek_and_at_another_size(engine_for: EngineFor) -> None:
    made = automaton()
    engine = engine_for(made)
    with pytest.raises(StudioError, match='needs an input "state"'):
        engine.run({})
    begun = normal(CHANNELS, 6, 6)
    engine.run({"state": begun})
    first = engine.activation("next")
    engine.run({}, Tick(1))
    engine.forget()
    assert engine.stepped == 0
    assert engine.state("state") is None
    engine.run({"state": begun}, Tick(77))
    np.testing.assert_array_equal(engine.activation("next"), first)
    engine.run({"state": normal(CHANNELS, 4, 9)})
    assert engine.stepped == 1
    assert engine.shape("next") == (CHANNELS, 4, 9)
    engine.run({}, Tick(1))
    assert engine.stepped == 2


def test_a_bend_of_what_comes_back_is_in_the_next_step_and_one_of_the_picture_is_not(engine_for: EngineFor) -> None:
    made, begun = automaton(0.0), normal(CHANNELS, 5, 5)
    engine = engine_for(made)
    bend = studio.bends.make_bend("Multiply", {"factor": 0.5})
    engine.set_stages([Stage(1, "picture", bend)])
    for frame in range(3):
        engine.run({"state": begun} if not frame else {}, Tick(frame))
    np.testing.assert_array_equal(engine.activation("next"), begun)
    np.testing.assert_allclose(engine.output(), begun[:3] * 0.5, rtol=1e-6)
    engine.set_stages([Stage(1, "next", bend)])
    for frame in range(3, 6):
        engine.run({}, Tick(frame))
    np.testing.assert_allclose(engine.activation("next"), begun / 8, rtol=1e-6)


def test_the_reference_takes_the_first_step() -> None:
    made, begun = automaton(), normal(CHANNELS, 5, 4)
    found = reference(made, {"state": torch.from_numpy(begun)[None]})
    assert relative_error(found["next"][0].numpy(), stepped(made, begun, 1)[0]) < 1e-6


def test_a_state_that_comes_from_nowhere_or_from_another_shape_is_refused(engine_for: EngineFor) -> None:
    with pytest.raises(StudioError, match='The state "state" comes from the layer "gone", which the network does not'):
        network(layer("a", "ReLU", "state"), inputs=(Input("state", 3, kind="state", comes_from="gone"),))
    other = network(
        layer("a", "SliceChannels", "state", start=0, end=2), inputs=(Input("state", 3, kind="state", comes_from="a"),)
    )
    with pytest.raises(StudioError, match='The state "state" is 3×4×4, but the layer "a", from which it comes,'):
        engine_for(other).run({"state": normal(3, 4, 4)})
