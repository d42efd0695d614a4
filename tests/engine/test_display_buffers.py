"""What viewers in another thread are given: the newest, whole, and left alone while they draw it."""

from __future__ import annotations

import ctypes
import threading

import numpy as np
import pytest
from helpers import EngineFor, branched_network, identity_network, normal, tiny_network

from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.layout import Atlas, Rect, unpack_atlas
from studio.model.networks.picture import signed_view, to_picture
from studio.model.networks.shape import Array, Shape
from studio.model.views.display import DisplayTexture

pytestmark = pytest.mark.gl


class Watched:
    """A fence that notes what becomes of it."""

    def __init__(self) -> None:
        self.waited = self.dropped = 0

    def wait(self) -> None:
        self.waited += 1

    def drop(self) -> None:
        self.dropped += 1


def texels(device: Device, texture: int, size: Size, lanes: int) -> Array:
    wrapped = device.context.external_texture(texture, size.wh, lanes, 0, "f4")
    return np.frombuffer(wrapped.read(alignment=4), np.float32).reshape(*size, lanes)


def values(device: Device, shown: DisplayTexture) -> Array:
    found = texels(device, shown.texture, shown.size, shown.lanes)
    if shown.lanes == 1:
        return found[:, :, 0]
    rows = shown.size.height // shown.shape[1]
    return unpack_atlas(found, Atlas(Shape(*shown.shape), shown.columns, rows))


def limits(device: Device, shown: DisplayTexture) -> Array:
    return texels(device, shown.limits, shown.limits_size, 2)


def test_what_is_shown_is_what_the_engine_holds(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 10, 12)})
    screen = DisplayBuffers(device)
    names = ("input", "join", "out", "mid.weight", "norm.bias")
    screen.show(engine, names)
    front = screen.front()

    assert [each.name for each in front] == list(names)
    assert [each.role for each in front] == ["input", "layer", "output", "sheet", "sheet"]
    for each in front[:3]:
        np.testing.assert_array_equal(values(device, each), engine.activation(each.name))
    for each in front[3:]:
        np.testing.assert_array_equal(values(device, each), engine.sheet(each.name))
    screen.close()


def test_a_gpu_copies_what_is_shown_bit_by_bit(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    engine = GLEngine(branched_network(), device)
    fed = normal(3, 18, 34)
    fed[0, :4, 0] = np.nan, np.inf, -np.inf, -0.0
    engine.run({"input": fed})
    monkeypatch.setattr(device, "is_software", False)
    screen = DisplayBuffers(device)
    screen.show(engine, ("input", "join", "mid.weight"))
    picture, join, sheet = screen.front()

    np.testing.assert_array_equal(values(device, picture).view(np.uint32), fed.view(np.uint32))
    np.testing.assert_array_equal(values(device, join), engine.activation("join"))
    np.testing.assert_array_equal(values(device, sheet), engine.sheet("mid.weight"))
    screen.close()
    engine.close()


def test_ranges_are_of_every_channel_and_kernel_and_of_all(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 10, 12)})
    screen = DisplayBuffers(device)
    screen.show(engine, ("join", "enc.weight"), {"join": Size(7, 5)})
    join, sheet = screen.front()
    seen = engine.activation("join")[:, :7, :5]
    weight = engine.tensor("enc.weight")

    found = limits(device, join).reshape(-1, 2)
    np.testing.assert_array_equal(found[:11], np.stack([seen.min((1, 2)), seen.max((1, 2))], 1))
    assert (found[11:, 0] > found[11:, 1]).all()
    np.testing.assert_array_equal(limits(device, sheet), np.stack([weight.min((2, 3)), weight.max((2, 3))], 2))
    for each, whole in ((join, seen), (sheet, weight)):
        assert texels(device, each.total, Size(1, 1), 2).ravel().tolist() == [whole.min(), whole.max()]
    screen.close()


def test_what_is_no_finite_number_does_not_widen_a_range(device: Device, engine_for: EngineFor) -> None:
    fed = normal(3, 4, 6)
    fed[0, 1, 2], fed[0, 3, 3], fed[1, 0, 0], fed[2] = np.nan, np.inf, -np.inf, np.nan
    engine = engine_for(tiny_network())
    engine.run({"input": fed})
    screen = DisplayBuffers(device)
    screen.show(engine, ("input",))
    found = limits(device, screen.front()[0]).reshape(-1, 2)

    for channel in (0, 1):
        finite = fed[channel][np.isfinite(fed[channel])]
        assert found[channel].tolist() == [finite.min(), finite.max()]
    assert found[2, 0] > found[2, 1]
    screen.close()


