"""Every operator's rule makes in every engine the gradients that PyTorch's autograd finds."""

from __future__ import annotations

from collections.abc import Sequence

import cases_more  # noqa: F401 - registers its cases
import cases_traced  # noqa: F401
import numpy as np
import pytest
import torch
from cases import CASES
from helpers import EngineFor, layer, network, normal, on_torch, relative_error, single
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from studio.engine.gl.device import Device
from studio.engine.gl.pipeline import GLEngine
from studio.engine.gl.settings import Settings
from studio.errors import StudioError
from studio.model.gradient import Backward, tensor_map
from studio.model.graph import Graph, Input, Node
from studio.model.network import Network
from studio.model.op import Array, Elementwise, Shape
from studio.model.size import Size
from studio.ops import registry
from studio.ops._backward.convolve import WeightGradient
from studio.ops._pass_through import PassThrough
from studio.ops.derivative import derive

TOLERANCES = {"torch": 1e-5, "gl": 1e-4, "gl-fragment": 1e-4}

WITHOUT: frozenset[str] = frozenset()
"""Operators that say that they have no derivative."""

NORMS = frozenset({"InstanceNorm2d", "GroupNorm", "LayerNorm2d"})


def with_gradients(made: Network, shapes: dict[str, Shape], wanted: Sequence[str]) -> tuple[Network, dict[str, str]]:
    """The network with its derivative behind it, fed the gradient of its output as one input more."""
    output = made.graph.output
    found = derive(made.graph.nodes, shapes | {"grad": shapes[output]}, {output: "grad"}, wanted)
    inputs = (*made.graph.inputs, Input("grad", shapes[output].channels))
    graph = Graph(inputs, (*made.graph.nodes, *found.nodes), output)
    return Network(made.name, graph, made.tensors), {**found.maps, **found.tensors}


def by_autograd(made: Network, fed: dict[str, Array], grad: Array, wanted: Sequence[str]) -> dict[str, Array]:
    """The same by PyTorch, from the operators' plain meaning in float64, each as a map."""
    tensors = {name: torch.tensor(value).double() for name, value in made.tensors.items()}
    maps = {name: torch.tensor(x)[None].double().requires_grad_() for name, x in fed.items()}
    leaves = {**maps, **tensors}
    for name in wanted:
        leaves[name].requires_grad_()
    for node in made.graph.nodes:
        own = {key: tensors[name] for key, name in node.tensor_names.items()}
        maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
    output, chosen = maps[made.graph.output], [leaves[name] for name in wanted]
    found: Sequence[torch.Tensor | None] = [None] * len(chosen)
    if output.requires_grad:  # a comparison's does not
        found = torch.autograd.grad(output, chosen, torch.tensor(grad)[None].double(), allow_unused=True)
    return {
        name: np.zeros(leaves[name].shape) if g is None else g.numpy() for name, g in zip(wanted, found, strict=True)
    }


def learning(made: Network, fed: dict[str, Array]) -> list[str]:
    """What gradients are asked of: every input, and every tensor but statistics."""
    return [*fed, *(name for name in made.tensors if "running" not in name)]


def check(engine_for: EngineFor, made: Network, fed: dict[str, Array], seed: int) -> None:
    """Compare the gradients of a network by everything that it is fed and that learns."""
    shapes = made.graph.shapes({name: Size(*x.shape[1:]) for name, x in fed.items()})
    grad = normal(*shapes[made.graph.output], seed=seed + 77)
    wanted = learning(made, fed)
    oracle = by_autograd(made, fed, grad, wanted)
    behind, held = with_gradients(made, shapes, wanted)
    engine = engine_for(behind)
    engine.run({**fed, "grad": grad})
    for name, right in oracle.items():
        flat = right.reshape(tensor_map(made.tensors[name].shape) if name in made.tensors else shapes[name])
        if name not in held:
            assert not right.any(), name
            continue
        found = engine.activation(held[name])
        assert found.shape == flat.shape, name
        error = np.linalg.norm(found - flat)
        allowed = TOLERANCES[engine.name] * (np.linalg.norm(flat) or 1.0)
        if error > allowed:  # terms that cancel leave a sum whose rounding no float32 avoids
            allowed = 8 * rounding(made, fed, grad, wanted, oracle)[name]
        assert error <= allowed, (name, error, allowed)
    engine.close()


def rounding(
    made: Network, fed: dict[str, Array], grad: Array, wanted: Sequence[str], oracle: dict[str, Array]
) -> dict[str, float]:
    """How far each gradient moves, as a norm, where the output's changes by a unit in the last place of float32."""
    ulp = np.random.default_rng(0).choice([-1.0, 1.0], grad.shape) * np.finfo(np.float32).eps
    moved = by_autograd(made, fed, grad * (1 + ulp), wanted)
    return {name: float(np.linalg.norm(moved[name] - right)) for name, right in oracle.items()}


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


def test_every_operator_has_a_rule_or_says_that_it_has_no_derivative() -> None:
    for name, op in registry().items():
        own = next(kind for kind in op.__mro__ if "gradient" in vars(kind))
        assert own.__module__ != "studio.model.op" or name in WITHOUT, f"{name} has no rule for its derivative"


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
@pytest.mark.parametrize("kernels", ["blocks", "tiles"])
@pytest.mark.parametrize("how", KERNELS)
def test_blocks_of_a_weights_gradient_are_whole_on_gpus_and_in_software(
    device: Device, how: tuple[object, ...], kernels: str
) -> None:
    names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    op = WeightGradient.model_validate(dict(zip(names, how, strict=False)))
    x, grad = normal(*how[6]), normal(*how[7], seed=1)
    inputs = (Input("x", len(x)), Input("grad", len(grad)))
    made = Network("made", Graph(inputs, (Node("weight", op, ("x", "grad")),), "weight"), {})
    engine, oracle = GLEngine(made, device, Settings(kernels)), on_torch(made)
    for each in (engine, oracle):
        each.run({"x": x, "grad": grad})
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    engine.close()
