"""Bypassed layers hand on what their first input gives them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
import torch
from helpers import (
    EngineFor,
    activations,
    assert_same_bits,
    branched_network,
    layer,
    network,
    normal,
    on_torch,
    relative_error,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops._pass_through import PassThrough

TOLERANCE = 1e-5
KINDS = ("conv", "down", "up", "grouped", "act", "norm", "slopes", "live", "concat", "add")


def handed_on(x: Array, channels: int, height: int, width: int) -> Array:
    """The definition, value by value."""
    count, rows, columns = x.shape
    found = np.empty((channels, height, width), np.float32)
    for c, y, column in np.ndindex(found.shape):
        found[c, y, column] = x[c % count, y * rows // height, column * columns // width]
    return found


def reference(made: Network, inputs: dict[str, Array], bypassed: Collection[str]) -> dict[str, Array]:
    """Every layer by plain PyTorch, bypassed ones by the definition."""
    shapes = made.graph.shapes({name: Size(*x.shape[1:]) for name, x in inputs.items()})
    found = dict(inputs)
    for node in made.graph.nodes:
        if node.name in bypassed:
            found[node.name] = handed_on(found[node.inputs[0]], *shapes[node.name])
            continue
        tensors = {key: torch.tensor(made.tensors[f"{node.owner}.{key}"]) for key in node.op.tensor_shapes()}
        with torch.no_grad():
            read = [torch.tensor(found[name])[None] for name in node.inputs]
            found[node.name] = node.op.torch(read, tensors)[0].numpy()
    return {node.name: found[node.name] for node in made.graph.nodes}


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Layers of every sort on maps of 8×8 or 4×4, each reading any of those before it."""
    shapes: dict[str, tuple[int, int]] = {"input": (3, 8)}
    nodes: list[Node] = []
    for k in range(draw(st.integers(2, 9))):
        name = f"n{k}"
        reads = draw(st.sampled_from(sorted(shapes)))
        channels, side = shapes[reads]
        kind = draw(
            st.sampled_from(["conv", "down", "up", "grouped", "act", "norm", "slopes", "live", "concat", "add"])
        )
        out, made = channels, side
        if kind in ("conv", "down", "up"):
            out = draw(st.sampled_from([1, 3, 4, 8, 9]))
        if kind == "conv" or (kind == "down" and side < 8) or (kind == "up" and side > 4):
            sizes = {"in_channels": channels, "out_channels": out, "kernel_size": 3, "padding": 1}
            nodes.append(layer(name, "Conv2d", reads, **sizes))
        elif kind in ("down", "up"):
            made = side // 2 if kind == "down" else side * 2
            op = "Conv2d" if kind == "down" else "ConvTranspose2d"
            sizes = {"in_channels": channels, "out_channels": out, "kernel_size": 4, "stride": 2, "padding": 1}
            nodes.append(layer(name, op, reads, **sizes))
        elif kind == "grouped":
            sizes = {"in_channels": channels, "out_channels": channels, "kernel_size": 3, "padding": 1}
            nodes.append(layer(name, "Conv2d", reads, **sizes, groups=channels))
        elif kind == "act":
            nodes.append(layer(name, draw(st.sampled_from(["ReLU", "Tanh", "LeakyReLU"])), reads))
        elif kind == "norm":
            nodes.append(layer(name, "BatchNorm2d", reads, num_features=channels))
        elif kind == "slopes":
            nodes.append(layer(name, "PReLU", reads, num_parameters=channels))
        elif kind == "live":
            nodes.append(layer(name, "InstanceNorm2d", reads, num_features=channels))
        else:
            same = sorted(n for n, (c, s) in shapes.items() if s == side and (kind == "concat" or c == channels))
            other = draw(st.sampled_from(same))
            nodes.append(layer(name, "Concat" if kind == "concat" else "Add", (reads, other)))
            out = channels + shapes[other][0] if kind == "concat" else channels
        shapes[name] = (out, made)
    return network(*nodes, seed=draw(st.integers(0, 99)))


def subset(data: st.DataObject, made: Network) -> set[str]:
    return data.draw(st.sets(st.sampled_from([node.name for node in made.graph.nodes])))


@settings(max_examples=30)
@given(data=st.data(), made=networks())
def test_bypassed_layers_of_any_network_do_as_the_definition_says(
    engine_for: EngineFor, data: st.DataObject, made: Network
) -> None:
    names = subset(data, made)
    x = {"input": normal(3, 8, 8)}
    engine = engine_for(made)
    engine.bypass(names)
    engine.run(x)

    for name, wanted in reference(made, x, names).items():
        # Norms of a map that hardly varies divide by next to nothing, which enlarges the last digit's error.
        assert relative_error(engine.activation(name), wanted) <= 100 * TOLERANCE, name
    engine.close()


@settings(max_examples=30)
@given(data=st.data(), made=networks())
def test_an_update_gives_what_a_fresh_engine_gives_whatever_was_bypassed_and_edited_before(
    engine_for: EngineFor, data: st.DataObject, made: Network
) -> None:
    x = {"input": normal(3, 8, 8)}
    engine = engine_for(made)
    if data.draw(st.booleans()):
        engine.bypass(subset(data, made))
    engine.run(x)
    names: set[str] = set()
    for _ in range(data.draw(st.integers(1, 3))):
        names = subset(data, made)
        engine.bypass(names)
        if made.tensors and data.draw(st.booleans()):
            tensor = data.draw(st.sampled_from(sorted(made.tensors)))
            engine.set_tensor(tensor, engine.tensor(tensor) * np.float32(1.5))
        if data.draw(st.booleans()):
            engine.update()
    engine.update()

    fresh = engine_for(made.with_tensors({name: engine.tensor(name) for name in made.tensors}))
    fresh.bypass(names)
    fresh.run(x)
    assert_same_bits(activations(engine), activations(fresh))
    engine.close()
    fresh.close()


