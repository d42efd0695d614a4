"""Which layers one pass makes together: every layer once, in an order that can be made, and never too many outputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from helpers import branched_network, layer, network, normal, on_torch, relative_error, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.fuse import MOST_OUTPUTS, Group, grouped
from studio.engine.gl.frame.order import side_by_side
from studio.engine.gl.tuning.settings import Settings
from studio.engine.torch.engine import TorchEngine
from studio.errors import EngineError
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.networks.layout import tile_count
from studio.model.networks.network import Network
from studio.model.networks.node import Node


def groups_of(
    made: Network,
    most: int = MOST_OUTPUTS,
    size: int = 16,
    run: set[str] | None = None,
    whole: Collection[str] = (),
) -> list[Group]:
    shapes = made.graph.shapes({i.name: Size(size, size) for i in made.graph.inputs})
    nodes = [node for node in made.graph.nodes if run is None or node.name in run]
    return grouped(nodes, shapes, most, whole)


def assert_same(made: Network, engine: Engine, oracle: Engine) -> None:
    """Every map is that of the other."""
    for node in made.graph.nodes:
        assert relative_error(engine.activation(node.name), oracle.activation(node.name)) <= 1e-5, node.name


def names(groups: list[Group]) -> list[tuple[str, ...]]:
    return [(group.head.name, *(follower.node.name for follower in group.followers)) for group in groups]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Convolutions, activations, joins, sums and parts of any maps that are there."""
    nodes, channels = [], {"input": 3}
    for number in range(draw(st.integers(1, 9))):
        name = f"layer{number}"
        reads = draw(st.sampled_from(sorted(channels)))
        kind = draw(st.sampled_from(["Conv2d", "ReLU", "Concat", "Mul", "SliceChannels"]))
        if kind == "Conv2d":
            channels[name] = draw(st.integers(1, 9))
            params = {"in_channels": channels[reads], "out_channels": channels[name], "kernel_size": 1}
            nodes.append(layer(name, kind, reads, **params))
        elif kind == "ReLU":
            channels[name] = channels[reads]
            nodes.append(layer(name, kind, reads))
        elif kind == "Mul":
            alike = [other for other in sorted(channels) if channels[other] == channels[reads]]
            channels[name] = channels[reads]
            nodes.append(layer(name, kind, (reads, draw(st.sampled_from(alike)))))
        elif kind == "SliceChannels":
            start = draw(st.integers(0, channels[reads] - 1)) // 4 * 4
            channels[name] = draw(st.integers(1, channels[reads] - start))
            nodes.append(layer(name, kind, reads, start=start, end=start + channels[name]))
        else:
            other = draw(st.sampled_from(sorted(channels)))
            channels[name] = channels[reads] + channels[other]
            nodes.append(layer(name, kind, (reads, other)))
    return network(*nodes)


@st.composite
def joined_networks(draw: st.DrawFn) -> Network:
    """Branches of four channels, joined; behind that norms, sums, activations, cuts and more joins."""
    branches = draw(st.integers(2, 3))
    nodes = [layer("before", "Affine", "input", scale=1.5)]
    for k in range(branches):
        reads = draw(st.sampled_from(["input", "before"]))
        nodes.append(layer(f"branch{k}", "Conv2d", reads, in_channels=3, out_channels=4, kernel_size=1))
    nodes.append(layer("join", "Concat", [f"branch{k}" for k in range(branches)]))
    channels = {f"branch{k}": 4 for k in range(branches)} | {"join": 4 * branches}
    for number in range(draw(st.integers(1, 6))):
        name = f"layer{number}"
        kind = draw(st.sampled_from(["BatchNorm2d", "LeakyReLU", "Affine", "Add", "Concat", "SliceChannels"]))
        reads = draw(st.sampled_from(["join", *channels]))
        channels[name] = channels[reads]
        if kind == "BatchNorm2d":
            nodes.append(layer(name, kind, reads, num_features=channels[reads]))
        elif kind == "Add":
            alike = [other for other in channels if channels[other] == channels[reads] and other != name]
            nodes.append(layer(name, kind, (reads, draw(st.sampled_from(alike)))))
        elif kind == "Concat":
            other = draw(st.sampled_from([each for each in channels if each != name]))
            channels[name] += channels[other]
            nodes.append(layer(name, kind, (reads, other)))
        elif kind == "SliceChannels":
            channels[name] = draw(st.sampled_from(range(4, channels[reads] + 1, 4)))
            start = draw(st.sampled_from(range(0, channels[reads] - channels[name] + 1, 4)))
            nodes.append(layer(name, kind, reads, start=start, end=start + channels[name]))
        else:
            nodes.append(layer(name, kind, reads, **{"negative_slope": 0.2} if kind == "LeakyReLU" else {"scale": 1.2}))
    return network(*nodes)


