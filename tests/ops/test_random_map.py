"""RandomMap: the same numbers on every engine for a seed and a step, others for another, as "Noise" draws them."""

from __future__ import annotations

import numpy as np
import torch
from helpers import EngineFor, layer, network, normal
from hypothesis import given
from hypothesis import strategies as st

from studio import draws
from studio.engine.torch.engine import TorchEngine
from studio.model.declared.tick import Tick
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network


def drawing(**params: object) -> Network:
    return network(layer("layer", "RandomMap", "in0", **params), inputs=(Input("in0"),))


@given(
    channels=st.integers(1, 9),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    kind=st.sampled_from(["uniform", "gaussian"]),
    seed=st.integers(0, 2**31 - 1),
    frame=st.integers(0, 2**26),
)
def test_it_draws_what_the_hash_gives(
    channels: int, height: int, width: int, kind: str, seed: int, frame: int, engine_for: EngineFor
) -> None:
    engine = engine_for(drawing(channels=channels, kind=kind, seed=seed))
    engine.run({"in0": normal(3, height, width)}, Tick(frame))
    bits = draws.places(torch.zeros(1, channels, height, width), seed, frame % draws.FRAMES)
    wanted = draws.uniform(bits) if kind == "uniform" else draws.gaussian(bits)
    np.testing.assert_allclose(engine.output(), wanted.numpy(), rtol=1e-6, atol=1e-6)


def test_it_moves_by_the_step_and_stays_for_as_long_as_it_is_held(engine_for: EngineFor) -> None:
    found = {}
    for hold in (1, 2, 0):
        engine = engine_for(drawing(seed=4, hold=hold))
        maps = []
        for frame in range(4):
            engine.run({"in0": normal(3, 5, 7)}, Tick(frame))
            maps.append(engine.output().tobytes())
        found[hold] = maps
        assert engine.moves is (hold != 0)
    assert [len(set(found[hold])) for hold in (1, 2, 0)] == [4, 2, 1]
    assert found[2] == [found[1][0], found[1][0], found[1][1], found[1][1]]
    assert found[0][0] == found[1][0]


def test_engines_agree_bit_for_bit_on_uniform_numbers(engine_for: EngineFor) -> None:
    network = drawing(channels=5, seed=11)
    oracle = TorchEngine(network, "cpu")
    engine = engine_for(network)
    for each in (oracle, engine):
        each.run({"in0": normal(3, 9, 6)}, Tick(3))
    np.testing.assert_array_equal(engine.output(), oracle.output())
