"""Graphs: what is refused, by name, and sizes that agree with what engines make."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import branched_network, deep_network, layer, network, normal, on_torch, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node

CONV = {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 1}


def graph(*nodes: Node, output: str = "b", inputs: tuple[Input, ...] = (Input("input"),)) -> Graph:
    return Graph(inputs, nodes, output)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: graph(layer("a", "ReLU", "c"), layer("b", "ReLU", "a"), layer("c", "ReLU", "b")),
            "read each other in a circle: a, b, c",
        ),
        (lambda: graph(layer("b", "ReLU", "b")), "in a circle: b"),
        (
            lambda: graph(layer("a", "ReLU", "input"), layer("b", "Add", ("a", "c")), layer("c", "ReLU", "b")),
            r"in a circle: b, c\.",
        ),
        (lambda: graph(layer("b", "ReLU", "input"), layer("b", "Tanh", "input")), 'are called "b"'),
        (lambda: graph(layer("input", "ReLU", "input"), output="input"), 'are called "input"'),
        (lambda: graph(layer("b", "ReLU", "nope")), r'Layer "b" \(ReLU\) reads "nope", which does not exist'),
        (lambda: graph(layer("b", "ReLU", ("input", "input"))), r'Layer "b" \(ReLU\) needs 1 input\(s\), not 2'),
        (lambda: graph(layer("b", "Tanh", ())), r'Layer "b" \(Tanh\) needs 1 input\(s\), not 0'),
        (lambda: graph(layer("b", "Add", "input")), r'Layer "b" \(Add\) needs at least two inputs, not 1'),
        (lambda: graph(layer("b", "Concat", ())), r'Layer "b" \(Concat\) needs at least two inputs, not 0'),
        (lambda: graph(layer("a", "ReLU", "input")), 'names "b" as its output'),
        (lambda: graph(layer("b", "ReLU", "input"), output="input"), 'names "input" as its output'),
        (lambda: graph(layer("b", "ReLU", "input"), inputs=()), "no input"),
    ],
)
def test_a_graph_that_cannot_run_is_refused_by_name(build: object, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        build()  # type: ignore[operator]


@settings(max_examples=30)
@given(order=st.permutations(branched_network().graph.nodes))
def test_layers_in_any_order_are_sorted_so_that_they_can_run(order: list[Node]) -> None:
    found = Graph((Input("input"),), tuple(order), "out")
    known = {"input"}
    for node in found.nodes:
        assert known.issuperset(node.inputs)
        known.add(node.name)
    assert known == {"input", *(node.name for node in order)}


@given(data=st.data(), count=st.integers(1, 9))
def test_of_those_that_can_run_the_first_one_given_comes_first(data: st.DataObject, count: int) -> None:
    reads = [
        data.draw(st.sets(st.sampled_from(["input", *(f"l{k}" for k in range(n))]), min_size=1)) for n in range(count)
    ]
    given = data.draw(
        st.permutations([layer(f"l{n}", "Add", ("input", *sorted(names))) for n, names in enumerate(reads)])
    )
    order = Graph((Input("input"),), tuple(given), "l0").nodes
    made, waiting = {"input"}, list(given)
    for node in order:
        assert node == next(each for each in waiting if made.issuperset(each.inputs))
        made.add(node.name)
        waiting.remove(node)


def test_an_order_that_already_runs_is_kept() -> None:
    nodes = branched_network().graph.nodes
    assert [n.name for n in nodes] == ["enc", "act", "mid", "up", "skip", "join", "norm", "frac", "out"]
    assert Graph((Input("input"),), nodes, "out").nodes == nodes


def test_layers_are_found_by_name() -> None:
    found = branched_network().graph
    assert found.node("mid").name == "mid"
    assert "mid" in found
    assert "input" not in found
    with pytest.raises(StudioError, match='no layer "nope"; this network has enc, act, mid'):
        found.node("nope")


def test_what_lies_downstream() -> None:
    found = branched_network().graph
    assert found.downstream(["frac"]) == {"frac", "out"}
    assert found.downstream(["skip"]) == {"skip", "join", "norm", "frac", "out"}
    assert found.downstream(["input"]) == {"input", *(node.name for node in found.nodes)}
    assert found.downstream([]) == frozenset()


@settings(max_examples=40)
@given(size=st.builds(Size, st.integers(1, 40), st.integers(1, 40)))
def test_predicted_shapes_are_those_of_the_activations(size: Size) -> None:
    made = tiny_network()
    try:
        shapes = made.graph.shapes({"input": size})
    except StudioError as error:
        assert min(size) < 2
        assert str(error).startswith('Layer "enc" (Conv2d): an input of')  # noqa: PT017 - either outcome is checked
        return
    engine = on_torch(made)
    engine.run({"input": normal(3, *size)})
    assert {name: engine.activation(name).shape for name in shapes} == shapes


def test_shapes_that_do_not_fit_name_the_layer() -> None:
    with pytest.raises(StudioError, match=r'Layer "join" \(Concat\): it joins maps of different sizes: 6×4×4, 5×5×5'):
        branched_network().graph.shapes({"input": Size(5, 5)})
    mismatch = network(layer("a", "Conv2d", "input", **CONV), layer("b", "Conv2d", "a", **CONV | {"in_channels": 4}))
    with pytest.raises(StudioError, match=r'Layer "b" \(Conv2d\): its weights take 4 channels, but its input has 3'):
        mismatch.graph.shapes({"input": Size(8, 8)})


@pytest.mark.parametrize(("depth", "multiple"), [(0, 1), (1, 2), (3, 8)])
def test_the_multiple_is_that_of_all_strides(depth: int, multiple: int) -> None:
    made = deep_network(depth).graph if depth else network(layer("a", "ReLU", "input")).graph
    assert made.multiple == (multiple, multiple)


def test_the_multiple_is_per_axis() -> None:
    made = network(
        layer("a", "MaxPool2d", "input", kernel_size=(3, 2)),
        layer("b", "MaxPool2d", "a", kernel_size=(2, 1)),
        layer("c", "Upsample", "b", scale_factor=(6, 2)),
    ).graph
    assert made.multiple == (6, 2)
    assert made.fitting_size(Size(13, 13)) == Size(18, 14)
    assert made.output_size(Size(13, 13)) == Size(13, 13)


@settings(max_examples=60)
@given(size=st.builds(Size, st.integers(1, 70), st.integers(1, 70)), depth=st.integers(1, 4))
def test_a_fitting_size_holds_the_picture_and_its_output(size: Size, depth: int) -> None:
    made = deep_network(depth).graph
    fitting = made.fitting_size(size)
    shape = made.shapes({"input": fitting})[made.output]
    for side, fit, out in zip(size, fitting, shape[1:], strict=True):
        assert side <= fit < side + 2**depth
        assert out >= side
    assert made.output_size(size) == size
    assert made.fitting_size(fitting) == fitting


def test_a_picture_that_comes_out_whole_is_not_padded() -> None:
    made = network(layer("a", "Conv2d", "input", **CONV)).graph
    assert made.fitting_size(Size(7, 5)) == Size(7, 5)


def test_a_network_checks_its_tensors_by_name() -> None:
    made = tiny_network()
    tensors = dict(made.tensors)
    with pytest.raises(StudioError, match=r'"n" lacks the tensor "enc\.weight" of shape \(6, 3, 4, 4\)'):
        Network("n", made.graph, {k: v for k, v in tensors.items() if k != "enc.weight"})
    with pytest.raises(StudioError, match=r'tensor "enc\.extra" that none of its layers uses'):
        Network("n", made.graph, tensors | {"enc.extra": np.zeros(3, np.float32)})
    with pytest.raises(StudioError, match=r'Tensor "dec\.bias" has shape \(4,\), but its layer needs \(3,\)'):
        made.with_tensors({"dec.bias": np.zeros(4, np.float32)})


def test_the_digest_follows_every_weight_and_every_layer_but_no_name() -> None:
    made = tiny_network()
    changed = made.tensors["dec.bias"].copy()
    changed[1] = np.nextafter(changed[1], np.float32(9))
    other = network(*(node if node.name != "act" else layer("act", "Tanh", "enc") for node in made.graph.nodes))

    assert Network("another name", made.graph, made.tensors, "words").sha256() == made.sha256()
    assert made.with_tensors({"dec.bias": changed}).sha256() != made.sha256()
    assert Network("tiny", other.graph, made.tensors).sha256() != made.sha256()
