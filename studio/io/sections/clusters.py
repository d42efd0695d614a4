"""Clusters of channels, one line each: ``{"layer": "enc2", "name": "sky", "channels": [3, 17, 40]}``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part
from studio.io.sections._base import SectionFile
from studio.model.bends.clusters import CLUSTERS, Clusters, kept
from studio.model.networks.network import Network

_MOST = 4096

_Channel = Annotated[int, Field(ge=0, le=1 << 20)]


class _Cluster(Part):
    layer: FileName
    name: Line
    channels: Annotated[tuple[_Channel, ...], Field(min_length=1)]


def _read(found: tuple[_Cluster, ...]) -> Clusters:
    clusters: Clusters = ()
    for each in found:
        before = len(clusters)
        clusters = kept(clusters, each.layer, each.name, each.channels)
        if len(clusters) == before:
            raise StudioError(f'two clusters of {each.layer} are called "{each.name}"')
    return clusters


def _written(clusters: Clusters) -> list[dict[str, Any]]:
    return [{"layer": each.layer, "name": each.name, "channels": list(each.channels)} for each in clusters]


def _check(clusters: Clusters, network: Network, where: object) -> None:
    for each in clusters:
        if each.layer not in network.graph:
            raise StudioError(f'{where}: the cluster "{each.name}" is of the layer "{each.layer}", which there is not')


SECTION = SectionFile(
    CLUSTERS, Annotated[tuple[_Cluster, ...], Field(max_length=_MOST)], _read, _written, _check, place=12
)
