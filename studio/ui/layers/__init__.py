"""The network's layers, as a list and as a graph."""

from __future__ import annotations

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Place
from studio.ui.kit.panel import Panel
from studio.ui.layers.graph_view import GraphView
from studio.ui.layers.panel import NetworkPanel

PANELS = (
    Panel(
        "network",
        "Network",
        "left",
        lambda c: NetworkPanel(c.document, c.workspace, c[Telemetry]),
        stack=10,
        order=10,
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
        lambda c: GraphView(c.document, c.workspace, c[Telemetry]),
        stack=10,
        order=20,
    ),
)
