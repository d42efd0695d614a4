"""Kernels that the device packs from tensors in memory are those that numpy packs, bit for bit."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import moderngl
import numpy as np
import pytest
from helpers import normal, single
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Constants, Source
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.kernels.packer import Kernel, Packer, _source
from studio.engine.gl.kernels.packing import pack_kernel
from studio.engine.gl.memory.tensors import DeviceTensor
from studio.engine.gl.tuning.settings import Settings
from studio.model.networks.layout import Rect, crop, sheet_size, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

sys.path.append(str(Path(__file__).parent.parent / "ops"))

import cases_more  # noqa: F401
from cases import CASES

Open = Callable[[Network, Device], GLEngine | GLFragmentEngine]

ENGINES: dict[str, Open] = {
    "blocks": GLEngine,
    "shared": lambda made, device: GLEngine(made, device, Settings("shared")),
    "half": lambda made, device: GLEngine(made, device, Settings("shared", half=True)),
    "fragment": GLFragmentEngine,
    "texel by texel": lambda made, device: GLFragmentEngine(made, device, blocks=False),
}
WEIGHTED = ("Conv2d", "ConvTranspose2d", "FractionalConv2d", "Linear")


@contextmanager
def by_device(every: bool) -> Iterator[list[int]]:
    """While this lasts the device packs all kernels, or none; how many numbers it packed, each time."""
    packed: list[int] = []

    def takes(_: Packer, count: int, kernel: Kernel, constants: Constants) -> bool:
        del kernel, constants
        packed.extend([count] if every else [])
        return every

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Packer, "takes", takes)
        yield packed


def kernel(engine: GLEngine | GLFragmentEngine, device: Device) -> Array:
    found = engine._weights["layer"].kernel
    if isinstance(found, moderngl.Buffer):
        return np.frombuffer(found.read(), np.float32)
    assert found is not None
    return device.calls.read(found)


@pytest.mark.gl
@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("op", WEIGHTED)
@settings(max_examples=5)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_the_device_packs_what_numpy_packs(device: Device, op: str, kind: str, data: st.DataObject, seed: int) -> None:
    case = data.draw(CASES[op])
    made = single(op, *(shape[0] for shape in case.shapes), seed=seed, **case.params)
    height, width = sheet_size(made.tensors["layer.weight"].shape)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
    stroke = crop(to_sheet(normal(*made.tensors["layer.weight"].shape, seed=seed + 1)), rect)
    found = []
    for every in (False, True):
        with by_device(every) as packed:
            engine = ENGINES[kind](made, device)
            opened = kernel(engine, device)
            engine.replace("layer.weight", rect, stroke)
            found.append((opened, kernel(engine, device)))
            engine.close()
            assert len(packed) == 2 * every
    for numpys, devices in zip(*found, strict=True):
        np.testing.assert_array_equal(devices, numpys)


@pytest.mark.gl
@pytest.mark.parametrize("kind", ENGINES)
def test_what_is_lent_to_pack_kernels_is_given_back(device: Device, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.gl.kernels.packer._KEPT", 4096)
    address = device.context.mglo._context.load_opengl_function("glIsTexture")
    is_texture = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(address)
    made = single("Conv2d", 16, in_channels=16, out_channels=32, kernel_size=5)
    with by_device(every=True):
        engine = ENGINES[kind](made, device)
        assert engine._packer._lent is None
        engine.replace("layer.weight", Rect(0, 0, 5, 5), np.ones((5, 5), np.float32))
        assert engine._packer._lent is not None
        lent = engine._packer._lent.glo
        assert is_texture(lent)
        engine.replace("layer.weight", Rect(0, 0, 160, 80), np.ones((160, 80), np.float32))
        assert engine._packer._lent is None
        assert not device.context.objects, "what is dropped is freed at once"
        engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kind", ["shared", "fragment"])
@pytest.mark.parametrize("software", [True, False])
def test_numpy_packs_in_software_and_what_is_sooner_done_there(
    device: Device, kind: str, software: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ENGINES[kind](single("Conv2d", 3, in_channels=3, out_channels=5, kernel_size=(7, 1)), device)
    weights = engine._weights["layer"]
    target, constants = weights.kernel, weights._from_memory
    assert target is not None
    assert constants is not None
    packer = Packer(device)
    monkeypatch.setattr(device, "is_software", software)

    def taken() -> list[bool]:
        return [packer.takes(count, target, constants) for count in (256, 2**16, 2**22, 2**40)]

    # No shader is compiled for less than numpy takes a while for.
    monkeypatch.setattr(Device, "has", lambda *_: False)
    assert taken() == [False, False, not software, False]
    monkeypatch.setattr(Device, "has", lambda *_: True)
    assert taken() == [not software and kind == "fragment", not software, not software, False]
    monkeypatch.undo()
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kind", ["shared", "fragment"])
def test_a_shader_that_has_packed_is_known_to_be_compiled(device: Device, kind: str) -> None:
    made = single("Conv2d", 3, in_channels=3, out_channels=5, kernel_size=(9, 1))
    for every in (False, True):
        with by_device(every):
            engine = ENGINES[kind](made, device)
        weights = engine._weights["layer"]
        assert weights.kernel is not None
        assert weights._from_memory is not None
        assert device.has(_source(weights.kernel, weights._from_memory)) is every
        engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kind", ["shared", "fragment"])
def test_numpy_packs_where_the_driver_refuses_the_shader(
    device: Device, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = single("Conv2d", 8, in_channels=8, out_channels=6, kernel_size=(3, 5))
    stroke = Rect(3, 2, 11, 17)
    with by_device(every=False):
        engine = ENGINES[kind](made, device)
        engine.replace("layer.weight", stroke, np.ones((11, 17), np.float32))
        wanted = kernel(engine, device)
        engine.close()
    takes, asked = Packer.takes, []

    def refused(_: Kernel, constants: Constants) -> Source:
        return Source("fragment" if kind == "fragment" else "compute", ("lib/pack_memory_buffer.glsl",), constants)

    def on_a_gpu(self: Packer, count: int, target: Kernel, constants: Constants) -> bool:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(device, "is_software", False)
            asked.append(takes(self, count, target, constants))
        return asked[-1]

    monkeypatch.setattr("studio.engine.gl.kernels.packer._source", refused)
    monkeypatch.setattr("studio.engine.gl.kernels.packer._WORTH_COMPILING", 1)
    monkeypatch.setattr(Packer, "takes", on_a_gpu)
    engine = ENGINES[kind](made, device)
    engine.replace("layer.weight", stroke, np.ones((11, 17), np.float32))
    np.testing.assert_array_equal(kernel(engine, device), wanted)
    assert asked == [True, False], "it is asked for once"
    engine.close()


@pytest.mark.gl
def test_what_numpy_packs_comes_behind_what_a_shader_has_packed(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = single("Conv2d", 8, in_channels=8, out_channels=6, kernel_size=3)
    order: list[int] = []
    monkeypatch.setattr(moderngl.Context, "memory_barrier", lambda _, barriers: order.append(barriers))
    with by_device(every=True):
        engine = ENGINES["shared"](made, device)
    from_memory = [*order]
    order.clear()
    weights = engine._weights["layer"]
    assert isinstance(weights.kernel, moderngl.Buffer)
    assert weights._on_device is not None
    held = DeviceTensor(device, made.tensors["layer.weight"].shape)
    held.write(made.tensors["layer.weight"])
    pack_kernel(device, held, weights.kernel, weights._on_device, weights.layout, weights._out_tiles, weights.folds)
    for barriers in (from_memory, order):
        assert barriers
        assert barriers[-1] & moderngl.BUFFER_UPDATE_BARRIER_BIT
        assert barriers[-1] & moderngl.SHADER_STORAGE_BARRIER_BIT
    monkeypatch.undo()
    engine.close()
