"""What GPUs make of bends in fewer passes than a software rasteriser does: the same."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from bend_cases import FRAMES, alone, play, shapes, staged, stages, watch
from helpers import normal, on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bend_parity import JUMPING, assert_alike, chains

from studio.bends import make_bend, registry
from studio.bends._space import Warp
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.model.bends.stage import Guard, Stage
from studio.model.declared.tick import Tick
from studio.model.networks.shape import Shape

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("compute_shaders")]


POINTWISE = sorted(name for name, kind in registry().items() if kind.pointwise)


@settings(max_examples=12)
@given(data=st.data(), shape=shapes)
def test_what_bends_each_value_by_itself_is_made_with_the_layer(
    device: Device, data: st.DataObject, shape: tuple[int, int, int]
) -> None:
    """Each stage of the chain makes of the map that it got what PyTorch makes of that, and all maps can be seen."""
    names = data.draw(st.lists(st.sampled_from(POINTWISE), min_size=1, max_size=3))
    chain = [data.draw(stages(name, number, shape[0])) for number, name in enumerate(names, start=1)]
    held = data.draw(st.sampled_from(["none", "finite"]))
    chain = [replace(stage, mask=None, guard=Guard(kind=held)) for stage in chain]
    engine = GLEngine(staged(shape[0]), device, Settings("shared", handles=device.has_handles))
    seen = watch(engine, shape, chain)
    heads = [group.head.name for group in engine._groups_of(engine._running.nodes, ())]
    engine.close()

    assert heads == ["small", "layer>made"]
    for number, stage in enumerate(chain):
        wanted = watch(on_torch(alone(shape[0])), shape, [stage], maps=[made[number] for made in seen])
        for found, right in zip(seen, wanted, strict=True):
            scale = max(np.linalg.norm(right[-1]), np.linalg.norm(found[number]))
            assert np.linalg.norm(found[number + 1] - right[-1]) <= 1e-5 * scale


def test_a_stage_that_is_turned_by_itself_runs_by_itself(device: Device) -> None:
    made = staged(5)
    engine = GLEngine(made, device, Settings("shared"))
    play(engine, (5, 8, 9), [Stage(1, "layer", make_bend("Add", {"value": 1.0}))], frames=1)
    before = engine.activation("layer>made")
    engine.set_number(1, "value", 2.0)
    assert engine.update() == ("layer", "after")
    np.testing.assert_allclose(engine.activation("layer"), before + 2.0, rtol=1e-6)
    np.testing.assert_array_equal(engine.activation("layer>made"), before)
    engine.close()


@pytest.mark.parametrize("radius", [8, 9])
def test_an_ellipse_may_be_larger_than_what_workgroups_keep(device: Device, radius: int) -> None:
    made, shape = staged(5), (5, 21, 19)
    stage = Stage(1, "layer", make_bend("Erode", {"radius": radius}))
    engine = GLEngine(made, device, Settings("shared"))
    np.testing.assert_array_equal(play(engine, shape, [stage], 1), play(on_torch(made), shape, [stage], 1))
    engine.close()


STATISTICS = ["Normalise", "StyleOfLayer", "StyleOfPicture", "Multiply"]
SHARED = sorted(name for name in registry() if make_bend(name, {}).shared(Shape(9, 17, 17)) is not None)


@pytest.mark.parametrize("name", [*STATISTICS, *SHARED])
@settings(max_examples=8)
@given(data=st.data(), shape=shapes)
def test_what_workgroups_make_together_is_what_pytorch_makes(
    name: str, device: Device, data: st.DataObject, shape: tuple[int, int, int]
) -> None:
    stage = data.draw(stages(name, 1, shape[0]))
    if data.draw(st.booleans()):
        stage = replace(stage, guard=Guard(kind="deviation", times=1.5))
    made = staged(shape[0])
    wanted = play(on_torch(made), shape, [stage])
    engine = GLEngine(made, device, Settings("shared", handles=device.has_handles))
    assert_alike(play(engine, shape, [stage]), wanted, [stage])
    engine.close()


def test_all_that_moves_pixels_by_places_is_made_in_squares() -> None:
    made = {name for name in SHARED if make_bend(name, {}).shared(Shape(9, 17, 17)).shader == "lib/squares.glsl"}
    warps = {name for name, kind in registry().items() if issubclass(kind, Warp)}
    assert made == warps | {"Flow", "Displace", "FromLayer", "FromPicture"}


MIXED = sorted({*POINTWISE, *SHARED, "FlipHorizontal", "Pixelate", "Noise", "DropPixels"} - JUMPING)


@settings(max_examples=12)
@given(data=st.data(), shape=shapes)
def test_chains_are_what_pytorch_makes_whoever_looks_at_what_and_when(
    device: Device, data: st.DataObject, shape: tuple[int, int, int]
) -> None:
    """Frame by frame stages are set off and on again, and some maps are looked at, in any order."""
    chain = [replace(stage, guard=Guard(kind="finite")) for stage in data.draw(chains(MIXED, shape[0]))]
    for number, stage in enumerate(chain):
        # What falls between two pixels falls to either side by a rounding, unless it is mixed of both.
        if hasattr(stage.bend, "interpolation"):
            chain[number] = replace(stage, bend=stage.bend.model_copy(update={"interpolation": "bilinear"}))
    engine = GLEngine(staged(shape[0]), device, Settings("shared", handles=device.has_handles))
    oracle = on_torch(staged(shape[0]))
    for frame in range(FRAMES):
        on = [replace(stage, on=data.draw(st.booleans())) for stage in chain]
        inputs = {"input": normal(*shape, seed=frame), "other": normal(3, *shape[1:], seed=50 + frame)}
        for each in (engine, oracle):
            each.set_stages(on)
            for stage in on:
                if stage.bend.other == "picture":
                    each.lend(stage.id, normal(max(1, shape[0] - 1), 5, 6, seed=77))
            each.run(inputs, Tick(frame, Fraction(frame, 25)))
        names = [node.name for node in engine._running.nodes]
        for name in data.draw(st.lists(st.sampled_from(names), unique=True)):
            assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-4, name
    engine.close()


def test_they_take_one_pass_for_a_map(device: Device) -> None:
    made = staged(5)
    engine = GLEngine(made, device, Settings("shared"))
    stage = Stage(1, "layer", make_bend("Normalise", {}), guard=Guard(kind="deviation"))
    play(engine, (5, 8, 9), [stage], frames=1)
    passes = next(found for name, found in engine._passes_of.items() if len(found) > 1)
    # The bend's moments and the guard's, and the stage itself.
    assert [each.blocks is not None for each in passes] == [True, True, False]
    engine.close()
