"""Joins of more maps than a shader finds textures: 16 on macOS, which networks of dense blocks exceed."""

from __future__ import annotations

import moderngl
import numpy as np
import pytest
from helpers import layer, network, on_torch, relative_error
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.model.networks.network import Network

_FEW = 16
_SAMPLER = 0x8B5E  # GL_SAMPLER_2D


def dense(channels: list[int]) -> Network:
    """The picture and so many maps of it, joined, rectified, joined with some of them once more."""
    made = [
        layer(f"map{k}", "Conv2d", "input", in_channels=3, out_channels=count, kernel_size=1)
        for k, count in enumerate(channels)
    ]
    names = ["input", *(node.name for node in made)]
    return network(
        *made,
        layer("join", "Concat", names),
        layer("act", "ReLU", "join"),
        layer("again", "Concat", ["act", *names[:2]]),
        layer(
            "out",
            "Conv2d",
            "again",
            in_channels=2 * (3 + channels[0]) + sum(channels[1:]),
            out_channels=3,
            kernel_size=1,
        ),
    )


def samplers(program: moderngl.Program | moderngl.ComputeShader) -> int:
    """How many textures it reads by a sampler."""
    found = (program[name] for name in program)
    return sum(isinstance(each, moderngl.Uniform) and each.gl_type == _SAMPLER for each in found)


def programs_of(device: Device) -> list[moderngl.Program | moderngl.ComputeShader]:
    return [*device._computes.values(), *(drawn.program for drawn in device._draws.values())]


@pytest.mark.parametrize("kind", [GLEngine, GLFragmentEngine])
@given(channels=st.lists(st.sampled_from([1, 3, 4, 5, 8]), min_size=1, max_size=40))
def test_any_number_of_maps_is_joined(device: Device, kind: type[GLEngine], channels: list[int]) -> None:
    made = dense(channels)
    picture = np.random.default_rng(len(channels)).random((3, 8, 8), np.float32)
    device.units, before = _FEW, device.units
    known = set(map(id, programs_of(device)))
    try:
        oracle: Engine = on_torch(made)
        engine = kind(made, device)
        for each in (oracle, engine):
            each.run({"input": picture})
        for node in made.graph.nodes:
            assert relative_error(engine.activation(node.name), oracle.activation(node.name)) <= 1e-5, node.name
        new = [program for program in programs_of(device) if id(program) not in known]
        assert max(map(samplers, new), default=0) <= _FEW
        engine.close()
    finally:
        device.units = before


def test_sixty_maps_of_odd_channels_are_joined_by_any_driver(device: Device) -> None:
    """More than any driver has; tiles that do not fit are copied, so that no layer's pass makes them."""
    made = dense([3] * 60)
    picture = np.random.default_rng(0).random((3, 8, 8), np.float32)
    oracle = on_torch(made)
    oracle.run({"input": picture})
    for kind in (GLEngine, GLFragmentEngine):
        engine = kind(made, device)
        engine.run({"input": picture})
        assert relative_error(engine.output(), oracle.output()) <= 1e-5
        engine.close()


def test_where_textures_are_found_by_handles_a_join_is_one_pass(device: Device) -> None:
    if not device.has_handles:
        pytest.skip("no handles of textures here")
    made = dense([3] * 60)
    engine = GLEngine(made, device, Settings("shared", handles=True))
    picture = np.random.default_rng(0).random((3, 8, 8), np.float32)
    oracle = on_torch(made)
    for each in (oracle, engine):
        each.run({"input": picture})
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    assert not any(name.startswith("join~") for name in engine._textures)
    engine.close()
