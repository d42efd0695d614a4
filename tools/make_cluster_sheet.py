"""Whether clusters do what Broad asks of them: ``python -m tools.make_cluster_sheet`` writes docs/clusters.jpg.

T. Broad clusters a layer's features so that members of a cluster look alike, and bending one cluster changes something
else in the picture than bending the next (Broad et al., "Network bending", 2021, section 5). For each network that
comes with the studio the channels of one layer are clustered by a few frames, each cluster is ablated, and where the
picture changes is compared between clusters; groups of the same sizes drawn at random are the control. The figures that
it prints stand in docs/bends.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.io.opening import open_preset
from studio.io.resize import resized
from studio.io.sources import open_source
from studio.io.sources.latent import path_of_source
from studio.model.bends.stage import ChannelList, Cluster, Stage, made
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, shallow
from studio.model.networks.shape import Array
from studio.runtime.bending.clusters import ClusterFinder, described
from studio.runtime.render.frame_runner import FrameRunner

DOCS = Path(__file__).resolve().parent.parent / "docs"
FRAMES = (60, 180, 300)
SIZE, SHOWN, GRID = 256, 128, 64
CLUSTERS, CONTROLS = 5, 3
REGION = 0.2
"""The part of the picture that counts as changed: where it changes most."""

CHANCE = REGION * REGION / (2 * REGION - REGION * REGION)
"""The overlap of two such regions that have nothing to do with each other."""

LAYERS = {
    "autoencoder-transposed": "enc2",
    "autoencoder-fractional": "enc2",
    "edges-to-picture": "",
    "restorer": "",
    "style-aurora": "",
    "style-ink": "",
    "style-mosaic": "",
    "landscapes": "",
}
"""Whose layers are clustered; where none is named, the middle one of those with most channels and maps of 16×16.