def test_an_activation_is_made_where_its_input_is() -> None:
    assert names(groups_of(tiny_network())) == [("enc", "act"), ("dec", "out")]


def test_a_joined_map_is_written_by_those_whose_tiles_begin_in_it() -> None:
    # "up" has 6 channels, so that its second loop is shared with "skip", which cannot write half of one.
    assert ("join",) in [group[:1] for group in names(groups_of(branched_network()))]
    joined = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=1),
        layer("join", "Concat", ("a", "b")),
        layer("act", "ReLU", "join"),
    )
    found = groups_of(joined)
    assert names(found) == [("a", "join", "act"), ("b", "join", "act")]
    assert [[(f.parent, f.tile, f.is_copy) for f in group.followers] for group in found] == [
        [(0, 0, True), (1, 0, False)],
        [(0, tile_count(8), True), (1, 0, False)],
    ]


def test_what_is_not_run_again_keeps_its_tiles() -> None:
    joined = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("join", "Concat", ("a", "b")),
    )
    assert names(groups_of(joined, run={"b", "join"})) == [("b", "join")]


@given(networks(), st.integers(1, MOST_OUTPUTS))
def test_every_layer_is_made_once_or_in_all_its_parts_and_after_what_it_reads(made: Network, most: int) -> None:
    found = groups_of(made, most)
    assert all(1 + len(group.followers) <= most for group in found)
    heads = [group.head.name for group in found]
    followers = [follower.node.name for group in found for follower in group.followers]
    assert set(heads) | set(followers) == {node.name for node in made.graph.nodes}
    assert not set(heads) & set(followers), "a layer has a pass of its own, or is made by those of others"
    assert heads == sorted(heads, key=[node.name for node in made.graph.nodes].index)
    for group in found:
        for place, follower in enumerate(group.followers):
            parent = group.head if follower.parent == 0 else group.followers[follower.parent - 1].node
            assert follower.parent <= place
            assert parent.name in follower.node.inputs
            assert follower.node.op.is_pointwise or follower.node.op.together or follower.is_copy


def test_what_needs_several_maps_is_made_with_the_last_and_parts_with_what_they_are_cut_from() -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("sum", "Add", ("a", "b")),
        layer("square", "Mul", ("sum", "sum")),
        layer("front", "SliceChannels", "square", start=0, end=4),
        layer("back", "SliceChannels", "square", start=4, end=8),
        layer("inner", "Crop", "back", left=1, top=2),
        layer("both", "Add", ("front", "back")),
    )
    found = groups_of(made)
    # What was cut out of two places is not at one place any more.
    assert names(found) == [("a",), ("b", "sum", "square", "front", "back", "inner"), ("both",)]
    assert found[1].followers[0].reads == ("a", 0)
    assert found[1].followers[1].reads == (1, 1)


