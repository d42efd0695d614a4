"""Files of T. Broad's Network Bending: transforms in YAML, and the clusters of features that they name.

A file of transforms, whose layers are numbered from 1 as those of StyleGAN2 are, and one of clusters::

    transforms:                              1:
    - layer: 4                               - {cluster_index: 1, feature_index: 0}
      transform: "translate"                 - {cluster_index: 2, feature_index: 1}
      params: [0.25, 0.0]
      features: "cluster"
      feature-param: 2

Layer n is here the n-th with filters, in running order; a layer may also be called by its name. Layer 0, of StyleGAN2's
constant, Network Bending never bends, and neither does the studio. Clusters of a wider layer are bent as far as there
are channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from studio.bends import make_bend
from studio.errors import StudioError, choices
from studio.io.folders import open_regular
from studio.io.text import text_of
from studio.model.bends.asked import Asked
from studio.model.bends.bend import Bend
from studio.model.bends.stage import AllChannels, ChannelList, Channels, SomeChannels
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Shape

Clusters = Mapping[int, Mapping[int, tuple[int, ...]]]
"""Channels by layer and cluster."""

_LARGEST = 16 << 20
"""Bytes; the clusters of StyleGAN2 take 200 kB."""

_TRANSFORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ablate": ("Ablate", ()),
    "invert": ("Invert", ()),
    "scalar-multiply": ("Multiply", ("factor",)),
    "binary-thresh": ("BinaryThreshold", ("threshold",)),
    "translate": ("Translate", ("x", "y")),
    "scale": ("Scale", ("factor",)),
    "rotate": ("Rotate", ("angle",)),
    "flip-horizontal": ("FlipHorizontal", ()),
    "flip-h": ("FlipHorizontal", ()),
    "flip-vertical": ("FlipVertical", ()),
    "flip-v": ("FlipVertical", ()),
    "erode": ("Erode", ("radius",)),
    "dilate": ("Dilate", ("radius",)),
}
_DEEPEST = 20
"""Lists in lists; a scanner of YAML looks at all of them with each bracket."""
_KEYS = {"layer", "transform", "params", "features", "feature-param"}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Plain data alone, each key once; an alias, which small files can grow by without end, is refused."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to a part of itself")
        if self._depth == _DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")
        self._depth += 1
        found = super().compose_node(parent, index)
        self._depth -= 1
        return found

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        said = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := [key for place, key in enumerate(said) if key in said[:place]]:
            raise yaml.YAMLError(f'"{twice[0]}" stands there twice')
        return super().construct_mapping(node, deep)


def read_transforms(
    path: Path, graph: Graph, clusters: Clusters | None = None, tell: Callable[[str], object] = lambda _: None
) -> list[Asked]:
    """The transforms of a file, as stages of this network.

    Args:
        path: the file.
        graph: the network.
        clusters: what the file's clusters are.
        tell: takes a sentence for whatever is not bent as the file says.

    Raises:
        StudioError: naming the file, and the transform by its number, for whatever is no such file or does not fit.
    """
    content = _load(path)
    listed = content.get("transforms") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise StudioError(f'{path} holds no list of "transforms"; give a file of transforms of Network Bending.')
    found = []
    for number, each in enumerate(listed, start=1):
        try:
            asked = _asked(each, number, graph, clusters)
        except StudioError as error:
            raise StudioError(f"{path}, transform {number}: {error}") from None
        if asked is None:
            tell(f"Transform {number} is of layer 0, which Network Bending leaves as it is.")
            continue
        found.append(asked)
        if clusters is not None and isinstance(asked.channels, ChannelList):
            wide, there = len(clusters[each["layer"]][each["feature-param"]]), len(asked.channels.channels)
            if there < wide:
                tell(f"Transform {number}: {asked.layer} has {there} of the cluster's {wide} features.")
    return found


def read_clusters(path: Path) -> Clusters:
    """The clusters of a file.

    Raises:
        StudioError: naming the file, for whatever is no such file.
    """
    content = _load(path)
    found: dict[int, dict[int, list[int]]] = {}
    try:
        for layer, features in content.items():
            of_layer = found.setdefault(_whole(layer), {})
            for feature in features:
                of_layer.setdefault(_whole(feature["cluster_index"]), []).append(_whole(feature["feature_index"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise StudioError(f"{path} holds no clusters as Network Bending writes them.") from None
    return {layer: {k: tuple(each) for k, each in of.items()} for layer, of in found.items()}


def _asked(each: object, number: int, graph: Graph, clusters: Clusters | None) -> Asked | None:
    """A transform as a stage; None for one of layer 0."""
    if not isinstance(each, dict) or not {"layer", "transform"} <= each.keys():
        raise StudioError('it needs a "layer" and a "transform".')
    if unknown := [str(key) for key in each if key not in _KEYS]:
        raise StudioError(f'it has a "{unknown[0]}", which belongs to no transform.')
    bend = _bend(str(each["transform"]), each.get("params"))
    if each["layer"] == 0 and type(each["layer"]) is int:
        return None
    layer = _layer(each["layer"], graph)
    return Asked(layer, bend, _channels(each, number, clusters, graph.usual_shapes.get(layer)))


def _bend(name: str, params: object) -> Bend:
    if name not in _TRANSFORMS:
        raise StudioError(f'there is no transform "{name}"; there are {choices(_TRANSFORMS, name)}.')
    bend, names = _TRANSFORMS[name]
    values = [] if params is None else params
    if not isinstance(values, list) or len(values) != len(names):
        raise StudioError(f'"{name}" takes {len(names)} parameter(s), not {params}.')
    return make_bend(bend, dict(zip(names, values, strict=True)))


def _layer(asked: object, graph: Graph) -> str:
    if isinstance(asked, str):
        return graph.node(asked).name
    layers = [node.name for node in graph.nodes if node.op.taps() is not None]
    if not isinstance(asked, int) or isinstance(asked, bool) or not 1 <= asked <= len(layers):
        raise StudioError(f"there is no layer {asked}; this network has 1 to {len(layers)}: {choices(layers)}.")
    return layers[asked - 1]


def _channels(each: dict[str, object], number: int, clusters: Clusters | None, shape: Shape | None) -> Channels:
    kind, which = each.get("features", "all"), each.get("feature-param")
    if kind == "all":
        return AllChannels()
    if kind == "random":
        if isinstance(which, bool) or not isinstance(which, int | float) or not 0 <= which <= 1:
            raise StudioError(f'random features need a "feature-param" from 0 to 1, not {which}.')
        return SomeChannels(share=float(which), seed=number)
    if kind != "cluster":
        raise StudioError(f'features are "all", "random" or "cluster", not "{kind}".')
    if clusters is None:
        raise StudioError("it bends a cluster; give the file of clusters as well, with --clusters-yaml.")
    layer = each["layer"]
    if type(layer) is not int or type(which) is not int or which not in clusters.get(layer, {}):
        raise StudioError(f"the file of clusters has no cluster {which} of layer {layer}.")
    channels = tuple(c for c in clusters[layer][which] if shape is None or c < shape.channels)
    if not channels:
        raise StudioError(f"its layer has none of the features of cluster {which}.")
    return ChannelList(channels=channels, name=f"cluster {which}")


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(value)
    return value


def _load(path: Path) -> Any:
    with open_regular(path) as (file, size):
        if size > _LARGEST:
            raise StudioError(f"{path} is larger than a file of transforms or clusters can be.")
        text = text_of(file.read(_LARGEST + 1), path)
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - derived from the safe loader
    # ValueError: dates of no calendar, numbers of more digits than are read.
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StudioError(f"{path} is no plain YAML: {reason}.") from None