def run(engine: Engine, level: float, size: tuple[int, int] = (4, 4)) -> None:
    engine.run({"input": np.full((3, *size), level, np.float32)})


def test_the_front_is_the_newest_and_is_never_written(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(identity_network())
    screen = DisplayBuffers(device)
    assert screen.front() == ()
    run(engine, 0)
    screen.show(engine, ("same",))
    held = screen.front()[0]
    for level in range(1, 6):
        run(engine, level)
        screen.show(engine, ("same",))
        assert (values(device, held) == 0).all()
    newest = screen.front()[0]

    assert (values(device, newest) == 5).all()
    assert newest.serial > held.serial
    assert screen.front()[0] is newest
    screen.close()


def test_another_engine_leaves_nothing_of_the_values_that_the_first_one_showed(
    engine_for: EngineFor, device: Device
) -> None:
    """Three old pictures went round on the screen after PyTorch's engine had been switched for OpenGL's."""
    screen = DisplayBuffers(device)
    engines: list[Engine] = [TorchEngine(identity_network(), "cpu"), engine_for(identity_network())]
    for engine in (*engines, engines[0]):
        for level in range(1, 5):
            run(engine, level)
            screen.show(engine, ("input", "same"))
            for shown in screen.front():
                assert (values(device, shown) == level).all()
                assert shown.values is None or (shown.values == level).all()
    engines[0].close()
    screen.close()


def test_fences_are_waited_for_once_before_a_set_is_filled_again(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(identity_network())
    screen, first, second = DisplayBuffers(device), Watched(), Watched()
    run(engine, 1)
    screen.show(engine, ("same",))
    screen.front()
    screen.drawn("viewer", first)
    screen.drawn("viewer", second)
    assert (first.waited, first.dropped) == (0, 1)
    screen.show(engine, ("same",))
    screen.show(engine, ("same",))
    assert second.waited == 0
    screen.front()
    screen.show(engine, ("same",))
    screen.show(engine, ("same",))

    assert (second.waited, second.dropped) == (1, 0)
    screen.close()


def test_a_sheet_is_copied_again_once_it_is_edited(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(tiny_network())
    run(engine, 1)
    screen = DisplayBuffers(device)
    for level in range(7):
        if level % 2:
            engine.replace("enc.weight", Rect(1, 2, 2, 3), np.full((2, 3), level, np.float32))
        screen.show(engine, ("enc.weight",))
        np.testing.assert_array_equal(values(device, screen.front()[0]), engine.sheet("enc.weight"))
    screen.close()


def alive(device: Device) -> int:
    """How many textures there are; names of freed ones may not be given again, so all are asked for."""
    device.context.gc()
    load = device.context.mglo._context.load_opengl_function
    is_texture = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)(load("glIsTexture"))
    newest = device.context.texture((1, 1), 1).glo
    # Some drivers give freed names anew, so that the newest need not be the largest.
    return sum(is_texture(name) for name in range(1, max(newest, 10_000)))


def test_sizes_may_change_from_frame_to_frame_and_nothing_leaks(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(branched_network())
    screen = DisplayBuffers(device)
    counts = []
    for k in range(36):
        engine.run({"input": normal(3, 8 + 2 * (k % 4), 8 + 2 * (k % 3), seed=k)})
        screen.show(engine, ("out", "join") if k % 2 else ("out",))
        for each in screen.front():
            np.testing.assert_array_equal(values(device, each), engine.activation(each.name))
        if k % 12 == 11:
            counts.append(alive(device))
    shown = counts[-1]
    screen.close()

    assert counts[0] == counts[1] == counts[2]
    assert alive(device) < shown
    assert screen.front() == ()


def test_an_unknown_name_is_said_and_leaves_what_was_shown(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(identity_network())
    screen = DisplayBuffers(device)
    run(engine, 3)
    screen.show(engine, ("same",))
    with pytest.raises(StudioError, match='no layer "nowhere"'):
        screen.show(engine, ("same", "nowhere"))

    assert (values(device, screen.front()[0]) == 3).all()
    screen.close()


def test_the_output_is_the_picture_that_a_render_saves(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(tiny_network())
    engine.run({"input": normal(3, 12, 10)})
    screen = DisplayBuffers(device)
    found = screen.picture(engine, "out", Size(9, 7))
    wanted = to_picture(engine.output()[:, :9, :7], engine.graph.output_range)

    assert found.shape == (9, 7, 3)
    assert np.abs(found.astype(int) - wanted).max() <= 1
    screen.close()


@pytest.mark.parametrize("size", [8, 64, 300])
def test_a_thumbnail_shows_evenly_spaced_values(engine_for: EngineFor, device: Device, size: int) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 20, 32)})
    screen = DisplayBuffers(device)
    found = screen.thumbnail(engine, "join", size, Size(18, 30))
    whole = engine.activation("join")[:, :18, :30]

    assert max(found.shape[:2]) <= max(size, 4)
    if size == 300:
        np.testing.assert_array_equal(found, signed_view(whole, np.abs(whole).max(axis=(1, 2))))
    assert found.any()
    screen.close()


def test_two_threads_never_see_half_a_picture(engine_for: EngineFor, device: Device) -> None:
    """The window's side without OpenGL: sets that it holds are never those that are being filled."""
    engine = engine_for(identity_network())
    screen = DisplayBuffers(device)
    stop, seen, problems = threading.Event(), set[int](), list[str]()

    def look() -> None:
        last = 0
        while not stop.is_set():
            for each in screen.front():
                if each.serial < last:
                    problems.append(f"{each.serial} after {last}")
                last = each.serial
                seen.add(each.texture)

    viewer = threading.Thread(target=look)
    viewer.start()
    for level in range(2000):
        run(engine, level)
        screen.show(engine, ("same",))
        # On a busy machine the viewer looks seldom, and meets all sets late.
        if level >= 60 and len(seen) == 3:
            break
    stop.set()
    viewer.join()

    assert not problems
    assert len(seen) == 3
    screen.close()


@pytest.mark.parametrize("drawing", [None, "channels"])
def test_an_ordered_picture_is_the_one_that_was_there_when_it_was_ordered(
    engine_for: EngineFor, device: Device, drawing: str | None
) -> None:
    engine = engine_for(branched_network())
    screen = DisplayBuffers(device)
    assert screen.delivered() is None
    engine.run({"input": normal(3, 10, 12)})
    wanted = screen.picture(engine, "out", Size(9, 11), drawing)
    screen.order(engine, "out", Size(9, 11), drawing)
    engine.run({"input": normal(3, 10, 12, seed=1)})
    found = screen.delivered()
    assert found is not None
    np.testing.assert_array_equal(found, wanted)
    assert screen.delivered() is None
    # Another size takes a buffer of its own.
    engine.run({"input": normal(3, 6, 8)})
    screen.order(engine, "out")
    found = screen.delivered()
    assert found is not None
    np.testing.assert_array_equal(found, screen.picture(engine, "out"))
    screen.close()


@pytest.mark.parametrize("software", [True, False], ids=["software", "a GPU"])
def test_what_is_copied_is_seen_once_it_is_published(
    engine_for: EngineFor, device: Device, monkeypatch: pytest.MonkeyPatch, software: bool
) -> None:
    engine = engine_for(identity_network())
    monkeypatch.setattr(device, "is_software", software or not device.has_compute)
    screen = DisplayBuffers(device)
    screen.publish()
    assert (screen.published, screen.front()) == (0, ())

    def level() -> list[float]:
        return [float(values(device, each).max()) for each in screen.front()]

    run(engine, 1)
    screen.copy(engine, ("same",))
    assert level() == []
    screen.publish()
    assert level() == [1]
    screen.publish()
    assert screen.published == 1
    run(engine, 2)
    screen.copy(engine, ("same",))
    assert level() == [1]
    # What follows publishes it, and what is refused takes nothing away.
    run(engine, 3)
    screen.copy(engine, ("same",))
    assert (level(), screen.published) == ([2], 2)
    with pytest.raises(StudioError):
        screen.copy(engine, ("none",))
    assert (level(), screen.published) == ([3], 3)
    screen.publish()
    assert (level(), screen.published) == ([3], 3)
    run(engine, 4)
    screen.copy(engine, ("same",))
    screen.close()
    assert screen.front() == ()


def test_ranges_are_found_for_what_is_not_only_drawn_as_a_picture(engine_for: EngineFor, device: Device) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 10, 12)})
    screen = DisplayBuffers(device)
    screen.show(engine, ("out", "join"), None, {"out"})
    assert [(each.name, each.has_ranges) for each in screen.front()] == [("out", False), ("join", True)]
    (_, join) = screen.front()
    activation = engine.activation("join")
    np.testing.assert_allclose(texels(device, join.total, Size(1, 1), 2)[0, 0], [activation.min(), activation.max()])
    screen.show(engine, ("out",))
    (out,) = screen.front()
    assert out.has_ranges
    activation = engine.activation("out")
    np.testing.assert_allclose(texels(device, out.total, Size(1, 1), 2)[0, 0], [activation.min(), activation.max()])
    screen.close()
