"""Passes of one shader as rows of one dispatch: the same numbers as each by itself, in fewer dispatches."""

from __future__ import annotations

from dataclasses import replace

import moderngl
import numpy as np
import pytest
from helpers import layer, network, normal
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame import rows
from studio.engine.gl.frame.dispatch import Dispatch, Recorded, in_a_row
from studio.engine.gl.frame.passes import Pass
from studio.engine.gl.memory.rooms import SHARED, Rooms
from studio.engine.gl.tuning.loops import Plan
from studio.engine.gl.tuning.products import Product
from studio.engine.gl.tuning.settings import Settings
from studio.engine.gl.tuning.tuned import TunedPasses
from studio.learn._gl_graph import with_gradients
from studio.learn.losses import L2
from studio.learn.objective import WANTED
from studio.learn.settings import Settings as Lesson
from studio.learn.settings import objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("compute_shaders")]

EMPTY = Source("compute", ("lib/planes.glsl", "lib/compute.glsl"), inputs=1)
SLOW = pytest.mark.slow
KERNEL = {"kernel_size": 3, "padding": 1}


def chain(channels: tuple[int, ...], size: Size) -> Network:
    """Convolutions of one kind, whose gradients are alike, with all of them."""
    reads, layers = "input", []
    for number, (i, o) in enumerate(zip((3, *channels), (*channels, 3), strict=True)):
        layers.append(layer(f"c{number}", "Conv2d", reads, in_channels=i, out_channels=o, **KERNEL))
        layers.append(layer(f"a{number}", "Tanh", f"c{number}"))
        reads = f"a{number}"
    made = network(*layers)
    return with_gradients(objective_of(made, Lesson(size, (L2(),))))[0]


def engine_of(made: Network, device: Device, size: Size) -> GLEngine:
    engine = GLEngine(made, device, Settings("shared", handles=device.has_handles))
    engine.run({"input": normal(3, *size, seed=0), WANTED: normal(3, *size, seed=1)})
    return engine


def dispatches(engine: GLEngine) -> list[Dispatch]:
    (row,) = engine._steps.values()
    return [each for step in row for each in step.run.dispatches if isinstance(step.run, Recorded)]


def by_plan(monkeypatch: pytest.MonkeyPatch, plans: list[Plan]) -> None:
    """Have gradients of weights made in these ways, layer by layer."""
    usual = TunedPasses._usual

    def chosen(self: TunedPasses, each: Pass) -> Plan:
        return plans[int(each.target[1]) % len(plans)] if self._is_product(each) else usual(self, each)

    monkeypatch.setattr(TunedPasses, "_usual", chosen)


def both(made: Network, device: Device, size: Size) -> tuple[GLEngine, GLEngine]:
    """What runs it in rows, and each pass by itself; fewer dispatches the one."""
    merged = engine_of(made, device, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "_fit", lambda found: len(found) == 1)
        alone = engine_of(made, device, size)
    assert len(dispatches(merged)) < len(dispatches(alone))
    return merged, alone


def check_alike(made: Network, engines: tuple[GLEngine, GLEngine], size: Size) -> None:
    merged, alone = engines
    for _ in range(2):  # counts are zero again behind the last
        for node in made.graph.nodes:
            found, wanted = merged.activation(node.name), alone.activation(node.name)
            np.testing.assert_array_equal(found, wanted, err_msg=node.name)
        for engine in engines:
            engine.run({"input": normal(3, *size, seed=2), WANTED: normal(3, *size, seed=3)})
    for engine in engines:
        engine.close()


@given(
    channels=st.integers(1, 40).map(lambda count: (count,)),
    height=st.integers(3, 9),
    width=st.integers(3, 9),
)
@settings(max_examples=5)
def test_sums_in_rows_change_no_map(device: Device, channels: tuple[int, ...], height: int, width: int) -> None:
    size = Size(height, width)
    # Gradients of weights by two loops: each has a dispatch of its own.
    with pytest.MonkeyPatch.context() as patch:
        by_plan(patch, [Plan(Product(32, 64, 16)), Plan(Product(64, 32, 16))])
        made = chain(channels, size)
        check_alike(made, both(made, device, size), size)


