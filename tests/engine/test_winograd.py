"""Convolutions by Winograd's F(2×2, 2×2): as near as other products in single precision, or in half."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import (
    activations,
    assert_same_bits,
    layer,
    network,
    normal,
    on_torch,
    relative_error,
    single,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import autoencoder
from test_editing import assert_edited_is_as_fresh

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.dispatch import Dispatch
from studio.engine.gl.memory.rooms import Rooms
from studio.engine.gl.tuning.loops import MATRICES, Plan, WinogradLoop, Work
from studio.engine.gl.tuning.plans import plans, usual
from studio.engine.gl.tuning.settings import Settings
from studio.errors import EngineError
from studio.model.declared.size import Size
from studio.model.networks.layout import tile_count
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.ops.conv import Conv2d
from studio.ops.conv_transpose import ConvTranspose2d

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("compute_shaders")]

LOOPS = (
    WinogradLoop(16, 16, 8, 4, 4, 2),
    WinogradLoop(32, 16, 16, 16, 8, 2),
    WinogradLoop(8, 32, 4, 2, 4, 2),
    WinogradLoop(16, 8, 32, 8, 8, 2),
    WinogradLoop(16, 16, 8, 4, 4, 1),
    WinogradLoop(8, 32, 4, 1, 4, 1),
    WinogradLoop(32, 16, 16, 8, 8, 1),
)
HALF, SINGLE = LOOPS[0], LOOPS[4]


def tolerance(loop: object) -> float:
    return 1e-5 if isinstance(loop, WinogradLoop) and loop.each == 1 else 2e-3


def opened(
    device: Device, made: Network, loop: WinogradLoop = HALF, *, half: bool | None = None, **how: int
) -> GLEngine:
    """An engine of such products; with maps in half precision where those are, or where that is asked for."""
    in_half = loop.each == 2
    plan = Plan(loop, run=max(1, 32 // loop.k), all_half=True) if in_half else Plan(loop)
    half = in_half if half is None else half
    return GLEngine(made, device, Settings("shared", plan, handles=device.has_handles, half=half, **how))


def poisoned(engine: GLEngine, fed: dict[str, Array]) -> Array:
    """The output of a second run, before which all that passes write is NaN."""
    engine.run(fed)
    for texture in engine._textures.values():
        texture.write(np.full((texture.height, texture.width, 4), np.nan, texture.dtype))
    for room in engine._passes._rooms._made.values():
        assert room.parts is not None
        # Of either precision: a NaN twice over is one of float32, too.
        room.parts.write(np.full(room.parts.size // 2, 0xFFFF, np.uint16))
    engine.run(fed)
    return engine.output()


def dispatches_of(engine: GLEngine) -> list[Dispatch]:
    return [each for steps in engine._steps.values() for step in steps for each in step.run.dispatches]  # type: ignore[attr-defined]


def wanted_of(made: Network, fed: dict[str, Array]) -> Array:
    engine = on_torch(made)
    engine.run(fed)
    return engine.output()


@st.composite
def layers(draw: st.DrawFn) -> tuple[Network, Size]:
    """A layer whose kernels are of two taps for each pixel that they step on, or that outputs lie apart."""
    steps = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    turned = draw(st.booleans())
    kernel = tuple(2 * step for step in steps)
    padding = tuple(draw(st.integers(0, side // 2)) for side in kernel)
    inputs, outputs = draw(st.integers(1, 19)), draw(st.integers(1, 19))
    params: dict[str, object] = {
        "kernel_size": kernel,
        "stride": steps,
        "padding": padding,
        "bias": draw(st.booleans()),
    }
    least = 1 if turned else max(kernel)
    size = Size(draw(st.integers(least, 20)), draw(st.integers(least, 20)))
    if turned:
        # There is one output at least.
        assume(all((side - 1) * s - 2 * p + k > 0 for side, s, p, k in zip(size, steps, padding, kernel, strict=True)))
        params["output_padding"] = tuple(draw(st.integers(0, step - 1)) for step in steps)
    else:
        params["padding_mode"] = draw(st.sampled_from(["zeros", "reflect", "replicate"]))
    op = "ConvTranspose2d" if turned else "Conv2d"
    seed = draw(st.integers(0, 99))
    return single(op, inputs, seed=seed, in_channels=inputs, out_channels=outputs, **params), size


@given(made=layers(), loop=st.sampled_from(LOOPS), seed=st.integers(0, 99), half=st.booleans())
@settings(max_examples=40, deadline=None)
def test_it_means_the_same(
    device: Device, made: tuple[Network, Size], loop: WinogradLoop, seed: int, half: bool
) -> None:
    """Of maps in either precision, as they are where a driver has no products in half."""
    net, size = made
    op = net.graph.nodes[0].op
    assert loop.fits(Work(size, 1, 1, op.taps()))
    fed = {"in0": normal(op.in_channels, *size, seed=seed).astype(np.float16).astype(np.float32)}
    half |= loop.each == 2
    engine = opened(device, net, loop, half=half)
    assert relative_error(poisoned(engine, fed), wanted_of(net, fed)) <= (tolerance(HALF) if half else tolerance(loop))
    engine.close()


@pytest.mark.parametrize(("loop", "most"), [(HALF, 1e-3), (SINGLE, 1e-6)])
@pytest.mark.parametrize("size", [(4, 4), (36, 20), (20, 132)])
def test_layers_behind_one_another_share_what_lies_between(
    device: Device, size: tuple[int, int], loop: WinogradLoop, most: float
) -> None:
    made, _ = autoencoder("transposed")
    fed = {"input": np.abs(normal(3, *size))}
    fused, apart = opened(device, made, loop), opened(device, made, loop, most_outputs=1)
    for engine in (fused, apart):
        assert 0 < relative_error(poisoned(engine, fed), wanted_of(made, fed)) <= most
    assert_same_bits(activations(fused), activations(apart))
    fused.close()
    apart.close()


@pytest.mark.parametrize("loop", [HALF, SINGLE])
@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
@given(data=st.data())
@settings(max_examples=5)
def test_a_rectangle_replaced_gives_what_a_fresh_engine_gives(
    device: Device, kind: str, loop: WinogradLoop, data: st.DataObject
) -> None:
    made = single(kind, 9, in_channels=9, out_channels=7, kernel_size=4, stride=2, padding=1)
    assert_edited_is_as_fresh(lambda net: opened(device, net, loop), made, {"in0": normal(9, 7, 6)}, data)


def test_where_there_is_no_memory_for_what_lies_between_layers_run_as_usual(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buffer was taken as it was: without memory a GPU makes zeros of it, soon, so that they were the fastest."""
    made = single("Conv2d", 9, in_channels=9, out_channels=7, kernel_size=4, stride=2, padding=1)
    fed = {"in0": normal(9, 20, 12)}
    engine = opened(device, made, SINGLE)
    engine.run(fed)
    passes, (each,) = engine._passes, engine._passes._planned_layers
    plan = passes._plans[each.node.name]
    short = [True]
    monkeypatch.setattr(Device, "is_out_of_memory", property(lambda _: bool(short) and short.pop()))
    passes._rooms = Rooms(device)
    engine._steps.clear()
    assert relative_error(poisoned(engine, fed), wanted_of(made, fed)) <= tolerance(SINGLE)
    assert not any("winograd" in str(each.source) for each in dispatches_of(engine))
    # It does not win, and where there is room for nothing that is said.
    passes._rooms, short[:] = Rooms(device), [True]
    with pytest.raises(EngineError, match=r"^The sums of this network's convolutions take \d+ MB at this size, more"):
        passes._is_ready(each, plan)
    assert passes._is_ready(each, plan)
    engine.close()


