"""Every operator's rule makes in every engine the gradients that PyTorch's autograd finds."""

from __future__ import annotations

import cases_more  # noqa: F401 - registers its cases
import cases_traced  # noqa: F401
import numpy as np
import pytest
import torch
from cases import CASES
from gradient_checks import check
from helpers import EngineFor, layer, network, normal, on_torch, relative_error, single
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Backward, Elementwise
from studio.model.networks.shape import Shape
from studio.ops import registry
from studio.ops._backward.convolve import WeightGradient
from studio.ops._backward.slope import Curve
from studio.ops._pass_through import PassThrough
from studio.ops.derivative import derive

WITHOUT: frozenset[str] = frozenset()
"""Operators that say that they have no derivative."""

NORMS = frozenset({"InstanceNorm2d", "GroupNorm", "LayerNorm2d"})


@pytest.mark.parametrize("op", sorted(registry()))
@examples(max_examples=12)
@given(data=st.data(), seed=st.integers(0, 2**16), scale=st.sampled_from([1.0, 1e-2]))
def test_the_gradients_of_an_operator_are_those_of_autograd(
    op: str, engine_for: EngineFor, data: st.DataObject, seed: int, scale: float
) -> None:
    case = data.draw(CASES[op])
    made = single(op, *(shape[0] for shape in case.shapes), seed=seed, **case.params)
    drawn = [normal(*shape, seed=seed + k) * np.float32(scale) for k, shape in enumerate(case.shapes)]
    fed = {f"in{k}": case.domain(torch.tensor(values)).numpy() for k, values in enumerate(drawn)}
    if op in NORMS:
        # Of two or three values a norm leaves next to nothing that the input could change.
        assume(min(np.prod(case.shapes[0][1:]), case.shapes[0][0]) > 3 and scale == 1.0)
    check(engine_for, made, fed, seed)


@pytest.mark.parametrize("op", sorted(name for name, kind in registry().items() if issubclass(kind, Curve)))
def test_where_a_curve_has_a_corner_its_slope_is_that_of_autograd(op: str, engine_for: EngineFor) -> None:
    corners = np.array([-6, -3, -1, -0.5, 0, 0.5, 1, 3, 6], np.float32)
    check(engine_for, single(op, 4), {"in0": np.tile(corners, (4, 2, 1))}, 5)


def test_every_operator_has_a_rule_or_says_that_it_has_no_derivative() -> None:
    for name, op in registry().items():
        own = next(kind for kind in op.__mro__ if "gradient" in vars(kind))
        said = own.__module__ != "studio.model.networks.op" or op.flat
        assert said or name in WITHOUT, f"{name} has no rule for its derivative"


def test_a_sum_whose_terms_cancel_is_right_to_its_rounding(engine_for: EngineFor) -> None:
    made = single("PReLU", 1, seed=5958, num_parameters=1)
    check(engine_for, made, {"in0": normal(1, 4, 10, seed=5958)}, 5958)


@examples(max_examples=12)
@given(shape=st.tuples(*[st.integers(1, 9)] * 3), made=st.tuples(*[st.integers(1, 12)] * 3), seed=st.integers(0, 2**16))
def test_what_a_bypassed_layer_hands_on_has_a_gradient(
    engine_for: EngineFor, shape: tuple[int, int, int], made: tuple[int, int, int], seed: int
) -> None:
    op = PassThrough(channels=made[0], height=made[1], width=made[2])
    graph = Graph((Input("in0", shape[0]),), (Node("layer", op, ("in0",)),), "layer")
    check(engine_for, Network("made", graph, {}), {"in0": normal(*shape, seed=seed)}, seed)


def test_paths_that_meet_are_added_up(engine_for: EngineFor) -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=3, padding=1),
        layer("b", "Sigmoid", "a"),
        layer("c", "Mul", ("a", "b")),
        layer("d", "Mul", ("c", "c")),
        layer("e", "Add", ("d", "a", "d")),
    )
    check(engine_for, made, {"input": normal(3, 6, 5)}, 3)


def test_a_layer_that_runs_twice_learns_from_both(engine_for: EngineFor) -> None:
    conv = {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 1}
    first = layer("a", "Conv2d", "input", **conv)
    again = Node("b", first.op, ("a",), tensors_of="a")
    check(engine_for, network(first, again, layer("c", "Tanh", "b")), {"input": normal(3, 6, 5)}, 4)


def test_what_leads_nowhere_is_left_out() -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=1),
        layer("side", "Exp", "a"),
        layer("b", "Conv2d", "a", in_channels=4, out_channels=2, kernel_size=1),
    )
    shapes = made.graph.shapes({"input": Size(4, 4)})
    found = derive(made.graph.nodes, shapes | {"grad": shapes["b"]}, {"b": "grad"}, ["b.weight"])

    assert set(found.tensors) == {"b.weight"}
    assert [type(node.op).__name__ for node in found.nodes] == ["WeightGradient"]
    assert all(node.name.partition("~")[0] == "b" for node in found.nodes)


class Ruleless(Elementwise):
    shader = "identity"


class Stepwise(Elementwise):
    shader = "identity"

    def gradient(self, at: Backward) -> None:
        del at


@pytest.mark.parametrize(("op", "words"), [(Ruleless, "has no rule"), (Stepwise, "has no derivative")])
def test_a_missing_rule_is_named_by_its_operator(op: type[Elementwise], words: str) -> None:
    nodes = (Node("odd", op(), ("input",)),)
    shapes = {"input": Shape(3, 2, 2), "odd": Shape(3, 2, 2), "grad": Shape(3, 2, 2)}
    with pytest.raises(StudioError, match=rf'^Layer "odd" \({op.__name__}\).*{words}'):
        derive(nodes, shapes, {"odd": "grad"}, ["input"])
    assert derive(nodes, shapes, {"odd": "grad"}, ["somewhere.weight"]).nodes == ()


KERNELS = [
    ((4, 4), (2, 2), (1, 1), (1, 1), 1, "zeros", (5, 16, 20), (9, 8, 10)),
    ((3, 5), (1, 1), (1, 2), (1, 1), 1, "reflect", (3, 9, 11), (6, 9, 11)),
    ((1, 1), (1, 1), (0, 0), (1, 1), 1, "zeros", (70, 1, 1), (65, 1, 1)),
    ((2, 7), (1, 2), (0, 3), (2, 1), 1, "replicate", (4, 40, 33), (4, 38, 17)),
    ((3, 3), (1, 1), (1, 1), (1, 1), 2, "zeros", (4, 9, 9), (6, 9, 9)),
]


@pytest.mark.gl
@pytest.mark.parametrize("kernels", ["blocks", "shared", "banks", "texels"])
@pytest.mark.parametrize("how", KERNELS)
def test_a_weights_gradient_is_whole_however_it_is_made(device: Device, how: tuple[object, ...], kernels: str) -> None:
    names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    op = WeightGradient.model_validate(dict(zip(names, how, strict=False)))
    x, grad = normal(*how[6]), normal(*how[7], seed=1)
    inputs = (Input("x", len(x)), Input("grad", len(grad)))
    made = Network("made", Graph(inputs, (Node("weight", op, ("x", "grad")),), "weight"), {})
    fragments = {"banks": True, "texels": False}
    engine: GLEngine | GLFragmentEngine
    if kernels in fragments:
        engine = GLFragmentEngine(made, device, fragments[kernels])
    else:
        engine = GLEngine(made, device, Settings(kernels))
    oracle = on_torch(made)
    for each in (engine, oracle):
        each.run({"x": x, "grad": grad})
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    engine.close()
