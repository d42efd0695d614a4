"""Crops of pictures that lie on the device become inputs as pictures of this process do, several in one row."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from helpers import assert_same_bits, layer

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.bank import Crop
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, to_tensor
from studio.model.networks.shape import Array

pytestmark = pytest.mark.gl

SIZES = {"shown": Size(6, 9), "wanted": Size(4, 3), "grey": Size(5, 5)}
INPUTS = (
    Input("shown", 3, (-1.0, 1.0)),
    Input("wanted", 3, (0.0, 1.0), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4), order="bgr"),
    Input("grey", 1, (0.0, 255.0)),
)


@pytest.fixture
def engine(device: Device) -> GLEngine:
    """Hands on three inputs as they are."""
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    nodes = tuple(layer(f"{put.name} on", "Affine", put.name) for put in INPUTS)
    return GLEngine(Network("three", Graph(INPUTS, nodes, nodes[0].name), {}), device)


def pictures(count: int, size: Size, seed: int) -> list[Picture]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*size, 3), np.uint8) for _ in range(count)]


def found(engine: GLEngine) -> dict[str, Array]:
    return {put.name: engine.activation(f"{put.name} on") for put in INPUTS}


def by_hand(crops: dict[str, Crop]) -> dict[str, Array]:
    made = {}
    for put in INPUTS:
        each, (height, width) = crops[put.name], SIZES[put.name]
        part = each.pictures[each.number][each.top : each.top + height, each.left : each.left + width]
        part = np.ascontiguousarray(part[:, ::-1] if each.mirrored else part)
        made[put.name] = to_tensor(part, put.channels, put.range, put.mean, put.std, put.order)
    return made


def test_inputs_are_cut_of_pictures_of_their_own(engine: GLEngine) -> None:
    one, other = pictures(2, Size(12, 16), 1), pictures(3, Size(7, 8), 2)
    for number in range(2):
        crops = {
            "shown": Crop(one, number, 2 + number, 5, bool(number)),
            "wanted": Crop(other, 2 - number, 1, 4, not number),
            "grey": Crop(one, 1, number, 11, False),
        }
        assert engine.run_cut(crops, SIZES)
        cut, wanted = found(engine), by_hand(crops)
        for name, values in wanted.items():
            np.testing.assert_allclose(cut[name], values, rtol=1e-5, atol=1e-5)
    # As many more lie in another buffer.
    before = found(engine)
    one += pictures(9, Size(12, 16), 3)
    assert engine.run_cut(crops, SIZES)
    assert_same_bits(found(engine), before)
    crops["shown"] = Crop(one, 10, 0, 0, mirrored=True)
    assert engine.run_cut(crops, SIZES)
    np.testing.assert_allclose(found(engine)["shown"], by_hand(crops)["shown"], rtol=1e-5, atol=1e-5)
    engine.close()


def test_pictures_that_no_crop_is_of_any_more_are_let_go(engine: GLEngine) -> None:
    held, other = pictures(2, Size(12, 16), 1), pictures(2, Size(7, 9), 2)
    before = weakref.ref(held[0])
    for one in (held, other):
        crops = {put.name: Crop(one, 0, 1, 0, mirrored=False) for put in INPUTS}
        crops["grey"] = Crop(other, 1, 2, 3, mirrored=True)
        assert engine.run_cut(crops, SIZES)
        cut = found(engine)
        for name, values in by_hand(crops).items():
            np.testing.assert_allclose(cut[name], values, rtol=1e-5, atol=1e-5)
    del held, one, crops
    gc.collect()
    assert before() is None
    engine.close()


def test_what_cannot_be_cut_there_runs_nothing(engine: GLEngine) -> None:
    one = pictures(2, Size(12, 16), 1)
    crops = {put.name: Crop(one, 0, 1, 1, mirrored=False) for put in INPUTS}
    assert engine.run_cut(crops, SIZES)
    before = found(engine)
    deep = [picture.astype(np.uint16) for picture in one]
    assert not engine.run_cut({**crops, "wanted": Crop(deep, 0, 2, 2, mirrored=False)}, SIZES)
    assert not engine.run_cut({name: crops[name] for name in ("shown", "wanted")}, SIZES)
    one[0] = pictures(1, Size(8, 8), 4)[0]
    assert not engine.run_cut(crops, SIZES), "a picture of another size lies in its place"
    assert_same_bits(found(engine), before)
    engine.close()
