"""Every bend means the same on every engine, whatever the channels, masks, amounts and guards of its stage."""

from __future__ import annotations

import numpy as np
import pytest
from bend_cases import FRAMES, play, shapes, staged, stages
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import registry
from studio.engine.gl.device import Device
from studio.engine.gl.fragment import GLFragmentEngine
from studio.engine.gl.pipeline import GLEngine
from studio.model.op import Array
from studio.model.stage import Stage

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
    # Those that jump make of a last digit a whole step in the next stage.
    smooth = sorted(registry().keys() - {"BinaryThreshold", "Quantise", "Posterise", "WinnerTakesAll", "Median"})
    names = data.draw(st.lists(st.sampled_from(smooth), min_size=3, max_size=3))
    chain = [data.draw(stages(name, number, shape[0])) for number, name in enumerate(names, start=1)]
    made = staged(shape[0])
    wanted = play(on_torch(made), shape, chain)
    engine = gl_class(made, device)
    found = play(engine, shape, chain)

    if not any(getattr(stage.bend, "interpolation", "") == "nearest" for stage in chain):
        for frame in range(FRAMES):
            assert relative_error(found[frame], wanted[frame]) <= 1e-4
    engine.close()