Smaller maps hardly tell one place of the picture from the next.
"""


@dataclass(frozen=True)
class Report:
    """What was found of one network.

    Attributes:
        network: its name.
        layer: the layer.
        channels: how many it has.
        sizes: of the clusters.
        within: how alike the maps of a cluster's members are: the mean cosine of pairs.
        between: the same of pairs from two clusters.
        overlap: of the changed regions of two clusters, their intersection over their union, mean of all pairs.
        control: the same of groups drawn at random.
        row: pictures, (height, width, 3) uint8.
    """

    network: str
    layer: str
    channels: int
    sizes: tuple[int, ...]
    within: float
    between: float
    overlap: float
    control: float
    row: Picture


def frames(network: str) -> tuple[str, list[tuple[Picture, float]]]:
    """The source of a network, and some of its frames with their times."""
    spec = "latent:loop,seed=3,seconds=15" if network == "landscapes" else "demo"
    with open_source("demo") as film:
        found = [
            (shallow(resized(frame.picture, Size(SIZE, SIZE))), frame.time) for frame in film if frame.index in FRAMES
        ]
    return spec, found


def chosen_layer(engine: Engine, named: str) -> str:
    """The layer that is clustered."""
    if named:
        return named
    graph = engine.graph
    shapes = {node.name: engine.shape(node.name) for node in graph.nodes if node.op.tensor_shapes().get("weight")}
    wide = {name: s for name, s in shapes.items() if 16 <= min(s.height, s.width) <= SIZE // 2}
    most = max(shape.channels for shape in wide.values())
    best = [name for name, shape in wide.items() if shape.channels == most]
    return best[len(best) // 2]


def change(engine: Engine, layer: str, channels: tuple[int, ...], plain: Array) -> Array:
    """(64, 64) how much each place of the output changes without these channels."""
    engine.set_stages([Stage(1, layer, make_bend("Ablate", {}), ChannelList(channels=channels))])
    engine.update()
    moved = np.abs(engine.output() - plain).mean(0)
    return np.asarray(cv2.resize(moved, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)


def regions(maps: list[Array]) -> list[NDArray[np.bool_]]:
    """Where each changes most."""
    return [each >= np.quantile(each, 1 - REGION) for each in maps]


def overlap(maps: list[Array]) -> float:
    """Of every two of them, intersection over union, on average."""
    pairs = combinations(regions(maps), 2)
    return float(np.mean([(a & b).sum() / max(1, (a | b).sum()) for a, b in pairs]))


def alike(features: Array, clusters: tuple[Cluster, ...]) -> tuple[float, float]:
    """The mean cosine of two maps of one cluster, and of two clusters."""
    labels = np.empty(len(features), int)
    for number, cluster in enumerate(clusters):
        labels[list(cluster.channels)] = number
    near = features @ features.T
    same = labels[:, None] == labels[None]
    other = ~np.eye(len(labels), dtype=bool)
    return float(near[same & other].mean()), float(near[~same].mean())


def report(network: str) -> Report:
    """Cluster one layer of a network, and bend each cluster."""
    engine, _ = open_engine(open_preset(network).bent, "torch")
    spec, film = frames(network)
    runner = FrameRunner(engine, path=path_of_source(spec))
    runner.run(*film[0])
    layer = chosen_layer(engine, LAYERS[network])
    finder, features = ClusterFinder(layer), []
    for picture, time in film:
        runner.run(picture, time)
        finder.add(engine.activation(made(layer)))
        features.append(described(engine.activation(made(layer))))
    clusters = finder.clusters(CLUSTERS, seed=1)
    count = len(features[0])
    rng = np.random.default_rng(1)
    overlaps, controls = [], []
    for picture, time in film:
        engine.set_stages([])
        plain = runner(picture, time)
        before = engine.output()
        overlaps.append(overlap([change(engine, layer, c.channels, before) for c in clusters]))
        for _ in range(CONTROLS):
            order, groups, start = rng.permutation(count), [], 0
            for cluster in clusters:
                groups.append(tuple(int(c) for c in order[start : start + len(cluster.channels)]))
                start += len(cluster.channels)
            controls.append(overlap([change(engine, layer, group, before) for group in groups]))
    row = [small(shallow(plain))]
    for cluster in clusters:
        engine.set_stages([Stage(1, layer, make_bend("Ablate", {}), cluster.as_channels)])
        bent, moved = runner(picture, time), change(engine, layer, cluster.channels, before)
        row.append(np.hstack([small(finder.picture(cluster)), small(shallow(bent)), heat(moved)]))
    within, between = alike(np.concatenate(features, 1) / np.sqrt(len(features)), clusters)
    engine.close()
    sizes = tuple(len(cluster.channels) for cluster in clusters)
    blank = np.full((SHOWN, 6, 3), 24, np.uint8)
    pictures = np.hstack([part for each in row for part in (each, blank)][:-1])
    mean = float(np.mean(overlaps)), float(np.mean(controls))
    return Report(network, layer, count, sizes, within, between, *mean, pictures)


def small(picture: Picture) -> Picture:
    """A picture as large as those of the sheet."""
    return np.asarray(cv2.resize(np.asarray(picture), (SHOWN, SHOWN), interpolation=cv2.INTER_AREA), np.uint8)


def heat(moved: Array) -> Picture:
    """Where the picture changes: the region that counts outlined by full brightness."""
    part = np.clip(moved / max(float(np.quantile(moved, 0.99)), 1e-12), 0, 1)
    region = moved >= np.quantile(moved, 1 - REGION)
    shade = (np.where(region, 0.35 + 0.65 * part, 0.35 * part) * 255).astype(np.uint8)
    return small(np.stack([shade, (shade * 0.6).astype(np.uint8), (shade * 0.15).astype(np.uint8)], 2))


def table(reports: list[Report]) -> str:
    """The figures as Markdown."""
    lines = [
        "| network, layer | channels | clusters | alike within | between | overlap | of random groups |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in reports:
        sizes = " ".join(map(str, each.sizes))
        lines.append(
            f"| {each.network}, `{each.layer}` | {each.channels} | {sizes} | {each.within:.2f} | {each.between:.2f} "
            f"| {each.overlap:.2f} | {each.control:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Make the sheet and print the table."""
    reports = [report(network) for network in LAYERS]
    blank = np.full((6, reports[0].row.shape[1], 3), 24, np.uint8)
    sheet = np.vstack([part for each in reports for part in (each.row, blank)][:-1])
    cv2.imwrite(str(DOCS / "clusters.jpg"), sheet[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    print(f"Two regions that have nothing to do with each other overlap by {CHANCE:.2f}.\n")
    print(table(reports))


if __name__ == "__main__":
    main()