@pytest.mark.parametrize(
    ("parts", "apart"), [(2, False), pytest.param(1, False, marks=SLOW), pytest.param(3, True, marks=SLOW)]
)
def test_gradients_in_rows_change_no_map(device: Device, parts: int, apart: bool) -> None:
    size = Size(7, 5)
    with pytest.MonkeyPatch.context() as patch:
        by_plan(patch, [Plan(Product(32, 64, 16), parts, apart)])
        made = chain((9,), size)
        engines = both(made, device, size)
        (row,) = engines[0]._steps.values()
        (step,) = [step for step in row if "c1~g1" in step.covers]
        assert {*step.covers} == {"c0~g1", "c1~g1"}
        assert sum(step.shares.values()) == pytest.approx(1.0)
        engines[0].time_every = 0.0
        engines[0].run({"input": normal(3, *size, seed=0), WANTED: normal(3, *size, seed=1)})
        times = engines[0].times()
        assert min(times["c0~g1"], times["c1~g1"]) > 0.0
        check_alike(made, engines, size)


def test_no_more_rows_than_every_driver_can(device: Device) -> None:
    one = Dispatch(device.compute(EMPTY), (1, 1, 1), device.context.buffer(bytes(16)), told=bytes(16))
    assert rows._fit([one] * 512)
    assert not rows._fit([one] * 513)
    many = Dispatch(one.program, (300, 100, 1), one.block, told=bytes(16))
    assert rows._fit([many] * 2)
    assert not rows._fit([many] * 3)
    texture = device.texture(Size(1, 1))
    bound = Dispatch(one.program, (1, 1, 1), one.block, (texture,) * 3, (texture,), told=bytes(16))
    assert rows._fit([bound] * 5)
    assert not rows._fit([bound] * 6)


def test_a_pass_that_fills_a_gpu_is_no_row_of_another(device: Device) -> None:
    made = Dispatch(device.compute(EMPTY), (20, 10, 1), device.context.buffer(bytes(16)), source=EMPTY, by_handle=True)
    assert rows._can_be_row(made)
    assert not rows._can_be_row(replace(made, groups=(67, 3, 1)))


def test_what_is_side_by_side_waits_for_no_place_in_a_buffer_that_it_shares(device: Device) -> None:
    """Gradients whose sums are made in parts waited for one another: all parts lie in one buffer."""
    context = device.context
    parts, other = context.buffer(bytes(64)), context.buffer(bytes(64))
    textures = [device.texture(Size(1, 1)) for _ in range(4)]
    one = Dispatch(device.compute(EMPTY), (1, 1, 1), context.buffer(bytes(16)))

    def made(reads: int, writes: int, *buffers: moderngl.Buffer) -> Dispatch:
        return replace(one, textures=(textures[reads],), outputs=(textures[writes],), buffers=(None, *buffers))

    def waiting(passes: list[Dispatch], turns: list[int]) -> list[bool]:
        return [each.barrier != 0 for each in in_a_row(passes, turns)]

    gradients = [made(0, 1, parts), made(0, 2, parts), made(0, 3, other)]
    assert waiting(gradients, [0, 0, 0]) == [True, False, False]
    assert waiting(gradients, []) == [True, True, False]
    # What adds the parts up is a round of its own: the first waits for all before.
    assert waiting([*gradients, *gradients], [0, 0, 0, 1, 1, 1]) == [True, False, False, True, False, False]
    # A map is waited for, whichever round wrote it.
    assert waiting([made(0, 1), made(0, 2), made(2, 3), made(1, 3)], [0, 0, 1, 2]) == [True, False, True, False]


def test_rooms_lie_behind_one_another_in_buffers_that_a_shader_sees_all_of(device: Device) -> None:
    rooms = Rooms(device)
    rooms.reserve("a", 5, 2)
    rooms.reserve("b", 7, 3)
    rooms.reserve(SHARED, 4, 1)
    a, b, shared = rooms.room("a"), rooms.room("b"), rooms.room(SHARED)
    assert a.parts is b.parts
    assert (a.first, b.first, a.first_count, b.first_count) == (0, 5, 0, 2)
    assert shared.parts is not a.parts
    rooms.reserve("a", 4, 2)
    assert rooms.room("b") is b
    rooms.reserve("a", 6, 2)
    assert rooms.room("b").first == 6
    assert rooms.room(SHARED) is shared
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "most_storage", 12 * 16)
        few = Rooms(device)
        for name in "abc":
            few.reserve(name, 6, 1)
        found = [few.room(name) for name in "abc"]
    assert found[0].parts is found[1].parts
    assert found[2].parts is not found[0].parts
    assert found[2].first == 0
