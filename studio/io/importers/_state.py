"""A model whose output is its input in the next step, as a network with a state: a cellular automaton."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.model.graph import Graph, Input, Node
from studio.model.latent import LARGEST_SEED
from studio.model.size import Size
from studio.model.state import BEGINNINGS, COLOURS, Beginning
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
    begins, seed = _read(way)
    network = imported.network
    graph = network.graph
    if imported.others:
        return _beside(imported, begins, seed)
    put = fed_back(graph, imported.size)
    if put is None:
        raise StudioError("It has no input of the output's shape, which the output could be in the next step.")
    made = graph.output
    state = Input(put.name, put.channels, kind="state", size=put.size, multiple=put.multiple)
    state = replace(state, comes_from=made, begins=begins, seed=seed)
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


def _beside(imported: Imported, begins: Beginning, seed: int) -> Imported:
    """A network that hands states on beside its picture: each other output is an input of its shape, in their order.

    Raises:
        StudioError: where one of them is no input's.
    """
    graph = imported.network.graph
    shapes = graph.shapes({i.name: imported.size for i in graph.inputs})
    inputs, notes = list(graph.inputs), list(imported.notes)
    first = next((k for k, put in enumerate(inputs) if put.kind == "picture"), 0)
    for layer in imported.others:
        fits = [k for k, put in enumerate(inputs) if put.kind == "picture" and shapes[put.name] == shapes[layer]]
        if not fits:
            raise StudioError(
                f'Its output "{layer}" has the shape {shapes[layer]}, which no input has, so that it is no state; '
                "return the picture and the states alone."
            )
        # What a picture is comes first among the inputs.
        put = inputs[next((k for k in fits if k != first), fits[0])]
        state = Input(put.name, put.channels, kind="state", size=put.size, multiple=put.multiple)
        inputs[inputs.index(put)] = replace(state, comes_from=layer, begins=begins, seed=seed)
        notes.append(f'Its state "{put.name}" begins as {STATE_WAYS[begins]}; "{layer}" is its next step.')
    kept = tuple(said for said in notes if "--state" not in said and "--channels" not in said)
    changed = replace(graph, inputs=tuple(inputs))
    return replace(imported, network=replace(imported.network, graph=changed), notes=kept)


def fed_back(graph: Graph, size: Size) -> Input | None:
    """The first picture that has the shape of the output."""
    shapes = graph.shapes({i.name: size for i in graph.inputs})
    pictures = (put for put in graph.inputs if put.kind == "picture")
    return next((put for put in pictures if shapes[put.name] == shapes[graph.output]), None)


def _read(way: str) -> tuple[Beginning, int]:
    word, _, rest = way.partition(",")
    begins = next((known for known in BEGINNINGS if known == word), None)
    found = re.fullmatch(r"seed=(\d{1,10})", rest) if rest else None
    if begins is None or (rest and (found is None or begins != "noise")):
        raise StudioError(f'"{way}" is no beginning of a state; give zeros, seed, noise, picture, or noise,seed=3.')
    seed = int(found[1]) if found else 0
    if seed > LARGEST_SEED:
        raise StudioError(f'"{way}": give a seed from 0 to {LARGEST_SEED}.')
    return begins, seed
