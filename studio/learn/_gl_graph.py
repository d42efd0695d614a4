"""What an engine runs so that a network learns on it: its objective with the backward graph behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from studio.engine.base import Engine
from studio.learn._gl_together import named, together
from studio.learn.growth import layers_of_step
from studio.learn.objective import WANTED, Objective
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array, Shape
from studio.ops._spread import spread_late
from studio.ops.arithmetic import Add, Mul
from studio.ops.combine import Concat
from studio.ops.derivative import derive
from studio.ops.given import GivenMap

TOLD = "told~"
"""The layer that tells the losses and the norm of a step."""

_AT_ONCE = 8
"""Maps that one layer adds up."""


def with_gradients(objective: Objective) -> tuple[Network, dict[str, str], dict[str, str], list[str]]:
    """The objective with its backward graph, and one map that holds every number that is said of a step.

    Where several pictures are run together, the gradients are those of the mean of their losses.

    Returns:
        The network; by tensor, and by layer, the layer that holds its gradient; and what the channels of that map are
        called.
    """
    network, pictures = objective.network, objective.pictures
    states, beside = network.graph.states, together(objective)
    nodes, shapes = list(beside.nodes), dict(beside.shapes)
    gradients: dict[str, str] = {}
    maps: dict[str, str] = {}

    def add(name: str, op: Op, *reads: str) -> str:
        nodes.append(Node(name, op, reads))
        shapes[name] = op.output_shape(*(shapes[read] for read in reads))
        return name

    summed: dict[str, str] = {}

    def over(name: str) -> str:
        """What a number of every picture adds up to."""
        if name not in summed:
            summed[name] = _sum(add, name, [own[name] for own in beside.names])
        return summed[name]

    forward, seeds, tensors = tuple(nodes), [], dict(network.tensors)
    inputs, last = [plain(put) for put in beside.inputs], beside.names[-1]
    for put in states:
        # What the steps behind this one make of the loss.
        inputs.append(Input(behind(put.name), put.channels))
        shapes[behind(put.name)] = shapes[put.name]
    for number, aim in enumerate(objective.aims):
        seed = seed_of(number)
        shapes[seed] = Shape(1, 1, 1)
        if states:
            inputs.append(Input(seed, 1, kind="vector"))
        else:
            seeds.append(Node(seed, GivenMap(channels=1, height=1, width=1), (network.graph.inputs[0].name,)))
            tensors[f"{seed}.map"] = np.full((1, 1, 1, 1), 1 / pictures, np.float32)
        given = {own[aim.total]: seed for own in beside.names}
        wanted = aim.learns
        if not number:
            given |= {put.comes_from: behind(put.name) for put in states}
            wanted = (*wanted, *(put.name for put in states))
        found = derive(forward, shapes, given, wanted, f"g{number}." if number else "g")
        for node in found.nodes:
            shapes[node.name] = node.op.output_shape(*(shapes[name] for name in node.inputs))
        nodes += found.nodes
        gradients |= found.tensors
        maps = {**{name: found.maps[here] for name, here in last.items() if here in found.maps}, **maps}
    said = dict(objective.parts)
    said |= {name: aim.total for name, aim in zip(("~total", "critic"), objective.aims, strict=False)}
    if states or pictures > 1:
        # What is said counts where the loss does, and as much: in the last step alone, as a mean over the pictures.
        add(TOLD, Mul(), add(f"{TOLD}all", Concat(), *(over(name) for name in said.values())), seed_of(0))
    else:
        add(TOLD, Concat(), *said.values())
    back = nodes[len(forward) :]
    # Maps of losses are not watched.
    ends = {TOLD, *gradients.values(), *(held for name, held in maps.items() if "~" not in name)}
    alone, rest = spread_late(back, shapes, [seed_of(k) for k in range(len(objective.aims))], ends)
    graph = Graph(tuple(inputs), (*seeds, *alone, *forward, *rest), network.graph.output)
    return Network(network.name, graph, tensors), gradients, maps, list(said)


def _sum(add: Callable[..., str], name: str, parts: Sequence[str]) -> str:
    """The layer that adds these up, a few at a time."""
    if len(parts) == 1:
        return parts[0]
    groups = [parts[k : k + _AT_ONCE] for k in range(0, len(parts), _AT_ONCE)]
    if len(groups) == 1:
        return add(f"{name}~of all", Add(), *parts)
    held = [g[0] if len(g) == 1 else add(f"{name}~of {k}.{len(parts)}", Add(), *g) for k, g in enumerate(groups)]
    return _sum(add, name, held)


def seed_of(aim: int) -> str:
    """The map that the gradients of an aim begin with: 1, a part for several pictures, 0 where nothing is compared."""
    return f"seed~{aim}"


def inputs_of(objective: Objective, picture: int) -> dict[str, str]:
    """What the inputs are called of one of the pictures that are run together, by their own names."""
    return {put.name: named(put.name, picture, objective.pictures) for put in objective.network.graph.inputs}


def behind(state: str) -> str:
    """The input that holds the gradient of what a state is in the next step."""
    return f"{state}~next"


def plain(put: Input) -> Input:
    """An input that is fed in every run, whatever it is in a network that steps by itself."""
    return replace(put, kind="picture", comes_from="") if put.kind == "state" else put


def one_step(objective: Objective) -> Network:
    """What takes a step of the states of a network that learns, and nothing else."""
    network = objective.network
    graph, before = network.graph, layers_of_step(network.graph)
    nodes = tuple(node for node in graph.nodes if node.name in before)
    inputs = tuple(plain(put) for put in graph.inputs if put.name != WANTED)
    own = Graph(inputs, nodes, graph.states[-1].comes_from)
    return Network(network.name, own, {name: network.tensors[name] for name in own.tensor_shapes})


def maps_by(engine: Engine, fed: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
    """Maps that an engine makes of these inputs, in the usual way; it is closed."""
    engine.tunes_later = True
    try:
        engine.run(fed)
        return {name: engine.activation(name) for name in names}
    finally:
        engine.close()
