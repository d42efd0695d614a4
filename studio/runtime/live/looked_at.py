"""Which maps and sheets go to the screen."""

from __future__ import annotations

from studio.model.networks.graph import Graph
from studio.model.views.view import View


def looked_at(graph: Graph, view: View, *, output_too: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """What a view shows.

    Args:
        graph: of the network.
        view: what is looked at; a layer or tensor that there is not gives way to the output.
        output_too: whether the output is wanted besides.

    Returns:
        The names of maps and tensors, as engines know them, each once; and those that are drawn as pictures only.
    """
    names: tuple[str, ...] = (graph.output,)
    inspected: tuple[str, ...] = ()
    if view.kind == "split":
        names = (graph.inputs[0].name, graph.output)
    elif view.kind != "output" and (view.name in graph or view.name in graph.tensor_shapes):
        inspected = (view.shows,)
        names = (*inspected, graph.output) if output_too else inspected
    return tuple(dict.fromkeys(names)), frozenset(names).difference(inspected)
