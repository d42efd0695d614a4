"""Maps in half precision: near enough, the same whichever way they are made, and half as large."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from helpers import (
    activations,
    assert_same_bits,
    branched_network,
    layer,
    network,
    normal,
    on_torch,
    relative_error,
    single,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import autoencoder
from test_editing import assert_edited_is_as_fresh

from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.half import GLHalfEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.fuse import MOST_OUTPUTS
from studio.engine.gl.tuning.loops import MATRICES, NARROWS, WINDOWS, MatrixLoop, NarrowLoop, Plan, WindowLoop, Work
from studio.engine.gl.tuning.plans import plans
from studio.engine.gl.tuning.settings import Settings
from studio.model.declared.size import Size
from studio.model.networks.layout import tile_count
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.ops import operator

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("compute_shaders")]

TOLERANCE = 1e-3
INPUT = {"input": normal(3, 10, 12)}


def maps_of(device: Device, made: Network, inputs: Mapping[str, Array] = INPUT) -> dict[str, Array]:
    engine = GLHalfEngine(made, device)
    engine.run(inputs)
    found = activations(engine)
    engine.close()
    return found


def wanted_of(made: Network, inputs: Mapping[str, Array] = INPUT) -> Array:
    plain = on_torch(made)
    plain.run(inputs)
    return plain.output()


@pytest.mark.parametrize("kind", ["transposed", "fractional"])
def test_the_autoencoders_are_near(device: Device, kind: str) -> None:
    made, _ = autoencoder(kind)
    fed = {"input": np.abs(normal(3, 64, 64))}
    error = relative_error(maps_of(device, made, fed)[made.graph.output], wanted_of(made, fed))
    assert 0 < error <= TOLERANCE


@pytest.mark.parametrize("norm", ["InstanceNorm2d", "GroupNorm", "LayerNorm2d"])
def test_layers_that_look_at_a_whole_map_sum_up_in_full(device: Device, norm: str) -> None:
    sizes = {"num_groups": 2, "num_channels": 6} if norm == "GroupNorm" else {}
    sizes = sizes or {next(iter(operator(norm).model_fields)): 6}
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("norm", norm, "conv", **sizes),
    )
    # Squares of these pass what float16 can hold.
    fed = {"input": 300 * normal(3, 24, 32) + 500}
    assert relative_error(maps_of(device, made, fed)["norm"], wanted_of(made, fed)) <= TOLERANCE


def test_what_a_map_holds_is_what_float16_holds(device: Device) -> None:
    for name, found in maps_of(device, branched_network()).items():
        np.testing.assert_array_equal(found, found.astype(np.float16).astype(np.float32), err_msg=name)


def test_values_are_rounded_to_the_nearest(device: Device) -> None:
    exponents = np.random.default_rng(0).uniform(-30, 18, 1200)
    values = (normal(1200) * 2**exponents).astype(np.float32)
    special = [0.0, -0.0, 2**-24, 2**-25, 3 * 2**-25, 2**-14, 1 + 2**-11, 1 + 3 * 2**-11, 65504, 65519, 65520, -7e4]
    values[:15] = [*special, np.inf, -np.inf, np.nan]
    fed = np.tile(values.reshape(1, 30, 40), (3, 1, 1))
    engine = GLHalfEngine(branched_network(), device)
    engine.run({"input": fed})
    with np.errstate(over="ignore"):
        wanted = fed.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(engine.activation("input"), wanted)
    engine.close()


def test_fusing_changes_no_map(device: Device) -> None:
    made = branched_network()
    # Both in the usual way: on a GPU what is measured adds up in another order.
    fused, apart = (GLEngine(made, device, Settings("shared", most_outputs=n, half=True)) for n in (MOST_OUTPUTS, 1))
    for engine in (fused, apart):
        engine.run(INPUT)
    assert_same_bits(activations(fused), activations(apart))
    fused.close()
    apart.close()


KINDS = {
    "plain": single("Conv2d", 9, in_channels=9, out_channels=7, kernel_size=(3, 4), padding=1),
    "up to colours": single("ConvTranspose2d", 9, in_channels=9, out_channels=3, kernel_size=4, stride=2, padding=1),
    "fractional": single("FractionalConv2d", 9, in_channels=9, out_channels=7, kernel_size=4),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("parts", "apart"), [(1, False), (3, False), (3, True)])
@pytest.mark.parametrize("loop", [MATRICES[1], MATRICES[-1], WINDOWS[6], NARROWS[0]], ids=str)
def test_parts_of_sums_are_not_rounded(
    device: Device, loop: MatrixLoop | WindowLoop | NarrowLoop, parts: int, apart: bool, kind: str
) -> None:
    made = KINDS[kind]
    op = made.graph.nodes[0].op
    if not loop.fits(Work(Size(11, 13), op.out_channels, tile_count(op.in_channels), op.taps())):
        pytest.skip("its copies are too large for such kernels")
    engine = GLEngine(made, device, Settings("shared", Plan(loop, parts, apart), handles=device.has_handles, half=True))
    fed = {"in0": normal(9, 11, 13).astype(np.float16).astype(np.float32)}
    engine.run(fed)
    # One rounding, of 11 bits, is all that there is.
    np.testing.assert_allclose(engine.output(), wanted_of(made, fed), rtol=2**-10, atol=1e-6)
    engine.close()


@given(data=st.data())
@settings(max_examples=8)
def test_a_rectangle_replaced_gives_what_a_fresh_engine_gives(device: Device, data: st.DataObject) -> None:
    assert_edited_is_as_fresh(lambda made: GLHalfEngine(made, device), branched_network(), INPUT, data)


def test_what_is_past_its_range_is_infinite_and_counted(device: Device) -> None:
    made = network(layer("conv", "Conv2d", "input", in_channels=3, out_channels=1, kernel_size=1, bias=False))
    engine = GLHalfEngine(made.with_tensors({"conv.weight": np.full((1, 3, 1, 1), 100, np.float32)}), device)
    fed = np.zeros((3, 4, 4), np.float32)
    fed[:, 0, 0], fed[:, 1, 1] = 300, -300
    engine.run({"input": fed})
    assert engine.stats("conv").infinite == 2
    assert engine.output()[0, :2, :2].tolist() == [[np.inf, 0], [0, -np.inf]]
    engine.close()


def test_the_screen_shows_what_the_maps_hold(device: Device) -> None:
    engine, screen = GLHalfEngine(branched_network(), device), DisplayBuffers(device)
    engine.run(INPUT)
    shown = screen.picture(engine, "out").astype(int)
    assert np.abs(shown - engine.picture()).max() <= 1
    screen.close()
    engine.close()


def test_maps_take_half_the_memory(device: Device) -> None:
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=1),
        layer("norm", "InstanceNorm2d", "conv", num_features=6),
    )
    engine = GLHalfEngine(made, device)
    engine.run(INPUT)
    kinds = {name: texture.dtype for name, texture in engine._textures.items()}
    assert {name for name, kind in kinds.items() if kind == "f2"} == {"input", "conv", "norm"}
    assert {kind for name, kind in kinds.items() if "~" in name} == {"f4"}
    assert engine._weights["conv"].vectors.dtype == "f4"
    engine.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("parts", "apart"), [(1, False), (3, False), (3, True)])
@pytest.mark.parametrize(("run", "all_half"), [(1, False), (3, False), (3, True)])
@pytest.mark.parametrize("loop", [MATRICES[1], MatrixLoop(8, 32, 16, 2, 4), WindowLoop(8, 8, 32, 2, 4, 4)], ids=str)
def test_products_in_half_precision_are_near(
    device: Device, loop: MatrixLoop | WindowLoop, run: int, all_half: bool, parts: int, apart: bool, kind: str
) -> None:
    made = KINDS[kind]
    op = made.graph.nodes[0].op
    if not loop.fits(Work(Size(11, 13), op.out_channels, tile_count(op.in_channels), op.taps())):
        pytest.skip("its copies are too large for such kernels")
    plan = Plan(loop, parts, apart, run, all_half)
    engine = GLEngine(made, device, Settings("shared", plan, handles=device.has_handles, half=True))
    fed = {"in0": normal(9, 11, 13).astype(np.float16).astype(np.float32)}
    engine.run(fed)
    if device.has_halves:
        assert relative_error(engine.output(), wanted_of(made, fed)) <= 2e-3
    else:
        # Made of float32 there, in the same order.
        np.testing.assert_allclose(engine.output(), wanted_of(made, fed), rtol=2**-10, atol=1e-6)
    engine.close()


def test_what_is_worth_measuring_in_half_precision_adds_up_few_products() -> None:
    op = KINDS["fractional"].graph.nodes[0].op
    work = Work(Size(256, 256), 128, 16, op.taps())
    found = plans(work, halves=True)
    assert [plan for plan in found if not plan.run] == plans(work)
    halved = [plan for plan in found if plan.run]
    assert len(halved) > 4
    for plan in halved:
        assert isinstance(plan.loop, MatrixLoop | WindowLoop)
        assert plan.run * plan.loop.products(work) <= 32
        assert plan.loop.thread_m % 2 == 0
        # There are no registers for sums of both kinds.
        assert plan.all_half == (plan.loop.thread_m * plan.loop.thread_n > 64)
    assert any(plan.all_half for plan in halved)


@pytest.mark.parametrize("inputs", [16, 64, 128, 512])
def test_no_more_than_a_thousand_products_are_added_up_in_half_precision_to_the_end(inputs: int) -> None:
    op = KINDS["fractional"].graph.nodes[0].op
    work = Work(Size(256, 256), 128, inputs, op.taps())
    all_half = [plan for plan in plans(work, halves=True) if plan.all_half]
    for plan in all_half:
        assert work.depth / plan.parts <= 1024
    assert bool(all_half) == (work.depth <= 1024)


def test_sums_in_half_precision_to_the_end_are_a_thousandth_off(device: Device) -> None:
    """Of a thousand products of one sign, which is the worst case, added up as a shader adds them up."""
    if not device.has_halves:
        pytest.skip("no float16 in shaders here")
    made = single("Conv2d", 112, in_channels=112, out_channels=128, kernel_size=3, padding=1)
    made = made.with_tensors({name: np.abs(tensor) for name, tensor in made.tensors.items()})
    plan = Plan(WindowLoop(16, 16, 128, 1, 16, 8), run=2, all_half=True)
    engine = GLEngine(made, device, Settings("shared", plan, handles=device.has_handles, half=True))
    fed = {"in0": np.abs(normal(112, 20, 20))}
    engine.run(fed)
    assert relative_error(engine.output(), wanted_of(made, fed)) <= 2e-3
    engine.close()
