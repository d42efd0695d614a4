"""What GPUs make of bends in fewer passes than a software rasteriser does: the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bend_cases import play, shapes, staged, stages
from helpers import on_torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bend_parity import assert_alike

from studio.bends import make_bend
from studio.engine.gl.device import Device
from studio.engine.gl.pipeline import GLEngine
from studio.engine.gl.settings import Settings
from studio.model.stage import Guard, Stage

pytestmark = pytest.mark.gl


@pytest.fixture(autouse=True)
def _needs_compute(device: Device) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")


@pytest.mark.parametrize("name", ["Normalise", "StyleOfLayer", "StyleOfPicture", "Multiply"])
@settings(max_examples=8)
@given(data=st.data(), shape=shapes)
def test_statistics_of_a_map_are_those_that_pytorch_takes(
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


def test_they_take_one_pass_for_a_map(device: Device) -> None:
    made = staged(5)
    engine = GLEngine(made, device, Settings("shared"))
    stage = Stage(1, "layer", make_bend("Normalise", {}), guard=Guard(kind="deviation"))
    play(engine, (5, 8, 9), [stage], frames=1)
    passes = next(found for name, found in engine._passes_of.items() if len(found) > 1)
    # The bend's moments and the guard's, and the stage itself.
    assert [each.blocks is not None for each in passes] == [True, True, False]
    engine.close()