def test_what_has_changed_behind_a_map_that_is_joined_in_part_is_made_whole() -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("join", "Concat", ("a", "b")),
        layer("act", "LeakyReLU", "join", negative_slope=0.2),
        layer("more", "Affine", "act", scale=2.0),
        layer("again", "Concat", ("more", "b")),
    )
    run = {"a", "join", "act", "more", "again"}
    assert names(groups_of(made, run=run)) == [("a", "join", "act", "more", "again")]
    assert names(groups_of(made, run=run, whole={"act"})) == [("a", "join"), ("act", "more", "again")]
    assert names(groups_of(made, run=run, whole={"again"})) == [("a", "join", "act", "more"), ("again",)]


Tiles = dict[str, list[object]]


def tile_made(node: Node, tile: int, found: Tiles, versions: Mapping[str, int]) -> object:
    """What stands for a tile of a map: what it is made of, and which version of its layer made it."""
    cut = node.op.cut()
    reads: object
    if node.op.joins:
        reads = [each for name in node.inputs for each in found[name]][tile]
    elif cut is not None:
        reads = found[node.inputs[0]][tile + cut[0] // 4]
    elif node.op.is_pointwise or node.op.together:
        reads = tuple(found[name][tile] for name in node.inputs)
    else:
        reads = tuple(each for name in node.inputs for each in found[name])
    return hash((node.name, versions.get(node.name, 0), reads))


def run_groups(groups: list[Group], found: Tiles, versions: Mapping[str, int]) -> None:
    """Make the tiles that these passes make, and no others."""
    for group in groups:
        written = [range(len(found[group.head.name]))]
        for tile in written[0]:
            found[group.head.name][tile] = tile_made(group.head, tile, found, versions)
        for follower in group.followers:
            own = found[follower.node.name]
            there = [tile + follower.tile for tile in written[follower.parent]]
            written.append(range(max(0, there[0]), min(len(own), there[-1] + 1)) if there else range(0))
            for tile in written[-1]:
                own[tile] = tile_made(follower.node, tile, found, versions)


@given(data=st.data(), made=joined_networks(), most=st.integers(1, MOST_OUTPUTS))
@settings(max_examples=200)
def test_every_tile_of_an_update_is_what_a_run_makes(data: st.DataObject, made: Network, most: int) -> None:
    shapes = made.graph.shapes({"input": Size(8, 8)})
    changed = data.draw(st.sets(st.sampled_from([node.name for node in made.graph.nodes]), min_size=1, max_size=3))
    reached = set(changed)
    for node in made.graph.nodes:
        reached |= {node.name} if reached.intersection(node.inputs) else set()
    before: Tiles = {name: [0] * tile_count(shape.channels) for name, shape in shapes.items()}
    run_groups(groups_of(made, most, whole=shapes), before, {})
    updated, wanted = ({name: [*tiles] for name, tiles in before.items()} for _ in range(2))
    versions = dict.fromkeys(changed, 1)
    run_groups([Group(node) for node in made.graph.nodes], wanted, versions)
    run_groups(groups_of(made, most, run=reached, whole=changed), updated, versions)
    assert updated == wanted


MULTIPLY = Stage(1, "join", make_bend("Multiply", {"factor": 1.0}))
ADD = Stage(2, "a", make_bend("Add", {"value": 0.5}))


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared"])
def test_a_bend_behind_a_join_is_turned_together_with_one_in_a_branch(
    device: Device, kernels: Literal["blocks", "shared"]
) -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("join", "Concat", ("a", "b")),
        layer("out", "Affine", "join", scale=2.0),
    )
    engine, oracle = GLEngine(made, device, Settings(kernels)), TorchEngine(made, "cpu")
    for each in (engine, oracle):
        each.set_stages([MULTIPLY, ADD])
        each.run({"input": normal(3, 6, 5)})
        each.set_number(1, "factor", 3.0)
        each.set_number(2, "value", -2.0)
        each.update()
    assert_same(made, engine, oracle)
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared"])
def test_what_joins_in_part_adds_up_with_all_of_another_map(
    device: Device, kernels: Literal["blocks", "shared"]
) -> None:
    made = network(
        layer("before", "Affine", "input", scale=1.5),
        layer("all", "Conv2d", "before", in_channels=3, out_channels=8, kernel_size=1),
        layer("a", "Conv2d", "before", in_channels=3, out_channels=4, kernel_size=1),
        layer("b", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("join", "Concat", ("a", "b")),
        layer("norm", "BatchNorm2d", "join", num_features=8),
        layer("out", "Add", ("norm", "all")),
    )
    engine, oracle = GLEngine(made, device, Settings(kernels)), TorchEngine(made, "cpu")
    for each in (engine, oracle):
        each.run({"input": normal(3, 6, 5)})
        each.set_number("before", "scale", -1.0)
        each.update()
    assert_same(made, engine, oracle)
    for each in (engine, oracle):
        each.set_tensor("a.weight", normal(4, 3, 1, 1, seed=1))
        each.set_tensor("norm.weight", normal(8, seed=2))
        each.update()
    assert_same(made, engine, oracle)
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared"])
@settings(max_examples=3)
@given(data=st.data(), made=joined_networks(), seed=st.integers(0, 99))
def test_whatever_changes_before_an_update_is_seen_everywhere(
    device: Device, kernels: Literal["blocks", "shared"], data: st.DataObject, made: Network, seed: int
) -> None:
    most = 6 if kernels == "blocks" else MOST_OUTPUTS
    engine, oracle = GLEngine(made, device, Settings(kernels, most_outputs=most)), TorchEngine(made, "cpu")
    joins = [node.name for node in made.graph.nodes if node.op.joins]
    stage = replace(MULTIPLY, layer=data.draw(st.sampled_from(joins)))
    for each in (engine, oracle):
        each.set_stages([stage])
        each.run({"input": normal(3, 6, 5, seed=seed)})
    rng = np.random.default_rng(seed)
    for _ in range(2):
        tensors = data.draw(st.lists(st.sampled_from(sorted(made.graph.tensor_shapes)), max_size=3, unique=True))
        values = {tensor: rng.uniform(0.5, 2.0, made.graph.tensor_shapes[tensor]) for tensor in tensors}
        turned = data.draw(st.lists(st.integers(0, len(engine.numbers) - 1), max_size=2, unique=True))
        numbers = engine.numbers
        numbers[turned] = rng.uniform(0.5, 2.0, len(turned))
        for each in (engine, oracle):
            for tensor, value in values.items():
                each.set_tensor(tensor, value.astype(np.float32))
            each.set_numbers(numbers)
            each.update()
        assert_same(made, engine, oracle)
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared"])
@settings(max_examples=6)
@given(made=networks(), seed=st.integers(0, 99))
def test_fused_passes_make_what_torch_makes(
    device: Device, kernels: Literal["blocks", "shared"], made: Network, seed: int
) -> None:
    most = 6 if kernels == "blocks" else MOST_OUTPUTS
    engine, oracle = GLEngine(made, device, Settings(kernels, most_outputs=most)), TorchEngine(made, "cpu")
    inputs = {"input": normal(3, 6, 5, seed=seed)}
    for each in (engine, oracle):
        each.run(inputs)
    for node in made.graph.nodes:
        assert relative_error(engine.activation(node.name), oracle.activation(node.name)) <= 1e-5, node.name
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared"])
@pytest.mark.parametrize("between", [None, "Sigmoid", "Mul"])
@pytest.mark.parametrize(("start", "end", "before"), [(8, 16, True), (8, 16, False), (0, 4, False), (4, 8, True)])
def test_a_part_that_is_joined_leaves_the_tiles_of_others_alone(
    device: Device,
    kernels: Literal["blocks", "shared"],
    between: str | None,
    start: int,
    end: int,
    before: bool,
) -> None:
    """As in a convolutional GRU: the gate is a part of a map, and what it gates stands beside another map."""
    part = layer("part", "SliceChannels", "whole", start=start, end=end)
    reads = {None: None, "Sigmoid": "part", "Mul": ("part", "state")}[between]
    last = "part" if between is None else "gated"
    made = network(
        layer("other", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=1),
        layer("state", "Conv2d", "input", in_channels=3, out_channels=end - start, kernel_size=1),
        layer("whole", "Conv2d", "other", in_channels=8, out_channels=16, kernel_size=1),
        part,
        *([] if between is None or reads is None else [layer("gated", between, reads)]),
        layer("join", "Concat", ("other", last) if before else (last, "other")),
    )
    engine, oracle = GLEngine(made, device, Settings(kernels)), TorchEngine(made, "cpu")
    for each in (engine, oracle):
        each.run({"input": normal(3, 6, 5)})
    assert_same(made, engine, oracle)
    engine.close()


@pytest.mark.gl
@pytest.mark.parametrize("refuses", ["with a layer", "always"])
def test_a_stage_has_a_pass_of_its_own_where_the_driver_refuses_it_with_its_layer(
    device: Device, monkeypatch: pytest.MonkeyPatch, refuses: str
) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    compute = Device.compute

    def refused(self: Device, source: Source) -> object:
        followers = [file for extra in source.extras for file in extra.files]
        if "bends/add.glsl" in (followers if refuses == "with a layer" else [*source.files, *followers]):
            raise EngineError("The driver cannot compile bends/add.glsl: too long")
        return compute(self, source)

    monkeypatch.setattr(Device, "compute", refused)
    wanted, engine = on_torch(made), GLEngine(made, device, Settings("shared"))
    for each in (wanted, engine):
        each.set_stages([Stage(1, made.graph.nodes[-1].name, make_bend("Add", {"value": 0.75}))])
    wanted.run(fed)
    if refuses == "always":
        with pytest.raises(EngineError, match=r"cannot compile bends/add\.glsl"):
            engine.run(fed)
    else:
        engine.run(fed)
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
    engine.close()


def test_what_nobody_waits_for_is_run_last_and_side_by_side() -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("mean", "Mean", "a"),
        layer("told", "Sum", "mean", dim="channels"),
        layer("side", "MaxPool2d", "a", kernel_size=2),
        layer("b", "Conv2d", "a", in_channels=4, out_channels=4, kernel_size=1),
        layer("scale", "Mean", "b"),
        layer("out", "Mul", ("b", "scale")),
        layer("end", "Conv2d", "out", in_channels=4, out_channels=3, kernel_size=1),
    )
    groups = [Group(node) for node in made.graph.nodes]
    two = {"side": ["side 1", "side 2"], "mean": ["mean 1", "mean 2"]}
    parts = [(group, two.get(group.head.name, [group.head.name])) for group in groups]
    shapes = made.graph.shapes({"input": Size(8, 8)})
    found = [each for together in side_by_side(parts, shapes) for _, passes in together for each in passes]
    # A single value that the chain needs stays where it is, and so do all convolutions.
    assert found == ["a", "b", "scale", "out", "end", "mean 1", "side 1", "mean 2", "side 2", "told"]


@given(made=networks())
@settings(max_examples=30)
def test_whatever_the_order_nothing_is_read_before_it_is_made(made: Network) -> None:
    shapes = made.graph.shapes({"input": Size(1, 1)})
    groups = groups_of(made, size=1)
    order = [each for some in side_by_side([(group, [group]) for group in groups], shapes) for each in some]
    assert sorted(id(group) for group, _ in order) == sorted(id(group) for group in groups)
    places = {id(group): place for place, (group, _) in enumerate(order)}
    makes = {id(g): {g.head.name, *(follower.node.name for follower in g.followers)} for g in groups}
    for group, _ in order:
        # A follower that names nothing it reads takes its parent's texels: of a joined map, its own tiles alone.
        reads = {*group.head.inputs, *(name for f in group.followers for name in f.reads if isinstance(name, str))}
        for name in reads - makes[id(group)]:
            makers = [other for other in groups if name in makes[id(other)]]
            assert all(places[id(other)] < places[id(group)] for other in makers)
