"""Buffers in this process's memory: with drivers that keep them mapped and those that do not, and never too early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import normal, on_torch, relative_error, tiny_network

from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.memory.mapped import Feed, Mapped
from studio.model.declared.size import Size

pytestmark = pytest.mark.gl


@pytest.fixture(params=[True, False], ids=["mapped", "not mapped"])
def mapping(request: pytest.FixtureRequest, device: Device, monkeypatch: pytest.MonkeyPatch) -> Device:
    if request.param and not device.can_map:
        pytest.skip("this driver keeps no buffer mapped")
    monkeypatch.setattr(device, "can_map", request.param)
    return device


def test_what_is_filled_is_what_the_gpu_has(mapping: Device) -> None:
    held = Mapped(mapping, 4 * 60, "writes")
    for seed in range(3):
        values = normal(3, 4, 5, seed=seed)
        held.fill(values)
        held.leave_fence()
        mapping.finish()
        there = mapping.context.buffer(reserve=240)
        mapping.context.copy_buffer(there, held.buffer)
        np.testing.assert_array_equal(np.frombuffer(there.read(), np.float32), values.reshape(-1))


def test_what_the_gpu_wrote_is_what_is_copied(mapping: Device) -> None:
    held = Mapped(mapping, 256, "reads")
    given = np.arange(256, dtype=np.uint8)
    mapping.context.copy_buffer(held.buffer, mapping.context.buffer(given.tobytes()))
    held.leave_fence()
    copied = held.raw.copy()
    mapping.context.copy_buffer(held.buffer, mapping.context.buffer(bytes(256)))
    held.leave_fence()
    np.testing.assert_array_equal(copied, given)
    assert not held.raw.copy().any()


def test_buffers_come_in_turn(mapping: Device) -> None:
    for size in (16, 1 << 21):
        feed = Feed(mapping, size)
        count = len(feed.buffers)
        taken = [feed.take() for _ in range(2 * count)]
        assert [number for number, _ in taken] == [*range(count)] * 2
        assert [held for _, held in taken] == [*feed.buffers] * 2


def test_what_stays_as_it_is_takes_one_buffer(mapping: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Mapped] = []
    plain = Mapped.__init__

    def counted(self: Mapped, *asked: Any) -> None:
        made.append(self)
        plain(self, *asked)

    monkeypatch.setattr(Mapped, "__init__", counted)
    feed = Feed(mapping, 16, 64)
    assert feed.take() == (0, made[0])
    feed.leave_fence()
    assert len(made) == 1
    for turn in range(1, 130):
        assert feed.take() == (turn % 64, made[turn % 64])
        feed.leave_fence()
    assert len(made) == 64


def test_several_share_a_fence_for_which_whoever_takes_the_first_of_them_again_waits(
    mapping: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = Feed(mapping, 16), Feed(mapping, 1 << 21)
    assert (len(small.buffers), len(large.buffers)) == (8, 3)
    feed = small
    left: list[int] = []
    waited: list[int] = []
    plain_leave, plain_wait = Mapped.leave_fence, Mapped.wait

    def leave(held: Mapped) -> None:
        left.append(feed.buffers.index(held))
        plain_leave(held)

    def wait(held: Mapped) -> None:
        if held._fence is not None:
            waited.append(feed.buffers.index(held))
        plain_wait(held)

    monkeypatch.setattr(Mapped, "leave_fence", leave)
    monkeypatch.setattr(Mapped, "wait", wait)
    for turn in range(18):
        number, held = feed.take()
        assert number == turn % 8
        held.fill(normal(1, 2, 2))
        feed.leave_fence()
        assert left == [3, 7, 3, 7][: (turn + 1) // 4]
        assert waited == [3, 7, 3][: max(0, turn // 4 - 1)]
    del left[:], waited[:]
    feed = large
    for turn in range(5):
        feed.take()
        feed.leave_fence()
        assert (left, waited) == ([0, 1, 2, 0, 1][: turn + 1], [0, 1][: max(0, turn - 2)])


def test_every_frame_is_made_of_its_own_picture(mapping: Device) -> None:
    if not mapping.has_compute:
        pytest.skip("no compute shaders here")
    network = tiny_network()
    engine, plain = GLEngine(network, mapping), on_torch(network)
    (name,) = (i.name for i in network.graph.inputs)
    pictures = [normal(3, 8, 8, seed=seed) for seed in range(20)]
    for picture in pictures:
        engine.run({name: picture})
        plain.run({name: picture})
        assert relative_error(engine.output(), plain.output()) <= 1e-5
        np.testing.assert_array_equal(engine.activation(name), picture)
    engine.close()


def test_what_lies_in_the_engines_memory_is_taken_from_there(mapping: Device) -> None:
    if not mapping.has_compute:
        pytest.skip("no compute shaders here")
    network = tiny_network()
    engine, plain = GLEngine(network, mapping), on_torch(network)
    (name,) = (i.name for i in network.graph.inputs)
    assert engine.input_memory(name, Size(8, 8)) is None, "before the first run there is none"
    engine.run({name: normal(3, 8, 8)})
    assert engine.input_memory(name, Size(8, 10)) is None, "of another size there is none"
    for seed in range(20):
        picture = normal(3, 8, 8, seed=seed)
        memory = engine.input_memory(name, Size(8, 8))
        assert (memory is not None) == mapping.can_map
        if memory is not None:
            memory[...] = picture
        engine.run({name: picture if memory is None else memory})
        plain.run({name: picture})
        np.testing.assert_array_equal(engine.activation(name), picture)
        assert relative_error(engine.output(), plain.output()) <= 1e-5
    engine.close()


def test_memory_that_somebody_looks_at_outlives_the_size_the_engine_and_its_device() -> None:
    device = open_device()
    if not (device.can_map and device.has_compute):
        device.close()
        pytest.skip("nothing lies open in memory here")
    engine = GLEngine(tiny_network(), device)
    picture = normal(3, 8, 8)
    engine.run({"input": picture})
    view = engine.input_memory("input", Size(8, 8))
    assert view is not None
    view[...] = picture
    engine.run({"input": normal(3, 16, 16)})
    device.context.gc()
    np.testing.assert_array_equal(view, picture)
    engine.close()
    device.close()
    np.testing.assert_array_equal(view, picture)


def test_where_nobody_looks_the_context_goes() -> None:
    device = open_device()
    engine = GLEngine(tiny_network(), device) if device.has_compute else None
    if engine is not None:
        engine.run({"input": normal(3, 8, 8)})
        engine.run({"input": normal(3, 16, 16)})
        engine.close()
        del engine
    device.close()
    assert not device.mapped
