"""What was found out about channels: how much each matters, and which look alike; and the orders to find it out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.model.bends.clusters import CLUSTERS, kept, of_layer, without
from studio.model.bends.stage import ChannelList, Cluster
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.bending.impact import ranked
from studio.runtime.live.channel_study import (
    Clusters,
    Impacts,
    Norms,
    StudyAll,
    StudyClusters,
    StudyImpact,
    StudyNorms,
)
from studio.runtime.live.orders import Order
from studio.runtime.live.telemetry import Telemetry

BY_EFFECT = "strongest by effect"
"""The name of a list of channels that was chosen by what they change, as the command line calls it."""

BY_NORM = "strongest by norm"
"""The same of one that was chosen by how strong their maps were."""


class Findings:
    """Reads what is known from telemetry, and has the rest found out; keeps nothing.

    Args:
        document: the open network.
        telemetry: what the running engine tells.
        order: gives the running engine an order.
    """

    def __init__(self, document: Document, telemetry: Telemetry, order: Callable[[Order], object]) -> None:
        self._document, self._telemetry, self._order = document, telemetry, order

    def follow(self, slot: Callable[[], object]) -> None:
        """Have this called whenever something has been found."""
        self._telemetry.on(Impacts, lambda _: slot())
        self._telemetry.on(Norms, lambda _: slot())
        self._telemetry.on(Clusters, lambda _: slot())

    # -- what matters -----------------------------------------------------------------------------------------------

    def measure(self, layer: str) -> None:
        """Have the channels of a layer measured; empty to stop."""
        self._order(StudyImpact(self._document.graph, layer))

    def measure_all(self, first: str) -> None:
        """Have every layer measured in turn, from this one on, while nothing else is found out."""
        self._order(StudyAll(self._document.graph, first))

    @property
    def measuring(self) -> str:
        """The layer that is being measured; empty while none is."""
        return self._telemetry[Impacts].measuring

    def impact(self, layer: str) -> Array | None:
        """(channels,) how much each matters, NaN for one that is not measured yet; None before any is."""
        return self._telemetry[Impacts].of.get(layer)

    def whole_impact(self, layer: str) -> Array | None:
        """The same once all channels have been measured."""
        found = self.impact(layer)
        return None if found is None or np.isnan(found).any() else found

    def strongest(self, layer: str, count: int) -> ChannelList | None:
        """So many channels that change the picture most, or all where there are fewer; None before they are known."""
        impact = self.whole_impact(layer)
        if impact is None:
            return None
        return ChannelList(channels=tuple(sorted(ranked(impact, count))), name=BY_EFFECT)

    # -- how strong maps are ----------------------------------------------------------------------------------------

    def measure_norms(self, layer: str) -> None:
        """Have the maps of a layer's channels measured, as they are in the picture that runs."""
        self._order(StudyNorms(self._document.graph, layer))

    @property
    def measuring_norms(self) -> str:
        """The layer whose maps are being measured; empty while none are."""
        return self._telemetry[Norms].measuring

    def norms(self, layer: str) -> Array | None:
        """(channels,) the root mean square of each map when it was measured last; None before."""
        return self._telemetry[Norms].of.get(layer)

    def strongest_by_norm(self, layer: str, count: int) -> ChannelList | None:
        """So many channels whose maps were strongest, or all where there are fewer; None before they are known."""
        norms = self.norms(layer)
        if norms is None:
            return None
        return ChannelList(channels=tuple(sorted(ranked(norms, count))), name=BY_NORM)

    # -- clusters ---------------------------------------------------------------------------------------------------

    def find_clusters(self, layer: str, count: int | None = None) -> None:
        """Have clusters of a layer's channels found, by its next maps; so many, or as many as suit. Empty to stop."""
        self._order(StudyClusters(self._document.graph, layer, count))

    @property
    def looking(self) -> str:
        """The layer whose clusters are being found; empty while none are."""
        return self._telemetry[Clusters].looking

    def clusters(self, layer: str) -> tuple[Cluster, ...]:
        """The clusters of a layer as they were found last, the largest first; empty before."""
        return self._telemetry[Clusters].found.get(layer, ())

    def clusters_asked(self, layer: str) -> int | None:
        """How many were asked for when those were found; None where the number was proposed."""
        return self._telemetry[Clusters].counts.get(layer)

    def pictures(self, layer: str) -> tuple[Picture, ...]:
        """(H, W, 3) uint8 RGB of each of them."""
        return self._telemetry[Clusters].pictures.get(layer, ())

    def kept(self, layer: str) -> tuple[Cluster, ...]:
        """The clusters of a layer that the preset keeps."""
        return of_layer(self._document.section(CLUSTERS), layer)

    def keep(self, layer: str, name: str, channels: ChannelList) -> None:
        """Keep channels with the preset as a cluster of this name, as one undo; StudioError for a name that is none."""
        clusters = kept(self._document.section(CLUSTERS), layer, name, channels.channels)
        self._document.set_section(CLUSTERS, clusters, f'Cluster "{name.strip()}" of {layer}')

    def drop(self, layer: str, name: str) -> None:
        """Keep a cluster no more, as one undo; stages that bend its channels go on."""
        clusters = without(self._document.section(CLUSTERS), layer, name)
        self._document.set_section(CLUSTERS, clusters, f'No cluster "{name}" of {layer}')

    def stop(self) -> None:
        """Find out nothing more."""
        self.measure("")
        self.find_clusters("")
