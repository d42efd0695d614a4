"""Convolutions in blocks, as software rasterisers run them, and one texel at a time, as GPUs without compute do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import normal, on_torch, relative_error, single
from hypothesis import given, settings
from hypothesis import strategies as st
from test_editing import assert_edited_is_as_fresh
from test_loops import WEIGHTED

from studio.engine.base import Engine
from studio.engine.gl.driver import strips
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.model.networks.network import Network

KINDS = WEIGHTED | {
    "grouped": single("Conv2d", 12, in_channels=12, out_channels=18, groups=3, kernel_size=3, padding=1),
    "depthwise": single("Conv2d", 10, in_channels=10, out_channels=10, groups=10, kernel_size=3, padding=1),
}
WAYS: dict[str, Callable[[Network, Device], Engine]] = {
    "compute, blocks": lambda network, device: GLEngine(network, device, Settings("blocks")),
    "fragment, blocks": lambda network, device: GLFragmentEngine(network, device, blocks=True),
    "fragment, texels": lambda network, device: GLFragmentEngine(network, device, blocks=False),
}


def inputs_of(network: Network, height: int, width: int) -> dict[str, np.ndarray]:
    return {i.name: normal(i.channels, height, width, seed=n) for n, i in enumerate(network.graph.inputs)}


@pytest.fixture(params=WAYS)
def open_in(request: pytest.FixtureRequest, device: Device) -> Callable[[Network], Engine]:
    if request.param.startswith("compute") and not device.has_compute:
        pytest.skip("no compute shaders here")
    return lambda network: WAYS[request.param](network, device)


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (4, 5), (16, 16), (33, 70)])
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_fit_any_size(open_in: Callable[[Network], Engine], kind: str, size: tuple[int, int]) -> None:
    if kind == "reflected" and min(size) < 3:
        pytest.skip("a border as wide as this needs more pixels to repeat")
    network, (height, width) = KINDS[kind], size
    engine, reference = open_in(network), on_torch(network)
    try:
        reference.run(inputs_of(network, height + 2, width + 2))
        engine.run(inputs_of(network, height + 2, width + 2))
        assert relative_error(engine.output(), reference.output()) <= 1e-5
    finally:
        engine.close()


@pytest.mark.parametrize("kind", ["strided", "transposed", "uneven phases", "grouped"])
@given(data=st.data())
@settings(max_examples=8)
def test_a_rectangle_replaced_gives_what_a_fresh_engine_gives(
    open_in: Callable[[Network], Engine], kind: str, data: st.DataObject
) -> None:
    assert_edited_is_as_fresh(open_in, KINDS[kind], inputs_of(KINDS[kind], 7, 6), data)


@pytest.mark.parametrize("seconds", [1e-9, 1e9])
def test_strips_change_no_block(device: Device, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    network, found = KINDS["transposed"], []
    monkeypatch.setattr(strips, "_SECONDS", seconds)
    for is_software in (False, True):
        monkeypatch.setattr(device, "is_software", is_software)
        engine = GLFragmentEngine(network, device, blocks=True)
        for _ in range(3):
            engine.run(inputs_of(network, 40, 90))
            found.append(engine.output())
        engine.close()
    for each in found[1:]:
        np.testing.assert_array_equal(each, found[0])


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_what_is_not_a_number_reaches_the_pixels_that_read_it_alone(
    open_in: Callable[[Network], Engine], special: float
) -> None:
    network = single("Conv2d", 5, in_channels=5, out_channels=9, kernel_size=3, padding=1)
    x = inputs_of(network, 9, 12)
    x["in0"][2, 4, 7] = special
    engine = open_in(network)
    engine.run(x)

    spoilt = np.zeros((9, 12), bool)
    spoilt[3:6, 6:9] = True
    np.testing.assert_array_equal(~np.isfinite(engine.output()), np.broadcast_to(spoilt, (9, 9, 12)))
    engine.close()