@settings(max_examples=20)
@given(data=st.data(), made=networks())
def test_a_layer_bypassed_and_taken_back_leaves_no_trace(
    engine_for: EngineFor, data: st.DataObject, made: Network
) -> None:
    x = {"input": normal(3, 8, 8)}
    engine = engine_for(made)
    engine.run(x)
    before = activations(engine)
    engine.bypass(subset(data, made))
    engine.update()
    engine.bypass(())
    engine.update()

    assert_same_bits(activations(engine), before)
    assert engine.update() == ()
    engine.close()


@settings(max_examples=25)
@given(shape=st.tuples(*[st.integers(1, 13)] * 3), wanted=st.tuples(*[st.integers(1, 13)] * 3))
def test_a_map_is_brought_to_any_shape(
    engine_for: EngineFor, shape: tuple[int, int, int], wanted: tuple[int, int, int]
) -> None:
    op = PassThrough(channels=wanted[0], height=wanted[1], width=wanted[2])
    x = normal(*shape)
    engine = engine_for(network(Node("layer", op, ("input",)), inputs=[Input("input", shape[0])]))
    engine.run({"input": x})

    np.testing.assert_array_equal(engine.output(), handed_on(x, *wanted))
    engine.close()


def vectors() -> Network:
    """A map to a vector and back."""
    return network(
        layer("flat", "Flatten", "input"),
        layer("fc", "Linear", "flat", in_features=48, out_features=10),
        layer("wide", "Linear", "fc", in_features=10, out_features=32),
        layer("map", "Unflatten", "wide", channels=2, height=4, width=4),
        layer("out", "Sigmoid", "map"),
    )


@pytest.mark.parametrize("names", [{"flat"}, {"fc"}, {"wide", "fc"}, {"map"}, {"flat", "fc", "wide", "map", "out"}])
def test_vectors_are_handed_on_as_maps_of_one_pixel(engine_for: EngineFor, names: set[str]) -> None:
    x = {"input": normal(3, 4, 4)}
    engine = engine_for(vectors())
    engine.run(x)
    engine.bypass(names)
    engine.update()

    for name, wanted in reference(vectors(), x, names).items():
        assert relative_error(engine.activation(name), wanted) <= TOLERANCE, name


def test_a_bypass_makes_the_layer_and_those_after_it_stale(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.bypass({"norm"})
    assert engine.update() == ()
    engine.run({"input": normal(3, 12, 12)})
    assert engine.update() == ()

    engine.bypass({"norm", "frac"})
    assert engine.bypassed == {"norm", "frac"}
    assert engine.update() == ("frac", "out")
    engine.bypass({"norm", "frac"})
    assert engine.update() == ()
    engine.bypass(["skip"])
    assert engine.update() == ("skip", "join", "norm", "frac", "out")


def test_an_unknown_layer_is_refused_and_nothing_changes(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.bypass({"act"})
    for name in ("nobody", "input"):
        with pytest.raises(StudioError, match=f'There is no layer "{name}"; this network has enc, act'):
            engine.bypass({"mid", name})
    assert engine.bypassed == {"act"}


def sizes_in_turn(engine: Engine) -> list[dict[str, Array]]:
    found = []
    for side in (12, 8, 12):
        engine.run({"input": normal(3, side, side)})
        found.append(activations(engine))
    return found


def test_layers_stay_bypassed_when_the_size_changes(engine_for: EngineFor) -> None:
    names = {"enc", "join", "frac"}
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 10, 10)})
    engine.bypass(names)
    for side, found in zip((12, 8, 12), sizes_in_turn(engine), strict=True):
        for name, wanted in reference(branched_network(), {"input": normal(3, side, side)}, names).items():
            assert relative_error(found[name], wanted) <= TOLERANCE, name
    engine.bypass(())
    untouched = engine_for(branched_network())
    for found, wanted_of in zip(sizes_in_turn(engine), sizes_in_turn(untouched), strict=True):
        assert_same_bits(found, wanted_of)


def test_edits_of_a_bypassed_layer_are_taken_over(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": normal(3, 12, 12)})
    engine.bypass({"mid", "norm"})
    engine.update()
    changed = {name: engine.tensor(name) * np.float32(3) for name in ("mid.weight", "norm.running_var")}
    for name, values in changed.items():
        engine.set_tensor(name, values)
    engine.update()
    engine.bypass(())
    engine.update()

    fresh = engine_for(branched_network().with_tensors(changed))
    fresh.run({"input": normal(3, 12, 12)})
    assert_same_bits(activations(engine), activations(fresh))


@pytest.mark.gl
def test_tiled_convolutions_can_be_bypassed(device: Device) -> None:
    x = {"input": normal(3, 12, 12)}
    engine = GLEngine(branched_network(), device, Settings("shared"))
    engine.bypass({"enc", "skip"})
    engine.run(x)
    engine.bypass({"frac"})
    engine.update()

    for name, wanted in reference(branched_network(), x, {"frac"}).items():
        assert relative_error(engine.activation(name), wanted) <= TOLERANCE, name
    engine.close()


def test_concatenating_an_input_of_the_network_keeps_its_channels(engine_for: EngineFor) -> None:
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=3, padding=1),
        layer("join", "Concat", ("conv", "input")),
        layer("out", "Tanh", "join"),
    )
    x = {"input": normal(3, 8, 8)}
    engine, oracle = engine_for(made), on_torch(made)
    for each in (engine, oracle):
        each.run(x)
    assert relative_error(engine.output(), oracle.output()) <= TOLERANCE
