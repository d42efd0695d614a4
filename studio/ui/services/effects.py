"""How much the picture changes when a channel is taken out: as rows and columns of filter sheets see it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.model.bends.stage import Chosen
from studio.model.documents.document import Document
from studio.model.networks.graph import Graph
from studio.model.networks.layout import kernel_grid
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.live.channel_study import Impacts, StudyImpact
from studio.runtime.live.orders import Order
from studio.runtime.live.telemetry import Telemetry


class Effects:
    """Reads what has been measured from telemetry; keeps nothing.

    A row of a convolution's sheet makes a channel of its layer, and has that channel's effect. A row of a transposed
    one reads a channel of the layer before: it has the effect of that channel, whoever else reads it.

    Args:
        document: the open network.
        telemetry: what the running engine tells.
        order: gives the running engine an order.
    """

    def __init__(self, document: Document, telemetry: Telemetry, order: Callable[[Order], object]) -> None:
        self._document, self._telemetry, self._order = document, telemetry, order

    def follow(self, slot: Callable[[], object]) -> None:
        """Have this called whenever something has been measured."""
        self._telemetry.on(Impacts, lambda _: slot())

    def of(self, layer: str) -> Array | None:
        """(channels,) float32 of a layer, NaN for a channel that has not been measured; None before any was."""
        return self._telemetry[Impacts].of.get(layer)

    def at(self, layer: str, place: tuple[float, float]) -> Array | None:
        """(channels,) the same for one place of the picture, (down, right) from 0 to 1; None before all are known."""
        return self.within(layer, place, place)

    def within(self, layer: str, start: tuple[float, float], end: tuple[float, float]) -> Array | None:
        """(channels,) the same for a rectangle of the picture, from one corner (down, right) to the other."""
        places = self._telemetry[Impacts].places.get(layer)
        if places is None:
            return None
        rows, columns = (covered(a, b, size) for a, b, size in zip(start, end, places.shape[1:], strict=True))
        found: Array = places[:, rows, columns].mean(axis=(1, 2))
        return None if np.isnan(found).any() else found

    def rows(self, tensor: str) -> Array | None:
        """(rows,) of a tensor's sheet; None where they are no channels, or nothing has been measured."""
        return self._fitting(self._sides(tensor)[0], tensor, 0)

    def columns(self, tensor: str) -> Array | None:
        """(columns,) of a tensor's sheet; None where they are no channels, or nothing has been measured."""
        return self._fitting(self._sides(tensor)[1], tensor, 1)

    def whole_rows(self, tensor: str) -> Array | None:
        """The effects of rows once all of them are known."""
        found = self.rows(tensor)
        return None if found is None or np.isnan(found).any() else found

    def ask(self, tensor: str) -> None:
        """Have the effects of a tensor's rows measured before others."""
        self.ask_of(self._sides(tensor)[0])

    def ask_of(self, layer: str) -> None:
        """Have the effects of a layer's channels measured before others."""
        if layer in self._document.graph:
            self._order(StudyImpact(self._document.graph, layer))

    def _sides(self, tensor: str) -> tuple[str, str]:
        """The layers whose channels the rows and the columns of a sheet are."""
        owner, _, key = tensor.rpartition(".")
        if owner not in self._document.graph or key != "weight":
            return "", ""
        node = self._document.graph.node(owner)
        before = node.inputs[0] if node.inputs else ""
        return (before, owner) if type(node.op).__name__.startswith("ConvTranspose") else (owner, before)

    def _fitting(self, layer: str, tensor: str, axis: int) -> Array | None:
        found = self.of(layer)
        shape = self._document.graph.tensor_shapes.get(tensor, ())
        fits = found is not None and len(shape) in (2, 4) and kernel_grid(shape)[axis] == len(found)
        return found if fits else None


def covered(start: float, end: float, size: int) -> slice:
    """The cells of a side that a stretch touches, from 0 to 1; at least one."""
    first = min(int(start * size), size - 1)
    return slice(first, max(first + 1, min(size, int(np.ceil(end * size)))))


def source_of(graph: Graph, name: str) -> str | None:
    """The layer whose filters make the channels of this one: itself, or what an activation or a norm reads."""
    while name in graph:
        node = graph.node(name)
        if len(node.op.tensor_shapes().get("weight", ())) == 4:
            return name
        if len(node.inputs) != 1:
            return None
        name = node.inputs[0]
    return None


def chosen_channels(workspace: Workspace) -> Chosen | None:
    """(channels,) of the selected layer, which of them have a selected kernel; None where all or none in particular."""
    graph, selection = workspace.document.graph, workspace.selection
    if workspace.layer not in graph or workspace.key != "weight" or selection is None or selection.mask.all():
        return None
    across = type(graph.node(workspace.layer).op).__name__.startswith("ConvTranspose")
    return np.asarray(selection.mask.any(axis=0 if across else 1))


def shares(values: Array) -> Array:
    """Effects as parts of the largest, 0 to 1; zero where nothing is known, and infinite ones whole."""
    known = np.nan_to_num(values, nan=0.0, posinf=np.inf).astype(np.float64)
    peak = known[np.isfinite(known)].max(initial=0.0)
    return np.where(np.isfinite(known), known / peak if peak > 0 else 0.0, 1.0).astype(np.float32)