@pytest.mark.parametrize(
    "plan", [Plan(HALF, run=4, all_half=True), Plan(SINGLE), Plan(MATRICES[0], 2, apart=True), Plan(MATRICES[0], 2)]
)
def test_layers_that_nobody_waits_for_share_no_room_at_the_same_time(device: Device, plan: Plan) -> None:
    """The first passes of all ran before the second ones of any, and one layer's sums were another's."""
    sides = {"in_channels": 3, "out_channels": 5, "kernel_size": 4, "stride": 2, "padding": 1}
    made = network(layer("a", "Conv2d", "input", **sides), layer("b", "Conv2d", "input", **sides))
    fed = {"input": normal(3, 12, 10)}
    engine, wanted = GLEngine(made, device, Settings("shared", plan, handles=device.has_handles)), on_torch(made)
    for each in (engine, wanted):
        each.run(fed)
    # One dispatch of both would have their workgroups count in the same places; software runs these in turn.
    assert all(len(each.outputs) == 1 for each in dispatches_of(engine))
    for name in ("a", "b"):
        assert relative_error(engine.activation(name), wanted.activation(name)) <= tolerance(plan.loop)
    engine.close()


@pytest.mark.parametrize("loop", [HALF, SINGLE])
@pytest.mark.parametrize(
    ("kernel", "scale", "sampling"),
    [(2, 1, "nearest"), (3, 2, "nearest"), (4, 3, "nearest"), (2, 1, "linear"), (2, 2, "linear"), (2, 3, "linear")],
)
def test_enlarged_maps_mean_the_same(
    device: Device, kernel: int, scale: int, sampling: str, loop: WinogradLoop
) -> None:
    """Of a kernel of 3 at twice the size two cells are left in each phase, one of which is the sum of two weights."""
    sides = {"kernel_size": kernel, "scale_factor": scale, "sampling": sampling}
    made = single("FractionalConv2d", 5, in_channels=5, out_channels=6, **sides)
    taps = made.graph.nodes[0].op.taps()
    assert taps is not None
    assert loop.fits(Work(Size(9, 7), 1, 1, taps))
    fed = {"in0": normal(5, 9, 7).astype(np.float16).astype(np.float32)}
    engine = opened(device, made, loop)
    assert relative_error(poisoned(engine, fed), wanted_of(made, fed)) <= tolerance(loop)
    engine.close()


