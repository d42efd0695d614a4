"""The picture of the output that a device makes is the one that the processor makes of its values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import layer, network, normal
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.choose import gl_engine
from studio.engine.gl.driver.device import Device
from studio.engine.torch.picture import brought_over, levels_of
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import ChannelOrder, Input
from studio.model.networks.network import Network
from studio.model.networks.picture import chroma, to_picture
from studio.model.networks.shape import Array

ENDS = st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-2.5, 0.25)])


def values_of(channels: int, height: int, width: int, seed: int) -> Array:
    values = np.random.default_rng(seed).normal(size=(channels, height, width)).astype(np.float32) * 2
    odd = np.array([np.nan, np.inf, -np.inf, 3e38], np.float32)[: height * width]
    values[0].reshape(-1)[: len(odd)] = odd
    return values


@given(
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(1, 9),
    ENDS,
    st.sampled_from(["rgb", "bgr"]),
    st.integers(0, 99),
    st.sampled_from([torch.float32, torch.float16]),
)
def test_pytorch_makes_it_to_the_bit(
    channels: int,
    height: int,
    width: int,
    ends: tuple[float, float],
    order: ChannelOrder,
    seed: int,
    kind: torch.dtype,
) -> None:
    held = torch.from_numpy(values_of(channels, height, width, seed)).to(kind)
    wanted = to_picture(held.float().numpy(), ends, order)
    found, out = levels_of(held, ends, order), np.full((height, width, 3), 77, np.uint8)
    assert brought_over(found, out) is out
    np.testing.assert_array_equal(out, wanted)
    np.testing.assert_array_equal(brought_over(found, None), wanted)


@pytest.mark.gl
@pytest.mark.parametrize("engine_name", ["gl", "gl-fragment", "gl-half"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize(("channels", "height", "width"), [(3, 9, 14), (1, 5, 3), (2, 4, 4), (7, 6, 11)])
def test_opengl_makes_it_to_a_level(
    device: Device, engine_name: str, order: ChannelOrder, channels: int, height: int, width: int
) -> None:
    graph = Graph((Input("in", channels),), (layer("out", "Identity", "in"),), "out", (-1.0, 1.0), output_order=order)
    engine = gl_engine(engine_name)(Network("copied", graph, {}), device)
    engine.run({"in": values_of(channels, height, width, 5)})
    engine.draws = False
    wanted = engine.picture()
    engine.draws = True
    for _ in range(2):
        found = engine.picture()
        assert found.shape == (height, width, 3)
        assert np.abs(found.astype(int) - wanted).max() <= 1
        assert (found == wanted).mean() > 0.98
    for draws in (False, True):
        engine.draws = draws
        out = np.full((height, width, 3), 77, np.uint8)
        assert np.shares_memory(engine.picture(out), out)
        np.testing.assert_array_equal(out, engine.picture())
    # Another size, on the same engine.
    engine.run({"in": normal(channels, height + 2, width + 1)})
    assert engine.picture().shape == (height + 2, width + 1, 3)
    engine.close()


@pytest.mark.gl
def test_pictures_that_are_asked_for_are_those_of_their_runs_however_late_they_are_taken(device: Device) -> None:
    engine = gl_engine("gl")(network(layer("out", "Identity", "in"), inputs=[Input("in", 3)]), device)
    for draws in (True, False):
        engine.draws = draws
        wanted, coming = [], []
        for seed in range(4):
            engine.run({"in": values_of(3, 6, 10, seed)})
            wanted.append(engine.picture())
            engine.run({"in": values_of(3, 6, 10, seed)})
            coming.append(engine.ask_picture(np.full((6, 10, 3), 77, np.uint8) if seed % 2 else None))
        del coming[1]  # nobody takes it
        for found, right in zip((each() for each in coming), (wanted[k] for k in (0, 2, 3)), strict=True):
            np.testing.assert_array_equal(found, right)
    engine.close()


@pytest.mark.gl
def test_a_luma_that_is_shown_in_colour_is_made_by_the_processor(device: Device) -> None:
    engine = gl_engine("gl")(network(layer("out", "Identity", "in"), inputs=[Input("in", 1)]), device)
    engine.run({"in": np.full((1, 4, 4), 0.5, np.float32)})
    engine.colour = chroma(np.full((4, 4, 3), (200, 40, 90), np.uint8))
    engine.draws = True
    assert np.ptp(engine.picture()[0, 0].astype(int)) > 50
    engine.close()
