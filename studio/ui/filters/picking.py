"""From a place of the picture, or a tile, to the filters that make it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from studio.model.bends.stage import layer_of
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.views.workspace import Makers, Workspace
from studio.runtime.editing.varying import filters_of
from studio.runtime.live.report import LayerSamples
from studio.runtime.live.telemetry import Telemetry
from studio.ui.filters.makers import Corner, makers_of, strongest, unknown
from studio.ui.filters.selecting import combined
from studio.ui.services.effects import Effects, source_of
from studio.ui.services.watching import Watching
from studio.ui.viewport.pick import Picked


class Picking:
    """Selects the filters of the selected layer that change the picture most where it was clicked.

    Before their effect has been measured, they are those whose maps are strongest there. What makes the place in the
    other layers is told, too, as soon as it is known, and is what is found there when one of them is selected.

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
        self._region: tuple[Corner, Corner] | None = None
        self._by_maps: dict[str, Makers] = {}
        self._waiting: tuple[str, ...] = ()  # layers of which nothing is known yet
        effects.follow(self._light)
        telemetry.on(LayerSamples, self._take_samples)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._watch()

    def pick(self, picked: Picked) -> None:
        """Select what was clicked."""
        clicked = layer_of(picked.name) if picked.channel is not None else self._workspace.layer
        layer = source_of(self._document.graph, clicked)
        if layer is None:
            return
        if picked.channel is None:
            self._region, self._by_maps = (picked.place, picked.end or picked.place), {}
            self._light()
        else:
            self._put_away()
            self._select(layer, np.array([picked.channel]), add=picked.add)
            self._note(f"Selected the filter of {layer} that makes channel {picked.channel}.")
            return
        made = next((each for each in self._workspace.makers if each.layer == layer), None)
        if made is not None:
            self._select(layer, np.array(made.channels), add=picked.add)
            how = "change the picture most" if made.strength else "are strongest"
            self._note(f"Selected the {len(made.channels)} filters of {layer} that {how} there.")
            return
        sample = self._telemetry[LayerSamples].samples.get(self._workspace.layer)
        if sample is None:
            self._note(f"{layer} has not been looked at yet; try again in a moment.")
            return
        channels = strongest(sample, picked.place, end=picked.end)
        if len(channels):
            self._select(layer, channels, add=picked.add)
            self._note(f"Selected the {len(channels)} filters of {layer} that are strongest there.")

    def _light(self) -> None:
        """Tell what makes the place in every layer of which it is known, and have the others looked at."""
        graph, samples = self._document.graph, self._telemetry[LayerSamples].samples
        if self._region is not None:
            made = makers_of(graph, self._effects, samples.get, *self._region)
            # Maps go on with the film: what they said at first of the place stays until its effect is known.
            self._by_maps = {each.layer: each for each in made if not each.strength} | self._by_maps
            self._workspace.makers = tuple(each if each.strength else self._by_maps[each.layer] for each in made)
        self._waiting = () if self._region is None else unknown(graph, self._effects, samples)
        self._watching.want("makers", graph, self._waiting)

    def _take_samples(self, told: LayerSamples) -> None:
        if any(layer in told.samples for layer in self._waiting):
            self._light()

    def _put_away(self) -> None:
        self._region, self._workspace.makers = None, ()
        self._light()

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
            if not change.same_layers:
                self._put_away()
            self._watch()

    def _listen(self, field: str) -> None:
        if field == "layer":
            self._watch()
            found = next((each for each in self._workspace.makers if each.layer == self._workspace.layer), None)
            if found is not None and self._region is not None:
                self._workspace.found = found.layer, found.channels
        elif field == "found" and not self._workspace.found[1]:
            self._put_away()

    def _watch(self) -> None:
        layer, graph = self._workspace.layer, self._document.graph
        self._watching.want("picking", graph, (layer,) if layer in graph else ())