def work_of(op: Conv2d | ConvTranspose2d, size: int = 256) -> Work:
    return Work(Size(size, size), op.out_channels, tile_count(op.in_channels), op.taps())


def down(inputs: int, outputs: int, kernel: tuple[int, int] = (4, 4), stride: int = 2, dilation: int = 1) -> Conv2d:
    sides = {"kernel_size": kernel, "stride": (stride, stride), "dilation": (dilation, dilation)}
    return Conv2d(in_channels=inputs, out_channels=outputs, padding=(1, 1), **sides)  # type: ignore[arg-type]


def up(inputs: int, outputs: int, kernel: int = 4) -> ConvTranspose2d:
    sides = {"kernel_size": (kernel, kernel), "stride": (2, 2), "padding": (1, 1)}
    return ConvTranspose2d(in_channels=inputs, out_channels=outputs, **sides)


@pytest.mark.parametrize(
    ("op", "size", "taken"),
    [
        (down(64, 256), 256, True),
        (up(256, 64), 256, True),
        (down(256, 64, (2, 2), stride=1), 256, True),
        # Other kernels; more products than are added up in half precision; too much in between; too few workgroups.
        (down(64, 64, (3, 3), stride=1), 256, False),
        (down(64, 64, (2, 2), stride=1, dilation=2), 256, False),
        (down(64, 64, (4, 3)), 256, False),
        (up(64, 64, 3), 256, False),
        (up(260, 64), 256, False),
        (down(64, 256), 512, False),
        (down(64, 64), 4, False),
    ],
    ids=str,
)
def test_it_is_measured_where_it_can_gain(op: Conv2d | ConvTranspose2d, size: int, taken: bool) -> None:
    work = work_of(op, size)
    found = winograds(work, halves=True)
    assert bool(found) == taken
    for plan, loop in found:
        assert plan.all_half
        assert plan.run * loop.products(work) <= 32
        assert loop.each == 2
        assert loop.texels(work) * 16 <= 1 << 28


@pytest.mark.parametrize(
    ("op", "size", "taken"),
    [
        (down(64, 256), 64, True),
        (up(256, 64), 64, True),
        # As many products as there are: sums are of float32.
        (up(1024, 256), 32, True),
        (down(64, 64, (3, 3), stride=1), 64, False),
        (down(64, 256), 256, False),
        (down(64, 64), 4, False),
        (up(64, 3), 256, False),
    ],
    ids=str,
)
def test_it_is_measured_in_single_precision(op: Conv2d | ConvTranspose2d, size: int, taken: bool) -> None:
    work = work_of(op, size)
    found = winograds(work, halves=False)
    assert bool(found) == taken
    for plan, loop in found:
        assert (plan.run, plan.all_half, loop.each) == (0, False, 1)
        assert loop.texels(work) * 16 <= 1 << 28
    assert not isinstance(usual(work).loop, WinogradLoop)


def winograds(work: Work, *, halves: bool) -> list[tuple[Plan, WinogradLoop]]:
    worth = plans(work, 49152, halves=halves)
    return [(plan, plan.loop) for plan in worth if isinstance(plan.loop, WinogradLoop)]


def test_it_makes_nine_products_for_sixteen() -> None:
    work, loop = work_of(down(64, 256)), WinogradLoop(256, 128, 16, 16, 8, 2)
    *_, points = loop.groups(work)
    assert loop.made(work) * points * loop.rows(work) * 4 * 16 == 9 * work.pixels * work.channels * work.depth
