"""The network's layers, as a list and as a graph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from studio.runtime.live.report import LayerShapes
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel
from studio.ui.layers.panel import NetworkPanel

if TYPE_CHECKING:
    from studio.ui.layers.graph_view import GraphView


def _layers(context: Context) -> Iterator[Entry]:
    """Every layer: choosing one selects it."""
    shapes = context[Telemetry][LayerShapes].shapes
    for node in context.document.graph.nodes:
        shape = f" {shapes[node.name]}" if node.name in shapes else ""
        detail = f"{type(node.op).__name__}{shape}"
        yield Entry(node.name, "Layer", plain(partial(context.workspace.choose, node.name)), detail, "stack")


def _graph(context: Context) -> GraphView:
    from studio.ui.layers.graph_view import GraphView

    return GraphView(context.document, context.workspace, context[Telemetry])


PANELS = (
    Panel(
        "network",
        "Network",
        "left",
        lambda c: NetworkPanel(c.document, c.workspace, c[Telemetry]),
        stack=10,
        order=10,
        entries=_layers,
        commands=(
            Command(
                "layer.find",
                "Find layer…",
                lambda c: c[NetworkPanel].find_layer(),
                Place("Layer", 10, 30),
                keys=("Ctrl+F",),
                icon="magnifying-glass",
            ),
        ),
        gestures=(
            ("Enter on a layer", "Show its activation"),
            ("B, S, F on a layer in the list", "Bypass, solo, filters"),
        ),
    ),
    Panel(
        "graph",
        "Graph",
        "left",
        _graph,
        stack=10,
        order=20,
        modules=("studio.ui.layers.graph_view",),
    ),
)
