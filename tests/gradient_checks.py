"""Gradients by the rules of operators, on any engine, beside those of PyTorch's autograd."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from helpers import EngineFor, normal

from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import tensor_map
from studio.model.networks.network import Network
from studio.model.networks.shape import Array, Shape
from studio.ops.derivative import derive

TOLERANCES = {"torch": 1e-5, "gl": 1e-4, "gl-fragment": 1e-4}


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


def check(
    engine_for: EngineFor, made: Network, fed: dict[str, Array], seed: int, wanted: Sequence[str] | None = None
) -> None:
    """Compare the gradients of a network by what is wanted: by everything that it is fed and that learns."""
    shapes = made.graph.shapes({name: Size(*x.shape[1:]) for name, x in fed.items()})
    grad = normal(*shapes[made.graph.output], seed=seed + 77)
    wanted = learning(made, fed) if wanted is None else wanted
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
