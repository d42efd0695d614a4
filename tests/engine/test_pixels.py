"""Inputs given as pictures: what becomes of them on the device is what `to_tensor` makes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from helpers import EngineFor, layer, network, picture, relative_error, tiny_network
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.errors import StudioError
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.picture import DeepPicture, deepened, to_tensor

SHARED = Settings("shared")


def taking(fed: Input) -> Network:
    """One layer on this input."""
    return network(
        layer("out", "Conv2d", "input", in_channels=fed.channels, out_channels=3, kernel_size=1), inputs=[fed]
    )


def wanted(fed: Input, shown: DeepPicture) -> np.ndarray:
    return to_tensor(shown, fed.channels, fed.range, fed.mean, fed.std, fed.order)


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    channels = draw(st.sampled_from([1, 3]))
    low = draw(st.sampled_from([-1.0, 0.0, 10.0]))
    high = draw(st.sampled_from([1.0, 255.0]))
    mean = tuple(draw(st.sampled_from([(), (0.485, 0.456, 0.406)]))[:channels])
    std = tuple(draw(st.sampled_from([(), (0.229, 0.224, 0.225)]))[:channels])
    return Input("input", channels, (low, high), mean, std, order=draw(st.sampled_from(["rgb", "bgr"])))


@pytest.mark.gl
@examples(max_examples=12)
@given(fed=inputs(), height=st.integers(1, 70), width=st.integers(1, 70), deep=st.booleans(), seed=st.integers(0, 99))
def test_a_picture_is_what_the_processor_would_make_of_it(
    gl_device: Device, fed: Input, height: int, width: int, deep: bool, seed: int
) -> None:
    gl_device.use()
    if not (gl_device.has_compute and gl_device.can_map):
        pytest.skip("this driver has no compute shaders, or keeps no buffer mapped")
    shown: DeepPicture = picture(height, width, seed)
    if deep:
        shown = deepened(shown) ^ np.uint16(seed)
    engine = GLEngine(taking(fed), gl_device, SHARED)
    try:
        engine.run({}, pictures={"input": shown})
        assert "input" in engine._pixels, "else this says nothing of the device"
        assert not engine._planes, "floats have no buffers where none come"
        # As they come: nothing is laid out anew on the processor, which other threads would hold up.
        assert engine._pixels["input"]._feed.buffers[0].buffer.size == -(-shown.nbytes // 4) * 4
        # Where a mean is taken off, little may be left of a value, but its rounding is.
        whole = max(abs(end) for end in fed.range) / min(fed.std or (1.0,))
        np.testing.assert_allclose(engine.activation("input"), wanted(fed, shown), 0, 1e-6 * whole)
    finally:
        engine.close()


@pytest.fixture(params=[True, False], ids=["mapped", "not mapped"])
def tiled(request: pytest.FixtureRequest, device: Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[GLEngine]:
    if not device.has_compute or (request.param and not device.can_map):
        pytest.skip("this driver has no compute shaders, or keeps no buffer mapped")
    monkeypatch.setattr(device, "can_map", request.param)
    engine = GLEngine(tiny_network(), device, SHARED)
    yield engine
    engine.close()


def test_frames_do_not_meet_and_sizes_bits_and_floats_come_as_they_like(tiled: GLEngine) -> None:
    (fed,) = tiled.graph.inputs
    # Three rounds through the buffers that small pictures have in turn.
    for number in range(24):
        shown: DeepPicture = picture(8, 8 if number < 4 else 12, number)
        if number % 3 == 1:
            shown = deepened(shown)
        if number % 3 == 2:
            tiled.run({fed.name: wanted(fed, shown)})
        else:
            # Of memory that is another picture's before the device has read it.
            lent = shown.copy()
            tiled.run({}, pictures={fed.name: lent})
            lent[:] = 0
        assert relative_error(tiled.activation(fed.name), wanted(fed, shown)) <= 1e-6


def test_every_engine_takes_pictures(engine_for: EngineFor) -> None:
    engine, plain = engine_for(tiny_network()), engine_for(tiny_network())
    (fed,) = engine.graph.inputs
    for number in range(3):
        shown = picture(12, 8, number)
        engine.run({}, pictures={fed.name: shown})
        plain.run({fed.name: wanted(fed, shown)})
        assert relative_error(engine.output(), plain.output()) <= 1e-6


def test_an_input_that_no_picture_fits_is_refused_before_anything_runs(engine_for: EngineFor) -> None:
    engine = engine_for(taking(Input("input", 4)))
    with pytest.raises(StudioError, match="takes 4"):
        engine.run({}, pictures={"input": picture(4, 4)})
    with pytest.raises(StudioError, match='needs an input "input"'):
        engine.run({})
