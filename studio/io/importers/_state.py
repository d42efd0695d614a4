"""A model whose output is its input in the next step, as a network with a state: a cellular automaton."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.importers._state_pairs import paired
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import BEGINNINGS, Beginning, Input
from studio.model.networks.latent import LARGEST_SEED
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.state import COLOURS
from studio.ops import operator

if TYPE_CHECKING:
    from studio.io.importers.base import Imported

STATE_WAYS: dict[str, str] = {
    "zeros": "nothing anywhere",
    "seed": "one cell in the middle",
    "noise": "random numbers from 0 to 1, by seed",
    "picture": "the source's picture",
}
"""What a state may begin as, and what that is."""


def stated(imported: Imported, way: str) -> Imported:
    """The network with a state in the place of its input; its picture is the state's first three channels.

    Args:
        imported: whose output is as its input.
        way: what the state begins as, as `Options.state` gives it; empty for no state.

    Raises:
        StudioError: where there is no such way, or no input is as the output.
    """
    if not way:
        return imported
    asked = _read(way)
    begins, seed = asked.begins, asked.seed
    network = imported.network
    graph = network.graph
    if imported.others:
        return _beside(imported, asked)
    put = fed_back(graph, imported.size)
    if asked.pairs and (len(asked.pairs) > 1 or asked.pairs[0][0] not in [i.name for i in graph.inputs]):
        known = ", ".join(i.name for i in graph.inputs[:6])
        raise StudioError(f'It has no input "{asked.pairs[-1][0]}" besides its picture; its inputs are {known}.')
    if put is None:
        raise StudioError("It has no input of the output's shape, which the output could be in the next step.")
    made = graph.output
    state = replace(_state(put), comes_from=made, begins=begins, seed=seed)
    nodes, output = graph.nodes, made
    if put.channels > COLOURS:
        taken = {i.name for i in graph.inputs} | {n.name for n in nodes}
        output = next(n for n in ("picture", *(f"picture_{k}" for k in range(9999))) if n not in taken)
        first = operator("SliceChannels").model_validate({"start": 0, "end": COLOURS})
        nodes = (*nodes, Node(output, first, (made,)))
    inputs = tuple(state if i is put else i for i in graph.inputs)
    changed = replace(graph, inputs=inputs, nodes=nodes, output=output)
    kept = (said for said in imported.notes if "--state" not in said and "--channels" not in said)
    note = (
        f'Its state "{put.name}", {put.channels} channels, begins as {STATE_WAYS[begins]}; "{made}" is its next step.'
    )
    return replace(imported, network=replace(network, graph=changed), notes=(*kept, note))


def _state(put: Input) -> Input:
    """A state of the sizes that an input takes."""
    state = Input(put.name, put.channels, kind="state", size=put.size, multiple=put.multiple)
    return replace(state, heights=put.heights, widths=put.widths)


def _beside(imported: Imported, way: _Way) -> Imported:
    """A network that hands states on beside its picture, each of them an output that is an input in the next step.

    Raises:
        StudioError: where no output is an input's, or one that is smaller than the picture is no state.
    """
    graph = imported.network.graph
    shapes = graph.shapes({i.name: imported.size for i in graph.inputs})
    names = [name for name in imported.outputs if name != imported.picked]
    names = names if len(names) == len(imported.others) else list(imported.others)
    made = [(name, shapes[layer]) for name, layer in zip(names, imported.others, strict=True)]
    found = paired({i.name: shapes[i.name] for i in graph.inputs if i.kind == "picture"}, made, way.pairs)
    if not found.made:
        name, shape = made[0]
        raise StudioError(
            f'Its output "{name}" has the shape {shape}, which no input has, so that it is no state; '
            "return the picture and the states alone."
        )
    notes = [said for said in imported.notes if "--state" not in said and "--channels" not in said]
    inputs = list(graph.inputs)
    for k, put in enumerate(inputs):
        if put.name in found.made:
            place = found.made[put.name]
            state = replace(_state(put), begins=way.begins, seed=way.seed, smaller=put.smaller)
            inputs[k] = replace(state, comes_from=imported.others[place])
            notes.append(
                f'Its state "{put.name}" begins as {STATE_WAYS[way.begins]}; "{names[place]}" is its next step.'
            )
        elif put.smaller != (1, 1):
            raise StudioError(
                f'Its input "{put.name}" is smaller than its picture, but no output is its next step; --state '
                f"{put.name}=NAME says which is: {', '.join(names[:6])}."
            )
    if found.by_order:
        taken = ",".join(f"{put}={names[found.made[put]]}" for put in found.by_order if put in found.made)
        notes.append(f"States of one shape were paired in their order; --state {taken} pairs them, or others.")
    if found.left:
        left = ", ".join(names[place] for place in found.left[:6])
        notes.append(f"It also gives {left}, which is no state: --output takes it in place of the picture.")
    network = _without_the_rest(replace(imported.network, graph=replace(graph, inputs=tuple(inputs))))
    kept = {full: origin for full, origin in imported.names.items() if full in network.tensors}
    return replace(imported, network=network, names=kept, notes=tuple(notes))


def _without_the_rest(network: Network) -> Network:
    """The network without layers that neither its picture nor a state needs."""
    graph = network.graph
    queue, needed = [graph.output, *(put.comes_from for put in graph.states)], set[str]()
    while queue:
        name = queue.pop()
        if name in graph and name not in needed:
            needed.add(name)
            node = graph.node(name)
            queue += [*node.inputs, node.owner]
    graph = replace(graph, nodes=tuple(node for node in graph.nodes if node.name in needed))
    return replace(network, graph=graph, tensors={full: network.tensors[full] for full in graph.tensor_shapes})


def fed_back(graph: Graph, size: Size) -> Input | None:
    """The first picture that has the shape of the output."""
    shapes = graph.shapes({i.name: size for i in graph.inputs})
    pictures = (put for put in graph.inputs if put.kind == "picture")
    return next((put for put in pictures if shapes[put.name] == shapes[graph.output]), None)


@dataclass(frozen=True)
class _Way:
    """What a person says of the states: what they begin as, and which output is which input in the next step."""

    begins: Beginning
    seed: int
    pairs: tuple[tuple[str, str], ...]


def _read(way: str) -> _Way:
    words = way.split(",")
    named = "=" in words[0]
    begins: Beginning | None = "zeros" if named else next((known for known in BEGINNINGS if known == words[0]), None)
    pairs: list[tuple[str, str]] = []
    seeds: list[tuple[str, str]] = []
    for word in words if named else words[1:]:
        put, equals, made = word.partition("=")
        (seeds if put == "seed" else pairs).append((put.strip(), made.strip()))
        begins = begins if equals and put.strip() and made.strip() else None
    seed = seeds[0][1] if seeds else "0"
    wrong = len(seeds) > 1 or re.fullmatch(r"\d{1,10}", seed) is None or (bool(seeds) and begins != "noise")
    if begins is None or wrong:
        raise StudioError(
            f'"{way}" is no beginning of a state; give zeros, seed, noise, picture, or noise,seed=3, and an input and '
            "the output that it is in the next step where names do not say so: zeros,h_in=h_out."
        )
    if int(seed) > LARGEST_SEED:
        raise StudioError(f'"{way}": give a seed from 0 to {LARGEST_SEED}.')
    return _Way(begins, int(seed), tuple(pairs))


def hands_on(way: str, inputs: Sequence[str]) -> bool:
    """Whether all outputs are to be read, since some are inputs in the next step."""
    return bool(way) and (len(inputs) > 1 or bool(_read(way).pairs))
