"""Tensors in memory and on the device: packed from either, they are the same, and whoever asks gets the newer."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error, single
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.memory.tensors import DeviceTensor, DeviceTensors
from studio.engine.gl.tuning.settings import Settings
from studio.engine.store import TensorStore
from studio.engine.torch.engine import TorchEngine
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

sys.path.append(str(Path(__file__).parent.parent / "ops"))

import cases_more  # noqa: F401
import cases_traced  # noqa: F401
from cases import CASES

pytestmark = pytest.mark.gl

WITH_TENSORS = (
    *("Conv2d", "ConvTranspose2d", "FractionalConv2d", "Linear", "BatchNorm2d", "ScaleShift", "PReLU"),
    *("GroupNorm", "InstanceNorm2d", "LayerNorm2d", "GivenMap"),
)


def packed(engine: GLEngine | GLFragmentEngine, device: Device) -> dict[str, Array]:
    weights, found = engine._weights["layer"], {}
    if isinstance(weights.kernel, moderngl.Buffer):
        found["kernel"] = np.frombuffer(weights.kernel.read(), np.float32)
    elif weights.kernel is not None:
        found["kernel"] = device.calls.read(weights.kernel)
    if weights.vectors is not None:
        found["vectors"] = device.calls.read(weights.vectors)
    return found


@pytest.mark.parametrize("kind", ["blocks", "shared", "fragments"])
@pytest.mark.parametrize("op", WITH_TENSORS)
@settings(max_examples=6)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_what_the_device_packs_is_what_numpy_packs(
    device: Device, op: str, kind: str, data: st.DataObject, seed: int
) -> None:
    case = data.draw(CASES[op])
    made, other = (single(op, *(shape[0] for shape in case.shapes), seed=s, **case.params) for s in (seed, seed + 1))
    engines = [
        GLFragmentEngine(each, device)
        if kind == "fragments"
        else GLEngine(each, device, Settings("shared") if kind == "shared" else None)
        for each in (made, other)
    ]
    tensors = DeviceTensors(device, engines[0]._store)
    for name, values in other.tensors.items():
        tensors.of(name).write(values)
        tensors.moved([name])

    found, wanted = (packed(engine, device) for engine in engines)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-6, atol=1e-6, err_msg=name)
    for name, values in other.tensors.items():
        np.testing.assert_array_equal(engines[0].tensor(name), values)
        np.testing.assert_array_equal(engines[0].sheet(name), engines[1].sheet(name))
    for engine in engines:
        engine.close()


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (7,), (6, 9), (1, 1, 1, 1), (4, 1, 3, 3)])
def test_a_tensor_comes_back_from_the_device_as_it_went(device: Device, shape: tuple[int, ...]) -> None:
    values = normal(*shape)
    held = DeviceTensor(device, shape)
    held.write(values)
    np.testing.assert_array_equal(held.read(), values)


def test_whoever_asks_gets_the_newer_version() -> None:
    store = TensorStore({"a.weight": np.zeros((2, 2, 1, 1), np.float32)})
    newer, asked = normal(2, 2, 1, 1), []

    def fetch() -> Array:
        asked.append(True)
        return newer

    store.moved({"a.weight": fetch}, None)
    assert store.revision("a.weight") == 1
    assert not asked
    np.testing.assert_array_equal(store.tensor("a.weight"), newer)
    store.tensor("a.weight")
    assert len(asked) == 1
    store.moved({"a.weight": fetch}, None)
    store.put("a.weight", Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32))
    assert store.tensor("a.weight").ravel().tolist() == [9.0, *newer.ravel()[1:].tolist()]
    assert len(asked) == 2


def test_a_device_that_moves_the_same_again_need_not_say_so_until_somebody_asks() -> None:
    class Follower:
        def overtake(self, tensor: str, rect: Rect) -> None:
            del tensor, rect

        def repack(self, tensor: str, origin: object) -> bool:
            del tensor, origin
            return True

    store, origin, weights = TensorStore({"a.weight": np.zeros((2, 2, 1, 1), np.float32)}), object(), normal(2, 2, 1, 1)
    follower = Follower()
    assert not store.is_unseen(origin)
    for look in (
        lambda: store.tensor("a.weight"),
        lambda: store.revision("a.weight"),
        lambda: store.base("a.weight"),
        lambda: store.put("a.weight", Rect(0, 0, 1, 1), np.zeros((1, 1), np.float32)),
        lambda: store.follow(follower),
    ):
        store.moved({"a.weight": lambda: weights}, origin, but=follower)
        assert store.is_unseen(origin)
        assert not store.is_unseen(object())
        look()
        assert not store.is_unseen(origin)
    store.moved({"a.weight": lambda: weights}, origin, but=follower)
    assert store.is_unseen(origin)
    # Somebody else follows who must hear of every move.
    store.moved({"a.weight": lambda: weights}, origin)
    assert not store.is_unseen(origin)


def test_a_closed_engine_follows_no_more(device: Device) -> None:
    made = single("Conv2d", 3, in_channels=3, out_channels=2, kernel_size=3)
    store = TensorStore(made.tensors)
    closed, kept = GLEngine(made, device, store=store), GLFragmentEngine(made, device, store=store)
    closed.close()
    kept.set_tensor("layer.weight", normal(2, 3, 3, 3))
    np.testing.assert_array_equal(store.tensor("layer.weight"), normal(2, 3, 3, 3))
    kept.close()


def tied() -> Network:
    """A convolution, and the transposed one of the same tensor."""
    conv = {"in_channels": 3, "out_channels": 6, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False}
    back = {**conv, "in_channels": 6, "out_channels": 3, "output_padding": 1}
    return network(
        layer("conv", "Conv2d", "input", **conv),
        layer("act", "ReLU", "conv"),
        replace(layer("back", "ConvTranspose2d", "act", **back), borrowed=(("weight", "conv.weight"),)),
    )


def what_is_tied(x: Array, weight: Array) -> Array:
    picture, kernel = torch.from_numpy(x)[None], torch.from_numpy(weight)
    made = torch.nn.functional.conv2d(picture, kernel, stride=2, padding=1).relu()
    return torch.nn.functional.conv_transpose2d(made, kernel, stride=2, padding=1, output_padding=1)[0].numpy()


def test_a_convolution_and_its_transposed_one_use_one_tensor(engine_for: EngineFor) -> None:
    engine, x, weight = engine_for(tied()), normal(3, 8, 10), normal(6, 3, 3, 3, seed=9)
    assert list(engine.graph.tensor_shapes) == ["conv.weight"]
    engine.run({"input": x})
    assert relative_error(engine.output(), what_is_tied(x, engine.tensor("conv.weight"))) < 1e-5
    engine.set_tensor("conv.weight", weight)
    assert engine.update() == ("conv", "act", "back")
    assert relative_error(engine.output(), what_is_tied(x, weight)) < 1e-5
    engine.replace("conv.weight", Rect(3, 6, 3, 3), np.zeros((3, 3), np.float32))
    engine.update()
    assert relative_error(engine.output(), what_is_tied(x, engine.tensor("conv.weight"))) < 1e-5


@settings(max_examples=12)
@given(
    steps=st.lists(st.sampled_from(["stroke", "learn", "undo", "look", "run", "bypass"]), min_size=3, max_size=12),
    seed=st.integers(0, 2**16),
)
def test_strokes_learning_and_undo_in_any_order_leave_every_engine_with_the_newest(
    device: Device, steps: list[str], seed: int
) -> None:
    made, rng = tied(), np.random.default_rng(seed)
    store = TensorStore(made.tensors)
    # Three engines of three sizes on one store.
    engines = (
        GLEngine(made, device, store=store),
        GLFragmentEngine(made, device, store=store),
        TorchEngine(made, "cpu", store),
    )
    pictures = normal(3, 8, 10), normal(3, 4, 6), normal(3, 12, 8)
    tensors = DeviceTensors(device, store)
    weight = made.tensors["conv.weight"].copy()
    before = [weight.copy()]
    for step in (*steps, "run"):
        engine = engines[int(rng.integers(3))]
        if step == "stroke":
            before.append(weight.copy())
            o, i = (int(rng.integers(count)) for count in (6, 3))
            weight[o, i] = rng.standard_normal((3, 3))
            engine.replace("conv.weight", Rect(3 * o, 3 * i, 3, 3), weight[o, i])
        elif step == "learn":
            before.append(weight.copy())
            weight = weight + rng.standard_normal(weight.shape).astype(np.float32) / 10
            tensors.of("conv.weight").write(weight)
            tensors.moved(["conv.weight"])
        elif step == "undo" and len(before) > 1:
            weight = before.pop()
            engine.set_tensor("conv.weight", weight)
        elif step == "look":
            np.testing.assert_array_equal(engine.tensor("conv.weight"), weight)
        elif step == "bypass":
            engine.bypass(() if engine.bypassed else ("conv",))
        elif step == "run":
            for each, picture in zip(engines, pictures, strict=True):
                each.bypass(())
                each.run({"input": picture})
                assert relative_error(each.output(), what_is_tied(picture, weight)) < 1e-5
                np.testing.assert_array_equal(each.tensor("conv.weight"), weight)
    for engine in engines:
        engine.close()
