"""Every bend means the same on every engine, whatever the channels, masks, amounts and guards of its stage."""

from __future__ import annotations

import numpy as np
import pytest
from bend_cases import FRAMES, alone, play, shapes, staged, stages, watch
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import registry
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.bends.stage import Stage
from studio.model.networks.shape import Array

TOLERANCE = 1e-5


def assert_alike(found: list[Array], wanted: list[Array], chain: list[Stage]) -> None:
    picks = any(getattr(stage.bend, "interpolation", "") == "nearest" for stage in chain)
    levelled = any(stage.guard.kind == "norm" for stage in chain)
    for frame in range(FRAMES):
        if picks and levelled:
            # A place that falls to the other side changes the norm of its channel, and with it every value a little.
            close = np.isclose(found[frame], wanted[frame], rtol=0.1, atol=1e-4)
            assert close.mean() > 0.8
            for mine, right in zip(found[frame], wanted[frame], strict=True):
                assert np.linalg.norm(mine - right) <= 0.5 * np.linalg.norm(right) + 1e-4
        elif picks:
            # A place between two pixels falls to either side by a rounding.
            close = np.isclose(found[frame], wanted[frame], rtol=1e-4, atol=1e-5)
            assert close.mean() > 0.8
        else:
            assert relative_error(found[frame], wanted[frame]) <= TOLERANCE


@pytest.mark.parametrize("name", sorted(registry()))
@settings(max_examples=6)
@given(data=st.data(), shape=shapes)
def test_a_bend_agrees_with_its_meaning_in_pytorch(
    name: str,
    gl_class: type[GLEngine] | type[GLFragmentEngine],
    device: Device,
    data: st.DataObject,
    shape: tuple[int, int, int],
) -> None:
    chain = [data.draw(stages(name, 1, shape[0]))]
    made = staged(shape[0])
    wanted = play(on_torch(made), shape, chain)
    engine = gl_class(made, device)

    assert_alike(play(engine, shape, chain), wanted, chain)
    engine.close()


@settings(max_examples=12)
@given(data=st.data(), shape=shapes)
def test_chains_of_three_agree(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, data: st.DataObject, shape: tuple[int, int, int]
) -> None:
    """From one end to the other, but for those that make of a last digit a whole step in the next stage."""
    smooth = sorted(registry().keys() - JUMPING)
    chain = data.draw(chains(smooth, shape[0]))
    made = staged(shape[0])
    wanted = play(on_torch(made), shape, chain)
    engine = gl_class(made, device)
    found = play(engine, shape, chain)

    if not any(getattr(stage.bend, "interpolation", "") == "nearest" for stage in chain):
        for frame in range(FRAMES):
            assert relative_error(found[frame], wanted[frame]) <= 1e-4
    engine.close()


@settings(max_examples=12)
@given(data=st.data(), shape=shapes)
def test_chains_agree_stage_by_stage_where_values_jump(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, data: st.DataObject, shape: tuple[int, int, int]
) -> None:
    """Each stage of a chain makes of the very map that it got what PyTorch makes of that, frame by frame."""
    chain = data.draw(chains(sorted(registry()), shape[0]))
    jump = data.draw(st.integers(0, 2))
    chain[jump] = data.draw(stages(data.draw(st.sampled_from(sorted(JUMPING))), jump + 1, shape[0]))
    engine = gl_class(staged(shape[0]), device)
    seen = watch(engine, shape, chain)
    engine.close()

    for number, stage in enumerate(chain):
        maps = [made[number] for made in seen]
        wanted = watch(on_torch(alone(shape[0])), shape, [stage], maps=maps)
        if getattr(stage.bend, "interpolation", "") == "nearest":
            continue
        for map_, found, right in zip(maps, seen, wanted, strict=True):
            # What is nearly constant loses digits where it is levelled: in parts of what came in.
            scale = max(np.linalg.norm(right[-1]), np.linalg.norm(map_))
            assert np.linalg.norm(found[number + 1] - right[-1]) <= 1e-4 * scale


JUMPING = {"BinaryThreshold", "Quantise", "Posterise", "WinnerTakesAll", "Median"}


@st.composite
def chains(draw: st.DrawFn, names: list[str], count: int) -> list[Stage]:
    drawn = draw(st.lists(st.sampled_from(names), min_size=3, max_size=3))
    return [draw(stages(name, number, count)) for number, name in enumerate(drawn, start=1)]
