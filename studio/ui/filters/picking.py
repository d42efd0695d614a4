"""From a place of the picture, or a tile, to the filters that make it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from studio.model.changes import Change, NetworkChanged
from studio.model.document import Document
from studio.model.op import Array
from studio.model.workspace import Workspace
from studio.runtime.bending.impact import ranked
from studio.runtime.editing.varying import filters_of
from studio.runtime.live.report import LayerSamples
from studio.runtime.live.telemetry import Telemetry
from studio.ui.filters.selecting import combined
from studio.ui.services.effects import Effects, covered, source_of
from studio.ui.services.watching import Watching
from studio.ui.viewport.pick import Picked

STRONGEST = 8
"""So many filters a click selects."""


class Picking:
    """Selects the filters of the selected layer that change the picture most where it was clicked.

    Before their effect has been measured, they are those whose maps are strongest there.

    Args:
        document: whose network it is.
        workspace: whose layer and selection.
        telemetry: brings samples of the layer's channels.
        watching: has the layer watched.
        effects: knows what changes the picture where, once it has been measured.
        note: takes a sentence for the person.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        telemetry: Telemetry,
        watching: Watching,
        effects: Effects,
        note: Callable[[str], None],
    ) -> None:
        self._document = document
        self._workspace = workspace
        self._telemetry = telemetry
        self._watching = watching
        self._effects = effects
        self._note = note
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._watch()

    def pick(self, picked: Picked) -> None:
        """Select what was clicked."""
        layer = source_of(self._document.graph, picked.name if picked.channel is not None else self._workspace.layer)
        if layer is None:
            return
        if picked.channel is not None:
            self._select(layer, np.array([picked.channel]), add=picked.add)
            self._note(f"Selected the filter of {layer} that makes channel {picked.channel}.")
            return
        end = picked.end
        effects = self._effects.within(layer, picked.place, end or picked.place)
        if effects is not None and effects.any():
            channels = np.array(ranked(effects, min(STRONGEST, len(effects))))
            self._select(layer, channels, add=picked.add)
            self._note(f"Selected the {len(channels)} filters of {layer} that change the picture most there.")
            return
        sample = self._telemetry[LayerSamples].samples.get(self._workspace.layer)
        if sample is None:
            self._note(f"{layer} has not been looked at yet; try again in a moment.")
            return
        channels = strongest(sample, picked.place, end=end)
        if len(channels):
            self._select(layer, channels, add=picked.add)
            self._note(f"Selected the {len(channels)} filters of {layer} that are strongest there.")

    def _select(self, layer: str, channels: NDArray[np.int64], *, add: bool) -> None:
        workspace = self._workspace
        if (workspace.layer, workspace.key) != (layer, "weight"):
            workspace.choose(layer, "weight")
        name, before = workspace.tensor, workspace.selection
        if name is None or before is None:
            return
        mask = filters_of(self._document.graph, layer, channels)
        workspace.found = layer, tuple(int(channel) for channel in channels)
        workspace.select(combined(before, mask, "add" if add else "replace"))

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._watch()

    def _listen(self, field: str) -> None:
        if field == "layer":
            self._watch()

    def _watch(self) -> None:
        layer, graph = self._workspace.layer, self._document.graph
        self._watching.want("picking", graph, (layer,) if layer in graph else ())


def strongest(
    sample: Array, place: tuple[float, float], count: int = STRONGEST, end: tuple[float, float] | None = None
) -> NDArray[np.int64]:
    """The channels that stand out at a place: by magnitude, each measured by its own deviation; strongest first.

    Args:
        sample: (C, h, w), evenly spaced over the picture.
        place: (down, right), each 0 to 1.
        count: how many at most; channels that are zero there are left out.
        end: the other corner of a rectangle; None for the place alone.
    """
    _, height, width = sample.shape
    rows, columns = (covered(a, b, size) for a, b, size in zip(place, end or place, (height, width), strict=True))
    squares = np.square(np.nan_to_num(sample[:, rows, columns].astype(np.float64)))
    there = np.sqrt(squares.mean(axis=(1, 2)))
    deviation = np.sqrt(np.mean(np.square(np.nan_to_num(sample.astype(np.float64))), axis=(1, 2)))
    value = there / np.maximum(deviation, 1e-12)
    order = np.argsort(-value, kind="stable")[:count]
    found: NDArray[np.int64] = order[there[order] > 0]
    return found
