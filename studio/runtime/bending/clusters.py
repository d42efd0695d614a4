"""Clusters of a layer's channels, by what their maps look like over some frames.

T. Broad trained a network for each layer to describe maps (Broad et al., "Network bending", 2021). Here a map is
described by where it does something: by how far it departs from its middle value, shrunk to 16×16 and brought to mean 0
and length 1 in every frame. Clusters of these are found by k-means in moments, for any network. Where a map is a single
value, as behind a dense layer, it is described by how that rises and falls from frame to frame.
"""

from __future__ import annotations

from numbers import Integral

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.bends.stage import Cluster
from studio.model.networks.picture import Picture, signed_view
from studio.model.networks.shape import Array

_SIDE = 16
_SAMPLED = 64
"""Rows and columns by which the middle value of a map is found."""

_MOST = 12
"""Clusters that are proposed at most."""

_SAMPLE = 256
"""Channels by which proposals are compared."""

_TRIES = 5
_ENOUGH = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-4)
_THUMBNAIL = 48


class ClusterFinder:
    """Collects maps of one layer from frame to frame, and finds clusters of its channels.

    Args:
        layer: whose maps they are.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self._features: list[Array] = []
        self._map: Array | None = None

    @property
    def frames(self) -> int:
        """How many maps have been taken in."""
        return len(self._features)

    def add(self, activation: Array) -> None:
        """Take in the map of one frame, (C, H, W); of any size, which may differ from frame to frame."""
        if self._map is not None and len(activation) != len(self._map):
            raise StudioError(f"Layer {self.layer} has {len(self._map)} channels, not {len(activation)}.")
        self._map = np.array(activation, np.float32)
        self._features.append(described(activation))

    def clusters(self, count: int | None = None, seed: int = 0) -> tuple[Cluster, ...]:
        """Clusters of the layer's channels, the largest first.

        Args:
            count: how many; None proposes as many as are told apart best, by their silhouettes.
            seed: from which k-means begins; the same one finds the same clusters.

        Raises:
            StudioError: before a map was taken in, or for more clusters than channels.
        """
        if self._map is None:
            raise StudioError(f"Clusters of {self.layer} are found by its maps; run the network first.")
        features = np.concatenate(self._features, axis=1)
        if features.shape[1] == self.frames:
            features = _courses(features)
        else:
            features /= np.float32(np.sqrt(self.frames))
        asked: object = count  # whatever Python gives
        if asked is not None and not (isinstance(asked, Integral) and 1 <= int(asked) <= len(features)):
            many = f"{len(features)} channels; choose 1 to {len(features)} clusters"
            raise StudioError(f"{self.layer} has {many if len(features) > 1 else 'one channel, which is one cluster'}.")
        wanted = int(count) if count else _proposed(features, seed)
        labels = _kmeans(features, wanted, seed)
        groups = [tuple(int(c) for c in np.flatnonzero(labels == k)) for k in range(wanted)]
        groups = sorted((group for group in groups if group), key=lambda group: (-len(group), group))
        return tuple(Cluster(self.layer, f"cluster {k}", group) for k, group in enumerate(groups, start=1))

    def picture(self, cluster: Cluster) -> Picture:
        """(H, W, 3) uint8 RGB, at most 48 pixels a side: the mean of a cluster's maps in the last frame."""
        if self._map is None:
            raise StudioError(f"Clusters of {self.layer} are found by its maps; run the network first.")
        channels = np.nan_to_num(self._map[list(cluster.channels)], nan=0.0, posinf=0.0, neginf=0.0)
        mean = channels.mean(0)
        height, width = mean.shape
        scale = min(1.0, _THUMBNAIL / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(cv2.resize(mean, size, interpolation=cv2.INTER_AREA), np.float32)[None]
        # A single map is drawn at the left edge of a grid.
        return signed_view(small, np.abs(small).max(axis=(1, 2)))[: size[1], : size[0]]


def described(activation: Array) -> Array:
    """(C, at most 256) float32: where each map does something, shrunk to 16×16, of mean 0 and length 1; a single value
    as it is.

    It does something where it departs from its middle value, upwards or downwards: what it makes of an outline changes
    sign from pixel to pixel, and would be nothing on average. Flat maps, and those not finite, are zero.
    """
    finite = np.nan_to_num(np.asarray(activation, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if finite.shape[1:] == (1, 1):
        return finite.reshape(-1, 1)
    peaks = np.abs(finite).max(axis=(1, 2), keepdims=True)
    scaled = np.divide(finite, peaks, out=np.zeros_like(finite), where=peaks > 0)
    every = [max(1, length // _SAMPLED) for length in scaled.shape[1:]]
    middle = np.median(scaled[:, :: every[0], :: every[1]], axis=(1, 2), keepdims=True)
    departs = np.abs(scaled - middle)
    side = tuple(min(_SIDE, length) for length in departs.shape[:0:-1])
    small = np.stack([cv2.resize(plane, side, interpolation=cv2.INTER_AREA).reshape(-1) for plane in departs])
    small -= small.mean(1, keepdims=True)
    lengths = np.linalg.norm(small, axis=1, keepdims=True)
    found: Array = np.divide(small, lengths, out=np.zeros_like(small), where=lengths > 1e-6)
    return found


def _courses(values: Array) -> Array:
    """(C, frames) float32: how each value goes from frame to frame, of mean 0 and length 1; of one frame, its size.

    Args:
        values: (C, frames).
    """
    peak = np.abs(values).max(initial=np.finfo(np.float32).tiny)
    scaled: Array = values / peak
    if values.shape[1] == 1:
        return scaled
    scaled -= scaled.mean(1, keepdims=True)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    courses: Array = np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 1e-6)
    return courses


def _kmeans(features: Array, count: int, seed: int) -> NDArray[np.int32]:
    if count == 1:
        return np.zeros(len(features), np.int32)
    cv2.setRNGSeed(seed)
    _, labels, _ = cv2.kmeans(np.ascontiguousarray(features), count, None, _ENOUGH, _TRIES, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return np.asarray(labels, np.int32).reshape(-1)


def _proposed(features: Array, seed: int) -> int:
    """How many clusters are told apart best."""
    some = features
    if len(features) > _SAMPLE:
        some = features[np.random.default_rng(seed).permutation(len(features))[:_SAMPLE]]
    most = min(_MOST, len(some) - 1)
    if most < 2:
        return 1
    squares = (some * some).sum(1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * some @ some.T, 0.0))
    return max(range(2, most + 1), key=lambda count: _silhouette(apart, _kmeans(some, count, seed)))


def _silhouette(apart: Array, labels: NDArray[np.int32]) -> float:
    """How much nearer each is to its own cluster than to the next, from -1 to 1 on average.

    Source: P. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", 1987.
    """
    found = np.unique(labels)
    if len(found) < 2:
        return -1.0
    members = labels[:, None] == found[None]
    sums, sizes = apart @ members, members.sum(0)
    own = members.argmax(1)
    rows = np.arange(len(labels))
    inner = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = np.where(members, np.inf, sums / sizes)
    outer = means.min(1)
    score = (outer - inner) / np.maximum(np.maximum(outer, inner), 1e-12)
    return float(np.where(sizes[own] > 1, score, 0.0).mean())
