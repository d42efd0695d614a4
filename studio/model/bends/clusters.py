"""The clusters of channels that a preset keeps, each with a name, as pure functions on their tuple."""

from __future__ import annotations

from studio.errors import StudioError
from studio.model.bends.stage import ChannelList, Cluster
from studio.model.networks.section import Section

Clusters = tuple[Cluster, ...]

CLUSTERS: Section[Clusters] = Section("clusters", ())
"""The clusters that were named, of all layers, in the order in which they were."""

_LONGEST = 60


def kept(clusters: Clusters, layer: str, name: str, channels: tuple[int, ...]) -> Clusters:
    """The clusters with one more, or with other channels of the one that has this name.

    Raises:
        StudioError: for a name that is empty, too long or a number, or for no channels.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST or name.isdecimal() or not name.isprintable():
        raise StudioError(f'"{name}" cannot name a cluster; take 1 to {_LONGEST} letters that are no number.')
    if any(letter in name for letter in "*@,="):
        raise StudioError(f'"{name}" cannot name a cluster: *, @, comma and = have a meaning in --bend.')
    if not channels:
        raise StudioError(f'The cluster "{name}" has no channels.')
    made = Cluster(layer, name, tuple(sorted(set(channels))))
    others = [each for each in clusters if (each.layer, each.name) != (layer, name)]
    place = next((k for k, each in enumerate(clusters) if (each.layer, each.name) == (layer, name)), len(others))
    return (*others[:place], made, *others[place:])


def without(clusters: Clusters, layer: str, name: str) -> Clusters:
    """The clusters without one of them."""
    return tuple(each for each in clusters if (each.layer, each.name) != (layer, name))


def of_layer(clusters: Clusters, layer: str) -> Clusters:
    """Those of one layer."""
    return tuple(each for each in clusters if each.layer == layer)


def named(clusters: Clusters, layer: str, name: str) -> ChannelList:
    """The channels of one of them.

    Raises:
        StudioError: naming those that there are.
    """
    for each in clusters:
        if (each.layer, each.name) == (layer, name):
            return each.as_channels
    there = ", ".join(f'"{each.name}"' for each in of_layer(clusters, layer)) or "none"
    raise StudioError(f'{layer} has no cluster "{name}"; kept with the preset are {there}.')
