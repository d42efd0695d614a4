"""Stages drawn for every bend: parameters within their safe ranges, channels, masks, amounts and guards."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from helpers import layer, network, normal
from hypothesis import strategies as st

from studio.bends import registry
from studio.engine.base import Engine
from studio.model.bends.bend import Bend
from studio.model.bends.stage import (
    AllChannels,
    ChannelList,
    ChannelRange,
    Channels,
    Guard,
    Luma,
    Mask,
    Painted,
    SomeChannels,
    Stage,
    after,
    made,
)
from studio.model.declared.form import Field, fields
from studio.model.declared.tick import Tick
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

FRAMES = 4


def value_of(field: Field) -> st.SearchStrategy[object]:
    """Any value of a parameter that its slider marks as safe."""
    if field.kind == "choice":
        return st.sampled_from(field.choices)
    if field.kind == "boolean":
        return st.booleans()
    if field.kind == "seed":
        return st.integers(0, 2**31 - 1)
    lo, hi = field.safe or (field.lo or 0.0, field.hi or 1.0)
    if field.kind == "integer":
        return st.integers(int(lo), min(int(hi), 40))
    return st.integers(0, 40).map(lambda n: lo + (hi - lo) * n / 40)


@st.composite
def bends(draw: st.DrawFn, name: str) -> Bend:
    kind = registry()[name]
    return kind.model_validate({field.name: draw(value_of(field)) for field in fields(kind)})


def channels_of(count: int) -> st.SearchStrategy[Channels]:
    some = st.lists(st.integers(0, count - 1), unique=True, max_size=count)
    return st.one_of(
        st.just(AllChannels()),
        st.builds(SomeChannels, share=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 99)),
        st.integers(0, count - 1).map(lambda first: ChannelRange(first=first, last=count - 1)),
        some.map(lambda found: ChannelList(channels=tuple(found))),
    )


masks: st.SearchStrategy[Mask | None] = st.one_of(
    st.none(),
    st.none(),
    st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(0, 99)).map(
        lambda m: Painted(np.random.default_rng(m[2]).uniform(0, 1, m[:2]).astype(np.float32))
    ),
    st.builds(Luma, source=st.sampled_from(["input", "small"]), low=st.just(-0.5), high=st.sampled_from([0.5, -1.0])),
)

guards = st.builds(
    Guard, kind=st.sampled_from(["none", "finite", "deviation", "norm"]), times=st.sampled_from([0.5, 2.0])
)


@st.composite
def stages(draw: st.DrawFn, name: str, number: int, count: int) -> Stage:
    """A stage behind "layer", a map of so many channels."""
    amount, bend = draw(st.sampled_from([1.0, 1.0, 0.35, 0.0])), draw(bends(name))
    return Stage(
        number,
        "layer",
        bend,
        draw(channels_of(count)),
        draw(masks),
        amount,
        draw(guards),
        source=draw(st.sampled_from(["input", "small"])) if bend.other == "layer" else None,
    )


shapes = st.tuples(st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 13]), st.integers(1, 17), st.integers(1, 17))


def staged(count: int) -> Network:
    """A layer that hands on its input bit for bit, another of half the size, and one after them."""
    return network(
        layer("small", "AvgPool2d", "other", kernel_size=2, ceil_mode=True),
        layer("layer", "Identity", "input"),
        layer("after", "Affine", "layer", scale=2.0),
        inputs=_inputs(count),
    )


def alone(count: int) -> Network:
    """As `staged`, but the layer hands on another input bit for bit, so that a stage can be given any map."""
    return network(
        layer("small", "AvgPool2d", "other", kernel_size=2, ceil_mode=True),
        layer("beside", "Identity", "input"),
        layer("layer", "Identity", "map"),
        layer("after", "Affine", "layer", scale=2.0),
        inputs=[Input("map", count), *_inputs(count)],
    )


def _inputs(count: int) -> list[Input]:
    return [Input("input", count), Input("other", 3)]


def play(engine: Engine, shape: tuple[int, int, int], stages: list[Stage], frames: int = FRAMES) -> list[Array]:
    """What the layer hands on in each of some frames."""
    return [seen[-1] for seen in watch(engine, shape, stages, frames)]


def watch(
    engine: Engine,
    shape: tuple[int, int, int],
    stages: list[Stage],
    frames: int = FRAMES,
    maps: list[Array] | None = None,
) -> list[list[Array]]:
    """What the layer makes, and what each of its stages hands on, in each of some frames; of `alone`, of these maps."""
    engine.set_stages(stages)
    for stage in stages:
        if stage.bend.other == "picture":
            engine.lend(stage.id, normal(max(1, shape[0] - 1), 5, 6, seed=77))
    names = [made("layer"), *(after("layer", stage.id) for stage in stages[:-1]), "layer"]
    found = []
    for frame in range(frames):
        inputs = {"input": normal(*shape, seed=frame), "other": normal(3, *shape[1:], seed=50 + frame)}
        if maps is not None:
            inputs["map"] = maps[frame]
        engine.run(inputs, Tick(frame, Fraction(frame, 25)))
        found.append([engine.activation(name) for name in names])
    return found
