"""Stages behind layers of every kind, and at the ends of their ranges: the same on every engine."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from bend_cases import channels_of, guards, play, staged, value_of
from helpers import layer, network, normal, on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend, registry
from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.bends.stage import Guard, Luma, Mask, Painted, Stage
from studio.model.declared.form import fields
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

JUMPS = {"BinaryThreshold", "Quantise", "Posterise", "WinnerTakesAll", "Pixelate", "Median"}
"""Make of a last digit a whole step in what comes after."""
WAVES = {"Fold", "Ripple", "Flow"}
"""Make, far beyond what is safe, of a last digit another place of a wave."""
PICTURE = Input("input", 3)
STATE = Input("state", 6, kind="state", comes_from="next", begins="noise", seed=2)


def gated() -> Network:
    """A gate of one pixel a channel, as squeeze and excitation has it."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("pool", "AdaptiveAvgPool2d", "enc", output_size=1),
        layer("squeeze", "Conv2d", "pool", in_channels=6, out_channels=6, kernel_size=1),
        layer("gate", "Sigmoid", "squeeze"),
        layer("mul", "Mul", ("enc", "gate")),
        layer("dec", "Conv2d", "mul", in_channels=6, out_channels=3, kernel_size=3, padding=1),
    )


def pooled() -> Network:
    """Ends in a vector."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("pool", "AdaptiveAvgPool2d", "enc", output_size=1),
        layer("flat", "Flatten", "pool"),
        layer("linear", "Linear", "flat", in_features=6, out_features=5),
    )


def upscaler() -> Network:
    """Ends in one channel of twice the size."""
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=12, kernel_size=3, padding=1),
        layer("shuffle", "PixelShuffle", "enc", upscale_factor=2),
        layer("dec", "Conv2d", "shuffle", in_channels=3, out_channels=1, kernel_size=1),
        layer("out", "Tanh", "dec"),
    )


def recurrent() -> Network:
    """Makes its own input."""
    return network(
        layer("conv", "Conv2d", "state", in_channels=6, out_channels=6, kernel_size=3, padding=1),
        layer("change", "Tanh", "conv"),
        layer("drawn", "RandomMap", "state", seed=9),
        layer("mask", "Compare", "drawn", how="lt", value=0.5),
        layer("part", "Mul", ("change", "mask")),
        layer("next", "Add", ("state", "part")),
        inputs=(STATE,),
    )


NETWORKS = (gated, pooled, upscaler, recurrent)


@st.composite
def anywhere(draw: st.DrawFn, made: Network, number: int) -> Stage:
    """A stage behind any layer, which takes maps and masks of any before it."""
    node = draw(st.sampled_from(made.graph.nodes))
    names = [*(put.name for put in made.graph.inputs), *(each.name for each in made.graph.nodes)]
    before = names[: names.index(node.name)]
    kinds = [k for name, k in sorted(registry().items()) if k.other != "picture" and name not in JUMPS]
    kind = draw(st.sampled_from(kinds))
    bend = kind.model_validate({f.name: draw(value_of(f)) for f in fields(kind) if f.name != "interpolation"})
    size = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    masks: list[Mask | None] = [
        None,
        Painted(np.random.default_rng(0).uniform(0, 1, size).astype(np.float32)),
        Luma(source=draw(st.sampled_from(before)), low=-0.5, high=0.5),
    ]
    shapes = made.graph.shapes({put.name: Size(8, 11) for put in made.graph.inputs})
    channels = draw(channels_of(shapes[node.name].channels))
    source = draw(st.sampled_from(before)) if bend.other == "layer" else None
    mask, amount = draw(st.sampled_from(masks)), draw(st.sampled_from([1.0, 0.4]))
    return Stage(number, node.name, bend, channels, mask, amount, draw(guards), source=source)


def frames(engine: Engine, made: Network, stages: list[Stage]) -> list[Array]:
    engine.set_stages(stages)
    found = []
    for frame in range(3):
        fed = {put.name: normal(put.channels, 8, 11, seed=frame) for put in made.graph.inputs}
        engine.run(
            fed if frame == 0 or made.graph.inputs[0].kind == "picture" else {}, Tick(frame, Fraction(frame, 25))
        )
        found.append(engine.activation(made.graph.output))
    engine.close()
    return found


@settings(max_examples=12)
@given(data=st.data())
def test_stages_stand_behind_layers_of_every_kind(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, data: st.DataObject
) -> None:
    made = data.draw(st.sampled_from(NETWORKS))()
    stages = [data.draw(anywhere(made, number)) for number in range(1, data.draw(st.integers(1, 3)) + 1)]
    wanted = frames(on_torch(made), made, stages)

    for mine, right in zip(frames(gl_class(made, device), made, stages), wanted, strict=True):
        assert np.isfinite(mine).all() == np.isfinite(right).all()
        if np.isfinite(right).all() and np.linalg.norm(right) > 1e-3:
            assert relative_error(mine, right) <= 1e-3


@settings(max_examples=12)
@given(
    name=st.sampled_from(sorted(registry().keys() - WAVES)),
    end=st.sampled_from(["lo", "hi"]),
    shape=st.sampled_from([(1, 1, 1), (3, 1, 9), (6, 33, 1), (2050, 1, 1), (5, 2, 2), (3, 130, 5), (9, 7, 101)]),
)
def test_bends_agree_at_the_ends_of_their_ranges(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, name: str, end: str, shape: tuple[int, int, int]
) -> None:
    ends = {
        field.name: int(limit) if field.kind == "integer" else limit
        for field in fields(registry()[name])
        if field.kind in ("number", "integer") and (limit := getattr(field, end)) is not None
    }
    bend = make_bend(name, ends)
    stage = Stage(1, "layer", bend, source="input" if bend.other == "layer" else None)
    wanted = play(on_torch(staged(shape[0])), shape, [stage], 2)
    engine = gl_class(staged(shape[0]), device)

    for mine, right in zip(play(engine, shape, [stage], 2), wanted, strict=True):
        assert relative_error(mine, right) <= 2e-4
    engine.close()


@pytest.mark.parametrize("shape", [(1, 1, 1), (2050, 1, 1), (3, 5, 60)])
def test_what_is_even_is_not_sharpened(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, shape: tuple[int, int, int]
) -> None:
    """The weights of a blur add up to one, however far it reaches: a hundredfold strength shows what is missing."""
    engine = gl_class(staged(shape[0]), device)
    engine.set_stages(
        [Stage(1, "layer", make_bend("Sharpen", {"sigma": 8.0, "strength": 100.0}), guard=Guard(kind="none"))]
    )
    even = np.full(shape, 0.7, np.float32)
    engine.run({"input": even, "other": np.zeros((3, *shape[1:]), np.float32)})
    np.testing.assert_allclose(engine.activation("layer"), even, atol=1e-4)
    engine.close()
